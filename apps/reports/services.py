"""Writes: ask for a report, make it, hand it out, check a copy, withdraw it."""

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.accounts.services import notify
from apps.consents import gate
from apps.consents.models import AccessRecord, Consent
from apps.consents.rules import PURPOSE_LABELS, Purpose, Request, judge
from apps.consents.selectors import has_consent
from apps.core import audit, files, jobs
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.digests import plain, sha256_of
from apps.core.errors import DomainError, InvalidInput, NotPermitted, ServiceUnavailable, StateConflict
from apps.reference.selectors import figure
from apps.reports import policies, printing, rendering, rules, selectors
from apps.reports.documents import credit_report
from apps.reports.documents.material import Basis
from apps.reports.models import ReportFile, ReportRequest
from apps.reports.workflow import READY, REPORT, REVOKED

audit.register(
    "reports",
    {
        "request": "申请生成{target}",
        "issue": "生成{target}",
        "fail": "未能生成{target}",
        "download": "下载{target}",
        "revoke": "撤销{target}",
    },
)

PDF = "application/pdf"
# What a bank may say it wants the report for; the firm's consent must name it.
STATED_PURPOSES = (Purpose.PRE_LOAN_REVIEW, Purpose.POST_LOAN, Purpose.MATCHING, Purpose.GUARANTEE)
OWN_PURPOSE = "own"
PURPOSE_TEXTS = {
    OWN_PURPOSE: "企业查询自身信息",
    **{str(purpose): PURPOSE_LABELS[purpose] for purpose in STATED_PURPOSES},
}


class PurposeNotConsented(NotPermitted):
    """The firm allowed reports, but not for this use."""

    code = "purpose-not-consented"
    title = "不能生成报告"


class FileDamaged(ServiceUnavailable):
    """The stored bytes are not those that were issued."""

    code = "report-file-damaged"
    title = "报告文件损坏"
    default_message = "报告文件与出具时的摘要不符，已停止下载，请联系平台管理员。"


def request_report(*, actor: Actor, subject_id: int, purpose: str, now: datetime) -> ReportRequest:
    """Open the gate, freeze what the report will say, and queue its printing.

    `purpose` is one of `STATED_PURPOSES`, or `OWN_PURPOSE` for the firm itself. Raises NotPermitted, NotVisible, the
    gate's AccessRefused, NoProfile, and RendererMissing where this machine cannot print.
    """
    if not policies.can_request(actor, subject_id):
        raise NotPermitted("您的角色不能生成该企业的信用报告。")
    if actor.organization_id is None:
        raise NotPermitted("生成报告须以单位名义办理。")
    if reason := rendering.missing_library():
        raise rendering.RendererMissing(reason)
    own = actor.subject_id == subject_id
    if purpose not in ({OWN_PURPOSE} if own else {str(stated) for stated in STATED_PURPOSES}):
        raise InvalidInput("请选择报告的用途。", fields={"purpose": "请选择报告的用途。"})
    today = business_date(now)
    number = rules.report_number(now, "".join(secrets.choice(rules.ALPHABET) for _ in range(rules.RANDOM_LENGTH)))
    valid_until_on = rules.valid_until(today, int(figure("report_valid_days", today)))
    with transaction.atomic():
        permit = gate.open(actor=actor, subject_id=subject_id, purpose=Purpose.REPORT, items=selectors.ITEMS, now=now)
        if not own and not has_consent(subject_id, actor.organization_id, purpose, today):
            raise PurposeNotConsented(f"企业没有授权本机构将信息用于“{PURPOSE_TEXTS[purpose]}”。")
        basis = Basis(
            number=number,
            issued_at=now,
            valid_until_on=valid_until_on,
            purpose=PURPOSE_TEXTS[purpose],
            organization_name=actor.organization_name,
            person_name=actor.name,
            access_record_id=permit.access_record_id,
            issuer=selectors.issuer_name(),
        )
        content = plain(asdict(credit_report.build(basis, selectors.material_of(subject_id, permit=permit, now=now))))
        report = ReportRequest.objects.create(
            number=number,
            subject_id=subject_id,
            organization_id=actor.organization_id,
            requested_by=actor.user_id,
            requested_by_name=actor.name,
            requested_at=now,
            purpose=purpose,
            items=sorted(permit.items),
            access_record_id=permit.access_record_id,
            content=content,
            content_digest=printing.digest_of(content),
            valid_until_on=valid_until_on,
        )
        report.job = jobs.enqueue(
            actor=actor, kind="reports.render", key=number, payload={"report_id": report.pk}, now=now
        )
        report.save(update_fields=["job"])
        audit.record(
            actor=actor,
            verb="reports.request",
            target=report,
            now=now,
            subject_id=subject_id,
            after={"purpose": purpose, "digest": report.content_digest},
        )
    return report


def render_report(*, actor: Actor, report_id: int, now: datetime) -> dict[str, object]:
    """Print a requested report and release it, unless the consent ended meanwhile. May run twice: the second finds it.

    Raises whatever refuses the rendering, after the request was marked as failed.
    """
    report = ReportRequest.objects.select_related("subject").get(pk=report_id)
    done = ReportFile.objects.filter(request=report).first()
    if done is not None:
        return {"pages": done.page_count}
    _move(report, "start", actor)
    try:
        _require_consent(report, now)
        rendered = printing.print_report(report.content)
        with transaction.atomic():
            _require_consent(report, now)
            _release(actor, report, rendered, now)
    except DomainError as error:
        with transaction.atomic():
            _move(report, "fail", actor, failure=error.message)
            audit.record(
                actor=actor,
                verb="reports.fail",
                target=report,
                now=now,
                subject_id=report.subject_id,
                reason=error.message,
            )
        raise
    return {"pages": rendered.pages}


def _release(actor: Actor, report: ReportRequest, rendered: rendering.Rendered, now: datetime) -> None:
    stored = files.store(rendered.content, name=f"{report.number}.pdf", content_type=PDF, now=now)
    _move(report, "finish", actor)
    ReportFile.objects.create(
        request=report,
        stored=stored,
        page_count=rendered.pages,
        template_version=report.content["template_version"],
        issued_at=now,
    )
    audit.record(
        actor=actor,
        verb="reports.issue",
        target=report,
        now=now,
        subject_id=report.subject_id,
        after={"sha256": stored.sha256, "pages": rendered.pages},
    )
    notify(
        organization_id=report.organization_id,
        title="信用报告已生成",
        body=f"{report.subject.name}的信用报告（编号 {report.number}）可以下载。",
        url=report.get_absolute_url(),
        dedupe_key=f"reports.ready:{report.number}",
        now=now,
    )


def _move(report: ReportRequest, verb: str, actor: Actor, **values: object) -> None:
    transition = REPORT.check(report.state, verb, actor.roles)
    rows = ReportRequest.objects.filter(pk=report.pk, state=report.state)
    if rows.update(state=transition.target, **values) != 1:
        raise StateConflict("这份报告的状态刚刚发生了变化，请刷新后再试。")
    report.state = transition.target


def _require_consent(report: ReportRequest, now: datetime) -> None:
    """Whether what the gate let through still stands; in a transaction the consent is held until its end (F3)."""
    if report.access_record_id is None:
        return
    record = AccessRecord.objects.get(pk=report.access_record_id)
    if record.consent_id is None:
        raise gate.AccessRefused("报告未生成：查询记录没有对应的授权。")
    consents = Consent.objects.filter(pk=record.consent_id)
    if transaction.get_connection().in_atomic_block:
        consents = consents.select_for_update(no_key=True, of=("self",))
    # The use was counted when the gate opened.
    terms = replace(consents.get().terms, use_max=None)
    verdict = judge(
        terms, Request(Purpose.REPORT, {code: code for code in terms.items & set(record.items)}, business_date(now))
    )
    if not verdict.allowed:
        raise gate.AccessRefused(f"报告未生成：{verdict.sentence}")


@dataclass(frozen=True, slots=True)
class Handout:
    """The bytes that go to the reader, and the name to save them under."""

    content: bytes
    name: str


def download_report(*, actor: Actor, number: str, now: datetime) -> Handout:
    """Hand out a ready report: policy, then the gate again, then the bytes, all in one transaction (pitfalls F3).

    Raises NotVisible, NotPermitted, AccessRefused, StateConflict, FileDamaged.
    """
    report = selectors.report_visible_to(actor, number)
    if not policies.can_download(actor, report):
        raise NotPermitted("只有申请报告的机构和企业本身可以下载报告。")
    if report.state != READY:
        raise StateConflict(f"报告{REPORT.label(report.state)}，不能下载。")
    with transaction.atomic():
        gate.open(actor=actor, subject_id=report.subject_id, purpose=Purpose.REPORT, items=report.items, now=now)
        with files.open_file(report.file.stored) as stream:
            content = stream.read()
        if sha256_of(content) != report.file.sha256:
            raise FileDamaged
        ReportFile.objects.filter(request=report).update(downloads=F("downloads") + 1, downloaded_at=now)
        audit.record(actor=actor, verb="reports.download", target=report, now=now, subject_id=report.subject_id)
    return Handout(content, f"{report.number}.pdf")


def revoke_report(*, actor: Actor, number: str, reason: str, now: datetime) -> ReportRequest:
    """Withdraw an issued report; the public check says so from then on. Raises InvalidInput without a reason."""
    if not policies.can_revoke(actor):
        raise NotPermitted("只有平台管理员可以撤销报告。")
    report = selectors.report_visible_to(actor, number)
    if not reason.strip():
        raise InvalidInput("请填写撤销原因。", fields={"reason": "请填写撤销原因。"})
    with transaction.atomic():
        _move(report, "revoke", actor, revoked_at=now, revoked_by_name=actor.name, revoke_reason=reason.strip()[:200])
        audit.record(
            actor=actor,
            verb="reports.revoke",
            target=report,
            now=now,
            subject_id=report.subject_id,
            after={"state": REVOKED},
            reason=reason.strip(),
        )
        for organization_id in sorted({report.organization_id, *selectors.firm_organization_ids(report.subject_id)}):
            notify(
                organization_id=organization_id,
                title="信用报告已撤销",
                body=f"编号 {report.number} 的信用报告已被撤销：{reason.strip()}",
                url=report.get_absolute_url(),
                dedupe_key=f"reports.revoked:{report.number}:{organization_id}",
                now=now,
            )
    return report
