from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.records.models import Delivery, EventRecord, HeldRow, HoldingRecord, PaymentRecord
from apps.subjects.models import Subject
from tests.records.conftest import Deliver
from tests.records.support import CODES, payment, social_insurance

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(deliver: Deliver, registered: Delivery) -> Delivery:
    """One accepted and one rejected row."""
    return deliver(social_insurance(payment(), payment("202613"), code=CODES[0]))


def _refused(write: Callable[[], object], complaint: str) -> None:
    with pytest.raises(DatabaseError, match=complaint), transaction.atomic():
        write()


@pytest.mark.parametrize("count", ["read", "not_data", "accepted", "rejected", "held", "duplicate"])
def test_counts_that_do_not_add_up_cannot_be_stored(delivery: Delivery, count: str) -> None:
    row = Delivery.objects.filter(pk=delivery.pk)
    _refused(lambda: row.update(**{count: getattr(delivery, count) + 1}), "delivery_counts_add_up")


@pytest.mark.parametrize("part", ["normalised", "warned", "corrected"])
def test_no_part_is_larger_than_the_accepted_rows(delivery: Delivery, part: str) -> None:
    _refused(lambda: Delivery.objects.filter(pk=delivery.pk).update(**{part: 2}), "delivery_parts_of_accepted")


def test_a_refusal_needs_a_reason_and_a_repetition_an_original(delivery: Delivery) -> None:
    row = Delivery.objects.filter(pk=delivery.pk)
    _refused(lambda: row.update(state="refused"), "delivery_refusal_has_reason")
    _refused(lambda: row.update(state="repeated"), "delivery_repeats_something")


def test_a_decided_held_row_says_when(delivery: Delivery) -> None:
    row = HeldRow(
        delivery=delivery, row_number=2, reason="conflict", message="x", code=CODES[0], values={}, original_text="x"
    )
    row.save()
    _refused(lambda: HeldRow.objects.filter(pk=row.pk).update(state="applied"), "heldrow_resolved_when_decided")


FACTS: list[tuple[Any, dict[str, Any]]] = [
    (
        PaymentRecord,
        {"item_code": "power", "period_on": date(2026, 1, 1), "period_end_on": date(2026, 1, 31), "key_text": "1"},
    ),
    (EventRecord, {"item_code": "penalty", "key_text": "1号", "title": "", "class_text": "", "authority": ""}),
    (HoldingRecord, {"item_code": "registration", "key_text": "x"}),
]


@pytest.mark.parametrize(("model", "values"), FACTS, ids=["payment", "event", "holding"])
def test_one_live_fact_a_key_and_no_change_but_its_end(
    model: Any, values: dict[str, Any], delivery: Delivery, now: datetime
) -> None:
    values = values | {"subject_id": Subject.objects.get(code=CODES[0]).pk, "delivery_id": delivery.pk}
    values |= {"row_number": 2, "recorded_at": now, "extra": {}}
    model.objects.create(**values)
    rows = model.objects.filter(key_text=values["key_text"])
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(**values)
    _refused(lambda: rows.update(row_number=3), "a recorded fact never changes")
    _refused(lambda: rows.update(extra={"a": 1}, superseded_at=now), "a recorded fact never changes")
    assert rows.update(superseded_at=now) == 1
    _refused(lambda: rows.update(superseded_at=None), "a recorded fact never changes")
    model.objects.create(**values)
    assert rows.count() == 2


def test_payments_lie_in_partitions_of_a_year(delivery: Delivery) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM records_paymentrecord")
        assert cursor.fetchall() == [("records_paymentrecord_2026",)]
        cursor.execute("SELECT records_ensure_payment_year(2026), records_ensure_payment_year(2200)")
        assert cursor.fetchone() == (False, False)
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'records_paymentrecord_2026'")
        assert cursor.fetchone() == (1,)
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'records_paymentrecord'::regclass AND contype = 'f'"
        )
        assert cursor.fetchone() == (0,)


def test_the_serving_role_cannot_make_tables(delivery: Delivery) -> None:
    def create() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE records_paymentrecord_1999 (a int)")

    _refused(create, "permission denied")
