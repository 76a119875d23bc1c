"""The end of keeping: what goes, what stays, and the proof of it."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.core.actor import SYSTEM
from apps.core.jobs import claim, enqueue, run_now
from apps.core.models import AuditEvent, Job
from apps.operations import invariants
from apps.records import selectors, services
from apps.records.models import (
    CatalogueItem,
    DeletionProof,
    Delivery,
    EventRecord,
    HeldRow,
    HoldingRecord,
    PaymentRecord,
    RejectedRow,
    RetentionRule,
)
from apps.records.retention import DatedRule, Kept, Retention, plan
from apps.subjects.models import Subject
from tests.records.conftest import Deliver
from tests.records.support import CODES, REGISTRATION, payment, registration, social_insurance

pytestmark = pytest.mark.django_db
FIRST, SECOND, _ = CODES
ClientFor = Callable[[str], Client]
TODAY = date(2026, 11, 15)


@pytest.fixture
def as_worker() -> Iterator[None]:
    """What follows is done as the role of workers, which alone may retire anything."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE xq_batch")
        yield
        cursor.execute("SET ROLE xq_app")


def _retire(on: date, now: datetime) -> dict[str, int]:
    job = enqueue(
        actor=SYSTEM, kind="records.retire", key=f"{on} {Job.objects.count()}", payload={}, now=now, business_date=on
    )
    job = run_now(job)
    assert job.state == "done", job.error
    return job.result or {}


@pytest.fixture
def old(deliver: Deliver, registered: Delivery) -> Delivery:
    """Five months of 甲 around the end of their 60 months, one of them corrected meanwhile, and one of 乙."""
    months = ("202108", "202109", "202110", "202111", "202112")
    delivery = deliver(social_insurance(*(payment(month, paid_on="") for month in months), code=FIRST))
    deliver(social_insurance(payment("202108", paid="1.00", paid_on=""), code=FIRST))
    deliver(social_insurance(payment("202109", paid_on=""), code=SECOND))
    return delivery


def _lines(**wanted: object) -> str:
    """The canonical lines of payments, written out here without the database function."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'")
        ids = list(PaymentRecord.objects.filter(**wanted).order_by("pk").values_list("pk", flat=True))
        cursor.execute("SELECT to_jsonb(p)::text FROM records_paymentrecord p WHERE id = ANY(%s) ORDER BY id", [ids])
        return "\n".join(line for (line,) in cursor.fetchall())


def test_payments_go_when_their_months_are_over_and_leave_a_proof(
    old: Delivery, as_worker: None, now: datetime
) -> None:
    lines = _lines(period_end_on__lte=date(2021, 11, 15), period_on__year=2021)
    assert lines.count("\n") == 4
    assert _retire(TODAY, now)["payment"] == 5
    assert sorted(PaymentRecord.objects.values_list("period_on", flat=True).order_by("period_on")) == [
        date(2021, 11, 1),
        date(2021, 12, 1),
    ]
    proof = DeletionProof.objects.get(kept="payment")
    assert (proof.item_code, proof.action, proof.counts_from, proof.months) == (
        "social_insurance",
        "delete",
        "period_end",
        60,
    )
    assert (proof.rows, proof.first_on, proof.last_on) == (5, date(2021, 8, 31), date(2021, 10, 31))
    assert proof.digest == hashlib.sha256(lines.encode()).hexdigest()
    assert proof.subject_ids == sorted(Subject.objects.filter(code__in=(FIRST, SECOND)).values_list("pk", flat=True))
    event = AuditEvent.objects.get(verb="records.retire", target_id=str(proof.pk))
    assert event.after is not None
    assert (event.after["rows"], event.after["digest"]) == (5, proof.digest)
    assert _retire(TODAY, now) == {}, "a second run finds nothing"
    old.refresh_from_db()
    assert (old.accepted, old.accepted_removed) == (5, 3)
    broken = [result for result in invariants.check(now) if not result.holds and result.invariant.slug != "audit_chain"]
    assert broken == []


def test_a_run_that_died_between_chunks_is_taken_up_and_its_proofs_add_up(
    old: Delivery, as_worker: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.records.services.retention.CHUNK_ROWS", 2)
    job = enqueue(actor=SYSTEM, kind="records.retire", key="night", payload={}, now=now, business_date=TODAY)
    lease = claim(job.pk)
    assert lease is not None
    chunks = iter(range(1))
    original = services.retention._put_on_record

    def die(proof: DeletionProof, *args: object) -> None:
        if proof.kept == "payment" and next(chunks, None) is None:
            raise KeyboardInterrupt
        original(proof, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("apps.records.services.retention._put_on_record", die)
        with pytest.raises(KeyboardInterrupt):
            services.retire_records(lease=lease, business_date=TODAY, now=now)
    assert PaymentRecord.objects.count() == 5, "the chunk that was not put on record was not deleted either"
    Job.objects.filter(pk=job.pk).update(state="queued")
    assert run_now(job).state == "done"
    proofs = DeletionProof.objects.filter(kept="payment").order_by("pk")
    assert [proof.rows for proof in proofs] == [2, 2, 1]
    assert PaymentRecord.objects.count() == 2
    assert AuditEvent.objects.filter(verb="records.retire").count() == DeletionProof.objects.count()


def test_nobody_deletes_a_fact_but_that_door(old: Delivery, now: datetime) -> None:
    def refused(sql: str, why: str) -> None:
        with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    call = "SELECT records_retire('payment', 'social_insurance', 'delete', 'period_end', {}, '{{}}', now()::date,"
    call += " now(), 'x', 10)"
    refused("DELETE FROM records_paymentrecord", "deleted by records_retire only")
    refused("DELETE FROM records_paymentrecord_2021", "deleted by records_retire only")
    refused(call.format(60), "permission denied")
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE xq_batch")
    refused("DELETE FROM records_paymentrecord", "deleted by records_retire only")
    refused(call.format(1), "no rule keeps payment of social_insurance for 1 months")
    with connection.cursor() as cursor:
        cursor.execute(call.format(60))
    refused("UPDATE records_deletionproof SET rows = 1", "append-only|permission denied")
    refused("DELETE FROM records_deletionproof", "append-only|permission denied")


def test_the_rehearsal_says_what_would_go_and_does_nothing(old: Delivery, as_worker: None, now: datetime) -> None:
    out = StringIO()
    call_command("retention", "--dry-run", "--date", "2026-11-15", stdout=out)
    assert "社会保险缴费明细  缴费记录  5行  2021-08-31至2021-10-31  自所属期止起60个月后删除" in out.getvalue()
    assert "将处理5行" in out.getvalue()
    assert PaymentRecord.objects.count() == 7
    assert not DeletionProof.objects.exists()
    assert not AuditEvent.objects.filter(verb="records.retire").exists()
    call_command("retention", "--date", "2026-11-15", stdout=out)
    assert "缴费记录5行" in out.getvalue()
    assert PaymentRecord.objects.count() == 2


def test_rows_that_went_back_or_were_decided_go_after_their_year(
    deliver: Deliver, registered: Delivery, as_worker: None, now: datetime
) -> None:
    delivery = deliver(
        social_insurance(
            payment(paid="1"), payment(paid="2"), payment("202613"), payment("202609", paid="1"), code=FIRST
        )
    )
    first = HeldRow.objects.order_by("row_number")[0]
    HeldRow.objects.filter(pk=first.pk).update(state="dismissed", resolved_at=now)
    Delivery.objects.filter(pk=delivery.pk).update(held=1, rejected=2)
    assert _retire(date(2027, 11, 14), now) == {}
    assert _retire(date(2027, 11, 15), now) == {"rejected": 1, "held": 1}
    assert not RejectedRow.objects.exists()
    assert HeldRow.objects.get().state == "open", "what is not decided stays"
    delivery.refresh_from_db()
    assert (delivery.rejected, delivery.rejected_removed) == (2, 2)


def test_a_file_goes_when_no_delivery_needs_it_any_more(
    deliver: Deliver, registered: Delivery, as_worker: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = social_insurance(payment(), code=FIRST)
    first = deliver(content)
    again = deliver(content, at=now + timedelta(days=90))
    assert again.file_id == first.file_id
    assert _retire(date(2031, 11, 16), now).get("file", 0) == 0, "it was delivered again later"
    assert default_storage.exists(first.file.path)
    after = now + timedelta(days=1920)
    monkeypatch.setattr("apps.core.clock.now", lambda: after)
    assert _retire(date(2032, 2, 13), after)["file"] == 1
    assert not default_storage.exists(first.file.path)
    proof = DeletionProof.objects.get(kept="file", digest=first.file.sha256)
    assert (proof.delivery_id, proof.rows) == (again.pk, 1)
    assert default_storage.exists(registered.file.path), "登记注册 is kept for 600 months"
    assert "file" not in _retire(date(2032, 2, 14), after)


def test_a_replay_learns_what_it_lacks(old: Delivery, as_worker: None, now: datetime) -> None:
    subject = Subject.objects.get(code=FIRST)
    known_at = old.known_at
    assert known_at is not None
    assert not selectors.deleted_for(subject.pk, ["social_insurance"], known_at).exists()
    _retire(TODAY, now)
    (proof,) = selectors.deleted_for(subject.pk, ["social_insurance", "power"], known_at)
    assert proof.rows == 5
    before = known_at - timedelta(seconds=1)
    assert not selectors.deleted_for(subject.pk, ["social_insurance"], before).exists(), "nothing was known then"
    assert not selectors.deleted_for(subject.pk, ["power"], known_at).exists()
    assert not selectors.deleted_for(0, ["social_insurance"], known_at).exists()


def _fact(model: type, delivery: Delivery, item: str, **values: object) -> None:
    model.objects.create(  # type: ignore[attr-defined]
        subject=Subject.objects.get(code=FIRST),
        item_code=item,
        delivery=delivery,
        row_number=1,
        recorded_at=datetime.fromisoformat("2020-01-01T00:00:00+08:00"),
        **values,
    )


@pytest.mark.parametrize(
    ("kinds", "occurred_on", "valid_to_on", "goes_on"),
    [
        ("警告", date(2021, 1, 31), None, date(2026, 4, 30)),  # 轻微: 3 months, then 60
        ("罚款", date(2020, 11, 15), None, date(2026, 11, 15)),  # 一般: 12 months, then 60
        ("罚款,责令关闭", date(2018, 11, 15), None, date(2026, 11, 15)),  # 严重 decides: 36 months, then 60
        ("罚款", date(2020, 11, 15), date(2020, 12, 31), date(2025, 12, 31)),  # the end that was delivered
        ("罚款", None, None, date(2025, 1, 1)),  # no day at all: from its recording
    ],
)
def test_penalties_are_kept_from_the_end_of_their_publicity(
    registered: Delivery,
    as_worker: None,
    now: datetime,
    kinds: str,
    occurred_on: date | None,
    valid_to_on: date | None,
    goes_on: date,
) -> None:
    _fact(
        EventRecord,
        registered,
        "penalty",
        key_text="1",
        class_text=kinds,
        occurred_on=occurred_on,
        valid_to_on=valid_to_on,
    )
    Delivery.objects.filter(pk=registered.pk).update(accepted=3, read=3)
    assert "event" not in _retire(goes_on - timedelta(days=1), now) or goes_on < date(2026, 4, 1)
    assert _retire(max(goes_on, date(2026, 4, 1)), now).get("event", 0) in (0, 1)
    assert not EventRecord.objects.exists()


def test_an_old_evaluation_is_closed_first_and_deleted_later(
    registered: Delivery, as_worker: None, now: datetime
) -> None:
    _fact(EventRecord, registered, "credit_evaluation", key_text="2023", occurred_on=date(2023, 11, 15))
    Delivery.objects.filter(pk=registered.pk).update(accepted=3, read=3)
    assert _retire(date(2026, 11, 15), now) == {"event": 1}
    proof = DeletionProof.objects.get()
    assert EventRecord.objects.get().superseded_at == proof.at
    assert (proof.action, proof.months) == ("close", 36)
    assert not selectors.deleted_for(Subject.objects.get(code=FIRST).pk, ["credit_evaluation"], now).exists()
    assert _retire(date(2028, 11, 15), now) == {"event": 1}
    assert not EventRecord.objects.exists()


def test_what_a_firm_holds_now_stays_and_what_was_corrected_goes(
    deliver: Deliver, registered: Delivery, as_worker: None, now: datetime
) -> None:
    deliver("\n".join([REGISTRATION, registration(FIRST, "甲有限公司", capital="300.000000"), ""]), "registration")
    closed = HoldingRecord.objects.filter(superseded_at__isnull=False).count()
    assert closed
    CatalogueItem.objects.filter(code="registration").update(retention_months=60)
    assert _retire(date(2041, 1, 1), now)["holding"] == closed
    assert HoldingRecord.objects.count() == 2


@pytest.mark.parametrize("day", [date(2024, 1, 31), date(2024, 2, 29), date(2023, 8, 31), date(2024, 12, 15)])
@pytest.mark.parametrize("months", [1, 3, 12, 60])
def test_the_database_adds_months_as_we_do(day: date, months: int) -> None:
    rule = Retention("payment", "x", "delete", "period_end", months)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::date + make_interval(months => %s))::date", [day, months])
        (end,) = cursor.fetchone()
    assert rule.is_over(day, end)
    assert not rule.is_over(day, end - timedelta(days=1))


def test_a_rule_that_does_not_fit_its_item_is_refused() -> None:
    item = Kept("penalty", "event", 60)
    with pytest.raises(ValueError, match="event cannot be counted from period_end"):
        plan([item], [DatedRule("penalty", "delete", "period_end", None)], rejected_months=12, held_months=12)
    with pytest.raises(ValueError, match="kept for 0 months"):
        plan([Kept("x", "event", 0)], [], rejected_months=12, held_months=12)


def test_every_item_has_an_end_and_rules_name_items(now: datetime) -> None:
    planned = {
        rule.item_code for rule in selectors.retention_plan(TODAY) if rule.kept in ("payment", "event", "holding")
    }
    known = set(CatalogueItem.objects.order_by("code").values_list("code", flat=True))
    assert planned == known
    assert set(RetentionRule.objects.order_by("pk").values_list("item_code", flat=True)) <= known


def test_proofs_are_listed_for_those_who_answer_for_them(
    old: Delivery, as_worker: None, now: datetime, client_for: ClientFor
) -> None:
    _retire(TODAY, now)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE xq_app")
    for who in ("operator", "auditor"):
        text = client_for(who).get(reverse("records:proof_list")).content.decode()
        assert "社会保险缴费明细" in text
        assert "自所属期止起60个月" in text
    assert client_for("department").get(reverse("records:proof_list")).status_code == 403
