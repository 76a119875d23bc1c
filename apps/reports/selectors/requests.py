"""Requests and files as somebody may see them."""

from datetime import date, datetime

from django.db.models import QuerySet

from apps.accounts.models import Organization
from apps.consents.rules import Purpose
from apps.consents.selectors import live_consents, live_reasons
from apps.core.actor import Actor, OrganizationKind
from apps.core.errors import NotVisible, ServiceUnavailable
from apps.core.work import WorkItem
from apps.reports.models import ReportFile, ReportRequest
from apps.subjects.models import Subject, SubjectQuerySet


def reports_visible_to(actor: Actor, text: str = "") -> QuerySet[ReportRequest]:
    """Requests, newest first; `text` filters by number or by the firm's name."""
    found = ReportRequest.objects.visible_to(actor)
    if text:
        found = found.filter(number__startswith=text.upper()) | found.filter(subject__name__contains=text)
    return found.select_related("subject", "organization", "job", "file__stored").defer("content").order_by("-pk")


def report_visible_to(actor: Actor, number: str) -> ReportRequest:
    """One request. Raises NotVisible when it is missing or foreign."""
    found = reports_visible_to(actor).filter(number=number).first()
    if found is None:
        raise NotVisible("没有找到这份报告。")
    return found


def file_of(report: ReportRequest) -> ReportFile | None:
    """What came of a request; None while nothing did."""
    return ReportFile.objects.select_related("stored").filter(request=report).first()


def issued_report(number: str) -> ReportFile:
    """The file under a number, for the public check: it names no firm. Raises NotVisible when none was issued."""
    files = ReportFile.objects.select_related("request", "stored").defer("request__content")
    found = files.filter(request__number=number.strip().upper()).first()
    if found is None:
        raise NotVisible("没有这个编号的报告，请核对编号；如编号无误，这份报告不是本平台出具的。")
    return found


def issuer_name() -> str:
    """Who issues documents: the organisation that runs this platform."""
    platform = Organization.objects.filter(kind=OrganizationKind.PLATFORM, is_active=True).order_by("pk").first()
    if platform is None:
        raise ServiceUnavailable("平台运营单位尚未登记，不能出具报告，请联系平台管理员。")
    return platform.name


def firm_organization_ids(subject_id: int) -> list[int]:
    """The account of the firm itself, where it has one."""
    firms = Organization.objects.filter(kind=OrganizationKind.FIRM, subject_id=subject_id)
    return list(firms.order_by("pk").values_list("pk", flat=True))


def askable_subjects(actor: Actor, on: date) -> SubjectQuerySet:
    """Firms of which a bank may ask a report just now: with a live reason and a live consent; by name."""
    if actor.organization_kind != OrganizationKind.BANK:
        return Subject.objects.none()
    reasons = live_reasons(actor.organization_ids, on).values("subject_id")
    consents = live_consents(on, Purpose.REPORT)
    consented = consents.filter(grantee=None) | consents.filter(grantee_id__in=actor.organization_ids)
    return Subject.objects.filter(pk__in=reasons).filter(pk__in=consented.values("subject_id")).order_by("name", "pk")


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """Reports that are ready and were not fetched yet by the one who asked."""
    if actor.user_id is None:
        return []
    waiting = ReportRequest.objects.visible_to(actor).filter(
        requested_by=actor.user_id, state="ready", file__downloads=0
    )
    return [
        WorkItem("信用报告已生成", f"{report.subject.name}，编号 {report.number}", "reports:detail", (report.number,))
        for report in waiting.select_related("subject").defer("content").order_by("-pk")[:5]
    ]
