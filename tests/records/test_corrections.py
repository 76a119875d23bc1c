"""Rows that replace or withdraw a stored one, files ahead of what they correct, and files in the wrong order."""

from datetime import date, datetime, timedelta

import pytest

from apps.accounts.models import Organization
from apps.core.actor import SYSTEM, OrganizationKind
from apps.core.jobs import run_now
from apps.core.models import Job, JobState, Outbox
from apps.records import services
from apps.records.models import CatalogueItem, DeliveredName, Delivery, HeldRow, PaymentRecord, Source
from apps.records.services import chunks
from apps.subjects.models import Subject, SubjectCode
from tests.records.conftest import Deliver
from tests.records.support import CODES, SOCIAL_INSURANCE, payment, social_insurance
from tests.support.cast import Cast

AUGUST = date(2026, 8, 1)
FIELD = {
    "name": "operation",
    "label": "操作类型",
    "type": "code",
    "codes": {"replace": ["更正"], "withdraw": ["撤销"], "add": ["新增"]},
}


@pytest.fixture(autouse=True)
def corrigible(source: Source) -> None:
    """社会保险 has the reserved field."""
    item = CatalogueItem.objects.get(code="social_insurance")
    item.fields = [field for field in item.fields if field["name"] != "operation"] + [FIELD]
    item.save(update_fields=["fields"])


def correction(*rows: str) -> str:
    """A file of corrections; each row ends with its operation."""
    return "\n".join([f"{SOCIAL_INSURANCE},操作类型", *rows]).replace("CODE", CODES[0]) + "\n"


def counts(delivery: Delivery) -> tuple[int, int, int, int]:
    """accepted, held, duplicate, corrected"""
    delivery.refresh_from_db()
    return delivery.accepted, delivery.held, delivery.duplicate, delivery.corrected


def paid(on: date = AUGUST) -> list[str]:
    """What is known now to have been paid for the month."""
    rows = PaymentRecord.objects.filter(period_on=on, superseded_at__isnull=True)
    return [str(amount) for amount in rows.values_list("paid_yuan", flat=True)]


def test_a_row_replaces_the_stored_one(deliver: Deliver, registered: Delivery) -> None:
    deliver(social_insurance(payment("202608", "0.00"), code=CODES[0]))
    delivery = deliver(correction(payment("202608") + ",更正"))
    assert counts(delivery) == (1, 0, 0, 1)
    assert delivery.tallies["corrected"] == {"replaced": 1}
    assert (paid(), PaymentRecord.objects.count()) == (["2675.06"], 2)


def test_a_row_withdraws_the_stored_one_and_adds_none(deliver: Deliver, registered: Delivery) -> None:
    deliver(social_insurance(payment("202608"), payment("202609"), code=CODES[0]))
    delivery = deliver(correction(payment("202608") + ",撤销"))
    assert counts(delivery) == (1, 0, 0, 1)
    assert delivery.tallies["corrected"] == {"withdrawn": 1}
    assert (paid(), paid(date(2026, 9, 1))) == ([], ["2675.06"])
    again = deliver(correction(payment("202608", headcount="2") + ",撤销"))
    assert counts(again) == (0, 0, 1, 0)


def test_what_is_the_same_already_is_a_duplicate(deliver: Deliver, registered: Delivery) -> None:
    deliver(social_insurance(payment("202608"), code=CODES[0]))
    assert counts(deliver(correction(payment("202608") + ",更正"))) == (0, 0, 1, 0)


def test_an_added_row_needs_nothing_stored(deliver: Deliver, registered: Delivery) -> None:
    assert counts(deliver(correction(payment("202608") + ",新增"))) == (1, 0, 0, 0)


def test_a_correction_ahead_of_its_file_waits_for_it(deliver: Deliver, registered: Delivery) -> None:
    early = deliver(correction(payment("202608") + ",更正", payment("202607") + ",撤销"))
    assert counts(early) == (0, 2, 0, 0)
    assert set(HeldRow.objects.order_by().values_list("reason", flat=True)) == {"nothing_to_correct"}
    late = deliver(social_insurance(payment("202608", "0.00"), payment("202607"), code=CODES[0]))
    retry = Job.objects.get(kind="records.retry_held", key=str(late.pk))
    assert run_now(retry).state == JobState.DONE
    assert counts(early) == (2, 0, 0, 2)
    assert (paid(), paid(date(2026, 7, 1))) == (["2675.06"], [])


def test_a_row_that_was_rejected_before_is_new_when_it_comes_corrected(deliver: Deliver, registered: Delivery) -> None:
    base = deliver(social_insurance(payment("202608", "详见附件"), payment("202608", code=CODES[1]), code=CODES[0]))
    assert (base.accepted, base.rejected) == (1, 1)
    delivery = deliver(correction(payment("202608") + ",更正", payment("202607") + ",更正"))
    assert (counts(delivery), delivery.tallies["held"]) == ((1, 1, 0, 0), {"nothing_to_correct": 1})
    assert paid() == ["2675.06", "2675.06"]


def test_one_month_under_two_codes_of_one_subject_is_held(deliver: Deliver, registered: Delivery) -> None:
    subject = Subject.objects.get(code=CODES[0])
    SubjectCode.objects.create(subject=subject, code=CODES[2], kind="former", seen_from_at=subject.first_seen_at)
    same = payment("202608", code=CODES[2])
    delivery = deliver(social_insurance(payment("202608"), same, payment("202608", "1.00", code=CODES[2])))
    assert counts(delivery) == (1, 2, 0, 0)
    delivery = deliver(social_insurance(payment("202609"), payment("202609", code=CODES[2])))
    assert counts(delivery) == (1, 0, 1, 0)
    delivery = deliver(social_insurance(payment("202610"), payment("202610", "1.00", code=CODES[2])))
    assert (counts(delivery), delivery.tallies["held"]) == ((1, 1, 0, 0), {"conflict": 1})


def test_a_chunk_that_looks_new_but_is_not_comes_to_the_same(
    deliver: Deliver, registered: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(social_insurance(payment("202608", "0.00"), payment("202609"), code=CODES[0]))
    monkeypatch.setattr(chunks, "PROBED_ROWS", 1)
    seen: list[bool] = []
    insert = chunks.Writer._insert_if_new
    monkeypatch.setattr(chunks.Writer, "_looks_new", lambda writer, rows: True)
    monkeypatch.setattr(
        chunks.Writer, "_insert_if_new", lambda writer, rows: seen.append(insert(writer, rows)) or seen[-1]
    )
    rows = [payment("202607"), payment("202608"), payment("202609")]
    assert counts(deliver(social_insurance(*rows, code=CODES[0]))) == (2, 0, 1, 1)
    assert counts(deliver(social_insurance(payment("202606"), code=CODES[0]))) == (1, 0, 0, 0)
    assert seen == [False, True]


def test_of_two_files_for_one_period_the_later_one_holds(source: Source, registered: Delivery, now: datetime) -> None:
    def receive(amount: str, after: int) -> Delivery:
        return services.receive_delivery(
            actor=SYSTEM,
            source=source,
            item_code="social_insurance",
            file_name="a.csv",
            content=social_insurance(payment("202608", amount), code=CODES[0]).encode(),
            now=now + timedelta(seconds=after),
        )

    first, second = receive("1.00", 0), receive("2.00", 0)
    assert first.job is not None
    assert second.job is not None
    waiting = run_now(second.job)
    assert (waiting.state, waiting.attempt) == (JobState.QUEUED, 0)
    assert waiting.progress_note == "正在等待同一单位、同一信息项的上一份报送入库"
    Outbox.objects.all().delete()
    assert run_now(first.job).state == JobState.DONE
    assert list(Outbox.objects.filter(task="records.intake").values_list("args", flat=True)) == [[second.job.pk]]
    assert run_now(second.job).state == JobState.DONE
    assert (paid(), counts(second)) == (["2.00"], (1, 0, 0, 1))


def test_a_file_whose_intake_was_given_up_holds_nobody_up(source: Source, registered: Delivery, now: datetime) -> None:
    stuck = services.receive_delivery(
        actor=SYSTEM, source=source, item_code="social_insurance", file_name="a.csv", content=b"x", now=now
    )
    content = social_insurance(payment("202608"), code=CODES[0]).encode()
    following = services.receive_delivery(
        actor=SYSTEM, source=source, item_code="social_insurance", file_name="b.csv", content=content, now=now
    )
    assert stuck.job is not None
    assert following.job is not None
    Job.objects.filter(pk=stuck.job.pk).update(state=JobState.FAILED, finished_at=now)
    assert run_now(following.job).state == JobState.DONE
    assert paid() == ["2675.06"]


def test_what_another_source_says_otherwise_is_kept_beside(
    deliver: Deliver, registered: Delivery, cast: Cast, now: datetime
) -> None:
    other = Organization.objects.create(
        kind=OrganizationKind.DEPARTMENT, name="邻区人社局", region_code="610305", created_at=now
    )
    source = services.set_source(actor=SYSTEM, organization=other, item_codes=["social_insurance"], now=now)
    deliver(social_insurance(payment("202608"), payment("202609"), code=CODES[0]))
    content = social_insurance(payment("202608", "1.00"), payment("202609"), payment("202610"), code=CODES[0])
    delivery = services.receive_delivery(
        actor=SYSTEM, source=source, item_code="social_insurance", file_name="b.csv", content=content.encode(), now=now
    )
    assert delivery.job is not None
    assert run_now(delivery.job).state == JobState.DONE
    assert (counts(delivery), delivery.tallies["held"]) == ((1, 1, 1, 0), {"other_source": 1})
    assert paid() == ["2675.06"]
    row = HeldRow.objects.get(delivery=delivery)
    services.decide_held_rows(
        actor=cast.operator.actor, row_ids=[row.pk], decision="accept", reason="核对原始凭证", now=now
    )
    assert (counts(delivery), paid()) == ((2, 0, 1, 1), ["1.00"])


def test_a_name_under_which_a_firm_is_delivered_is_remembered_until_it_is_right(
    deliver: Deliver, registered: Delivery
) -> None:
    deliver(social_insurance(payment("202608", name="丙有限公司"), code=CODES[0]))
    assert list(DeliveredName.objects.order_by().values_list("name", flat=True)) == ["丙有限公司"]
    deliver(social_insurance(payment("202609"), code=CODES[0]))
    assert not DeliveredName.objects.exists()
