from datetime import date, datetime, timedelta

import polars as pl
import pytest
from django.db import connection

from apps.core.errors import NotPermitted, NotVisible
from apps.core.permit import Permit
from apps.records import selectors
from apps.records.frames import copy_in, frame_of
from apps.records.models import Delivery, PaymentRecord
from apps.subjects.models import Subject
from tests.records.conftest import Deliver
from tests.records.support import CODES, payment, social_insurance
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = CODES


def _permit(subject_id: int, now: datetime, *items: str) -> Permit:
    return Permit(subject_id, "pre_loan_review", frozenset(items), 1, 1, now)


@pytest.fixture
def corrected(deliver: Deliver, registered: Delivery, now: datetime) -> Delivery:
    """甲 paid 1 yuan in 2026-09; a day later the bureau says 2."""
    deliver(social_insurance(payment("202609", paid="1.00"), payment("202610"), code=FIRST))
    return deliver(social_insurance(payment("202609", paid="2.00"), code=FIRST))


def _ids() -> tuple[int, int]:
    ids = sorted(Subject.objects.filter(code__in=CODES).order_by("pk").values_list("pk", flat=True))
    return ids[0], ids[-1]


def test_payments_come_as_fen_sorted_and_typed(corrected: Delivery) -> None:
    frame = selectors.payments_for_batch(*_ids(), ["social_insurance"])
    assert frame.select("period_on", "paid_fen", "headcount", "paid_on", "quantity_e4").rows() == [
        (date(2026, 9, 1), 200, 1, date(2026, 11, 8), None),
        (date(2026, 10, 1), 267506, 1, date(2026, 11, 8), None),
    ]
    assert frame.schema["key_text"] == pl.String
    assert frame["key_text"].to_list() == ["", ""]
    assert selectors.payments_for_batch(*_ids(), ["power"]).schema == frame.schema


def test_what_was_known_then_differs_from_what_is_known_now(corrected: Delivery) -> None:
    old, new = PaymentRecord.objects.filter(period_on="2026-09-01").order_by("id")
    between = old.recorded_at + (new.recorded_at - old.recorded_at) / 2
    before = old.recorded_at - timedelta(seconds=1)
    ids = _ids()

    def paid(at: datetime | None) -> list[int]:
        rows = selectors.payments_for_batch(*ids, ["social_insurance"], at)
        return rows.filter(pl.col("period_on") == date(2026, 9, 1))["paid_fen"].to_list()

    assert [paid(before), paid(between), paid(new.recorded_at), paid(None)] == [[], [100], [200], [200]]
    rows = PaymentRecord.objects.filter(period_on="2026-09-01")
    assert [row.pk for row in selectors.as_known(rows, between).order_by("id")] == [old.pk]
    assert [row.pk for row in selectors.as_known(rows, None).order_by("id")] == [new.pk]


def test_registrations_come_with_typed_columns(registered: Delivery) -> None:
    row = selectors.holdings_for_batch(*_ids(), ["registration"]).row(0, named=True)
    assert (row["legal_form"], row["legal_representative"], row["status"]) == ("有限责任公司", "甲某", "active")
    assert (row["value_fen"], row["revenue_fen"], row["assets_fen"]) == (2_000_000_00, 2_590_000_00, 5_230_000_00)
    assert (row["headcount"], row["annual_report_year"], row["paid_in_capital_fen"]) == (6, 2025, None)
    assert (row["industry_code"], row["from_on"], row["status_on"]) == ("F5127", date(2021, 3, 12), None)
    assert selectors.events_for_batch(*_ids(), ["penalty"]).is_empty()


def test_facts_of_one_subject_need_a_permit_that_covers_the_item(corrected: Delivery, now: datetime) -> None:
    subject = Subject.objects.get(code=FIRST)
    permit = _permit(subject.pk, now, "social_insurance")
    assert selectors.payments_of(subject.pk, permit=permit, item_codes=["social_insurance"]).height == 2
    assert selectors.records_of(subject.pk, "social_insurance", permit=permit).count() == 2
    with pytest.raises(NotPermitted):
        selectors.payments_of(subject.pk, permit=permit, item_codes=["social_insurance", "power"])
    with pytest.raises(NotPermitted):
        selectors.payments_of(subject.pk + 1, permit=permit, item_codes=["social_insurance"])
    with pytest.raises(NotPermitted):
        selectors.records_of(subject.pk, "tax_payment", permit=permit)
    with pytest.raises(NotPermitted):
        selectors.events_of(subject.pk + 1, permit=permit, item_codes=[])
    assert selectors.records_of(subject.pk, "registration", permit=permit).count() == 1


def test_deliveries_are_seen_by_their_sender_and_the_platform(registered: Delivery, cast: Cast) -> None:
    for name in ("department", "operator", "auditor"):
        assert selectors.delivery_visible_to(cast[name].actor, registered.pk) == registered
    for name in ("owner", "bank_officer", "authority", "regulator"):
        with pytest.raises(NotVisible):
            selectors.delivery_visible_to(cast[name].actor, registered.pk)


def test_freshness_names_the_items_that_came(registered: Delivery) -> None:
    assert selectors.item_freshness() == {"registration": registered.applied_at}


def test_work_items_name_refused_files_and_rows_to_decide(deliver: Deliver, cast: Cast, now: datetime) -> None:
    refused = deliver("姓名\n甲\n")
    assert [item.url_args for item in selectors.work_items(cast.department.actor, now)] == [(refused.pk,)]
    deliver(social_insurance(payment(paid="1"), payment(paid="2"), code=FIRST))
    held = [(item.title, item.count) for item in selectors.work_items(cast.department.actor, now)]
    assert held == [("待确认的数据行", 2)], "the item came in good form since, so the refusal is settled"
    assert selectors.work_items(cast.bank_officer.actor, now) == []


def test_frames_keep_null_and_empty_apart_both_ways() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE frame_trial (a bigint, b text, c date, d boolean, e numeric(18, 2))")
    frame = pl.DataFrame(
        {
            "a": [1, None],
            "b": ['甲,"乙"\n丙', ""],
            "c": [date(2026, 1, 31), None],
            "d": [True, None],
            "e": ["0.10", None],
        }
    )
    assert copy_in("frame_trial", frame) == 2
    assert frame_of("SELECT a, b, c, d, e FROM frame_trial ORDER BY a").equals(frame)
    assert frame_of("SELECT a, d FROM frame_trial WHERE a = %s", [3]).schema == {"a": pl.Int64, "d": pl.Boolean}
