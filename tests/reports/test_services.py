"""Asking, printing, handing out, withdrawing: by the right people, each act on record, nothing after the consent."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.consents.models import AccessReason, AccessRecord
from apps.consents.services import withdraw_consent
from apps.core import files
from apps.core.digests import sha256_of
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.jobs import run_now
from apps.core.models import AuditEvent
from apps.profiles.models import Profile
from apps.reports import printing, rendering, selectors, services
from apps.reports.models import ReportFile, ReportRequest
from apps.reports.rendering import RendererMissing
from apps.reports.selectors.material import NoProfile
from tests.consents.factories import give, reason


def verbs() -> list[str]:
    return list(AuditEvent.objects.filter(stream="reports").order_by("pk").values_list("verb", flat=True))


def penalties(report: ReportRequest) -> list[str]:
    table = next(each for each in report.content["sections"][0]["tables"] if each["caption"] == "行政处罚")
    return [row[1]["text"] for row in table["rows"]]


def test_request_report_freezes_the_content_and_queues_the_printing(desk: Any) -> None:
    report = desk.ask(desk.cast.owner)
    assert (report.state, report.access_record_id, report.purpose) == ("requested", None, "own")
    assert len(report.number) == 22
    assert report.number.startswith("XQ20261115100000")
    assert report.valid_until_on == date(2026, 12, 14)
    assert report.content_digest == printing.digest_of(report.content)
    assert (report.job.kind, report.job.state) == ("reports.render", "queued")
    assert not AccessRecord.objects.exists()
    assert verbs() == ["reports.request"]


def test_report_shows_neither_repaired_nor_expired_penalties(desk: Any) -> None:
    assert penalties(desk.ask(desk.cast.owner)) == ["凤罚〔2026〕1号"]


def test_request_report_of_a_bank_leaves_a_line_that_the_firm_sees(desk: Any) -> None:
    desk.consent()
    report = desk.ask(desk.cast.bank_officer)
    record = AccessRecord.objects.get()
    assert report.access_record == record
    assert (record.purpose, record.actor_name) == ("report", "客户经理")
    assert AccessRecord.objects.visible_to(desk.cast.owner.actor).get() == record
    cover = {row["label"]: row["value"] for row in report.content["cover"]}
    assert cover["查询依据"].startswith(f"查询记录第 {record.pk} 号")
    assert cover["查询用途"] == "贷前审查"


@pytest.mark.parametrize("who", ["regulator", "operator", "authority", "department", "auditor"])
def test_request_report_is_for_firms_and_banks(desk: Any, who: str) -> None:
    with pytest.raises(NotPermitted):
        desk.ask(desk.cast[who], "pre_loan_review")
    assert not ReportRequest.objects.exists()


def test_request_report_refuses_another_firm(desk: Any) -> None:
    with pytest.raises(NotPermitted):
        desk.ask(desk.cast.stranger)


def test_request_report_refuses_a_bank_without_consent_reason_or_purpose(desk: Any, now: Any) -> None:
    officer = desk.cast.bank_officer
    reason(officer, desk.cast.owner, now=now)
    with pytest.raises(NotPermitted, match="没有授权"):
        desk.ask(officer)
    give(desk.cast.owner, now=now, grantee=officer, purposes=["report", "pre_loan_review"])
    with pytest.raises(NotPermitted, match="贷后管理"):
        desk.ask(officer, "post_loan")
    AccessReason.objects.update(closed_at=now)
    with pytest.raises(NotPermitted, match="没有进行中的"):
        desk.ask(officer)
    assert not ReportRequest.objects.exists()
    assert not AccessRecord.objects.exists()


def test_request_report_wants_a_purpose_from_the_list(desk: Any) -> None:
    desk.consent()
    with pytest.raises(InvalidInput) as refused:
        desk.ask(desk.cast.bank_officer, "own")
    assert set(refused.value.fields or {}) == {"purpose"}


def test_request_report_needs_a_portrait(desk: Any) -> None:
    Profile.objects.all().delete()
    with pytest.raises(NoProfile):
        desk.ask(desk.cast.owner)


def test_request_report_says_what_the_machine_lacks(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "missing_library", lambda: rendering.MISSING_LIBRARY)
    with pytest.raises(RendererMissing, match="libpango"):
        desk.ask(desk.cast.owner)
    assert not ReportRequest.objects.exists()


def test_render_report_stores_the_pdf_once(desk: Any, now: Any) -> None:
    report = desk.issue(desk.cast.owner)
    assert report.state == "ready"
    with files.open_file(report.file.stored) as stream:
        content = stream.read()
    assert content.startswith(b"%PDF-1.7")
    assert sha256_of(content) == report.file.sha256
    again = services.render_report(actor=desk.cast.owner.actor, report_id=report.pk, now=now)
    assert again == {"pages": report.file.page_count}
    assert ReportFile.objects.count() == 1
    assert verbs() == ["reports.request", "reports.issue"]


def test_render_report_refuses_once_the_consent_is_withdrawn(desk: Any, now: Any) -> None:
    consent = desk.consent()
    report = desk.ask(desk.cast.bank_officer)
    withdraw_consent(actor=desk.cast.owner.actor, consent_id=consent.pk, now=now)
    job = run_now(report.job)
    report.refresh_from_db()
    assert (job.state, report.state) == ("failed", "failed")
    assert "企业已撤回授权" in report.failure
    assert not ReportFile.objects.exists()
    assert verbs() == ["reports.request", "reports.fail"]


def test_render_report_puts_the_fault_on_the_request(desk: Any) -> None:
    report = desk.ask(desk.cast.owner)
    ReportRequest.objects.update(content=report.content | {"firm_name": "\U0001f600"})
    job = run_now(report.job)
    report.refresh_from_db()
    assert (job.state, report.state) == ("failed", "failed")
    assert "U+1F600" in report.failure


def test_download_report_asks_the_gate_each_time(desk: Any, now: Any) -> None:
    consent = desk.consent()
    report = desk.issue(desk.cast.bank_officer)
    officer = desk.cast.bank_officer.actor
    handout = services.download_report(actor=officer, number=report.number, now=now)
    assert sha256_of(handout.content) == report.file.sha256
    assert (handout.name, AccessRecord.objects.count()) == (f"{report.number}.pdf", 2)
    report.file.refresh_from_db()
    assert (report.file.downloads, report.file.downloaded_at) == (1, now)
    withdraw_consent(actor=desk.cast.owner.actor, consent_id=consent.pk, now=now + timedelta(minutes=1))
    with pytest.raises(NotPermitted, match="撤回"):
        services.download_report(actor=officer, number=report.number, now=now + timedelta(minutes=2))
    report.file.refresh_from_db()
    assert report.file.downloads == 1
    assert verbs() == ["reports.request", "reports.issue", "reports.download"]
    # What is about the firm stays open to the firm itself, and leaves no access record.
    services.download_report(actor=desk.cast.owner.actor, number=report.number, now=now)
    assert AccessRecord.objects.count() == 2


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("stranger", NotVisible),
        ("other_bank_officer", NotVisible),
        ("regulator", NotVisible),
        ("department", NotVisible),
        ("operator", NotPermitted),
        ("auditor", NotPermitted),
    ],
)
def test_download_report_is_for_the_asker_and_the_firm(desk: Any, now: Any, who: str, error: type[Exception]) -> None:
    desk.consent()
    report = desk.issue(desk.cast.bank_officer)
    with pytest.raises(error):
        services.download_report(actor=desk.cast[who].actor, number=report.number, now=now)


def test_download_report_refuses_bytes_that_are_not_those_issued(
    desk: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from io import BytesIO

    report = desk.issue(desk.cast.owner)
    monkeypatch.setattr(files, "open_file", lambda stored: BytesIO(b"%PDF-forged"))
    with pytest.raises(services.FileDamaged):
        services.download_report(actor=desk.cast.owner.actor, number=report.number, now=now)
    report.file.refresh_from_db()
    assert report.file.downloads == 0


def test_download_report_needs_a_printed_report(desk: Any, now: Any) -> None:
    report = desk.ask(desk.cast.owner)
    with pytest.raises(StateConflict, match="已申请"):
        services.download_report(actor=desk.cast.owner.actor, number=report.number, now=now)


def test_revoke_report_ends_downloads_and_says_why(desk: Any, now: Any) -> None:
    report = desk.issue(desk.cast.owner)
    operator = desk.cast.operator.actor
    with pytest.raises(NotPermitted):
        services.revoke_report(actor=desk.cast.owner.actor, number=report.number, reason="错误", now=now)
    with pytest.raises(InvalidInput):
        services.revoke_report(actor=operator, number=report.number, reason="  ", now=now)
    services.revoke_report(actor=operator, number=report.number, reason="数据报送有误", now=now)
    report.refresh_from_db()
    assert (report.state, report.revoke_reason) == ("revoked", "数据报送有误")
    with pytest.raises(StateConflict, match="已撤销"):
        services.download_report(actor=desk.cast.owner.actor, number=report.number, now=now)
    with pytest.raises(StateConflict):
        services.revoke_report(actor=operator, number=report.number, reason="再次", now=now)
    assert verbs() == ["reports.request", "reports.issue", "reports.revoke"]


def test_database_refuses_incoherent_states(desk: Any) -> None:
    report = desk.ask(desk.cast.owner)
    for values in ({"state": "failed"}, {"state": "revoked"}, {"number": "XQ1"}, {"failure": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReportRequest.objects.filter(pk=report.pk).update(**values)


def test_reports_visible_to_keeps_firms_and_banks_apart(desk: Any) -> None:
    desk.consent()
    own, asked = desk.ask(desk.cast.owner), desk.ask(desk.cast.bank_officer)
    seen = {
        who: {report.pk for report in selectors.reports_visible_to(desk.cast[who].actor)}
        for who in ("owner", "accountant", "stranger", "bank_approver", "other_bank_officer", "operator", "regulator")
    }
    assert seen == {
        "owner": {own.pk, asked.pk},
        "accountant": {own.pk, asked.pk},
        "stranger": set(),
        "bank_approver": {asked.pk},
        "other_bank_officer": set(),
        "operator": {own.pk, asked.pk},
        "regulator": set(),
    }


def test_askable_subjects_have_a_reason_and_a_consent(desk: Any, now: Any, business_date: date) -> None:
    officer = desk.cast.bank_officer
    assert not selectors.askable_subjects(officer.actor, business_date).exists()
    reason(officer, desk.cast.owner, now=now)
    assert not selectors.askable_subjects(officer.actor, business_date).exists()
    give(desk.cast.owner, now=now)
    assert [subject.pk for subject in selectors.askable_subjects(officer.actor, business_date)] == [desk.subject_id]
    assert not selectors.askable_subjects(desk.cast.other_bank_officer.actor, business_date).exists()


def test_work_items_point_at_reports_not_yet_fetched(desk: Any, now: Any) -> None:
    report = desk.issue(desk.cast.owner)
    items = selectors.work_items(desk.cast.owner.actor, now)
    assert [(item.url_name, item.url_args) for item in items] == [("reports:detail", (report.number,))]
    assert selectors.work_items(desk.cast.accountant.actor, now) == []
    services.download_report(actor=desk.cast.owner.actor, number=report.number, now=now)
    assert selectors.work_items(desk.cast.owner.actor, now) == []
