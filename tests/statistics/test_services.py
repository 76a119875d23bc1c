"""Counting a day: by hand on one side, by query on the other."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Organization
from apps.core.actor import SYSTEM, Actor, Role
from apps.core.audit import sentence_of
from apps.core.errors import InvalidInput, NotPermitted, NotVisible
from apps.core.jobs import run_now
from apps.core.models import AuditEvent
from apps.loans.models import Application, Drawdown
from apps.statistics import selectors, services
from apps.statistics.figures import THEMES, Day
from apps.statistics.models import BuiltDay, DailyFigure
from apps.subjects.models import Subject
from tests.loans.factories import Loans


def build(now: Any, on: date | None = None) -> dict[str, Any]:
    return services.build_day(actor=SYSTEM, business_date=on or now.date(), now=now)


@pytest.fixture
def lent(loans: Loans) -> Loans:
    """500 000 yuan granted; 300 000 lent at 4.35 % as a first loan, 100 000 at 3.85 %; 50 000 and interest repaid."""
    line = loans.approve("bullet")
    first = loans.post(line, "JJ-1", "300000")
    loans.post(line, "JJ-2", "100000", rate_pct=Decimal("3.85"), is_first_loan=False)
    due = first.instalments.get()
    loans.repay(first, str(due.interest_yuan + 50000), loans.now.date())
    return loans


def test_build_day_counts_what_was_lent(lent: Loans, now: Any, cast: Any) -> None:
    build(now)
    sheet = selectors.sheet("lending", None, actor=cast.regulator.actor)
    assert sheet is not None
    totals = {
        slug: (total.count, total.amount) if total.value is None else total.value
        for slug, total in sheet.totals.items()
    }
    assert totals["applications"] == (1, Decimal("500000.0000"))
    assert totals["accepted_applications"] == (1, Decimal("500000.0000"))
    assert totals["granted"] == (1, Decimal("500000.0000"))
    assert totals["lent"] == (2, Decimal("400000.0000"))
    assert totals["first_loans"] == (1, Decimal("300000.0000"))
    assert totals["credit_loans"] == (2, Decimal("400000.0000"))
    assert totals["balance"] == (2, Decimal("350000.0000"))
    assert totals["non_performing"] == (0, Decimal(0))
    # (300 000 × 4.35 + 100 000 × 3.85) ÷ 400 000
    assert totals["average_rate"] == Decimal("4.23")
    assert totals["first_share"] == Decimal("75.00")
    assert totals["credit_share"] == Decimal("100.00")
    assert totals["grant_rate"] == Decimal("100.00")
    assert totals["non_performing_rate"] == Decimal("0.00")
    assert totals["days_to_decision"] == Decimal("0.0")
    assert "lent_times_rate" not in totals


def test_build_day_takes_the_balance_and_the_classes_of_the_day(lent: Loans, now: Any, cast: Any) -> None:
    Drawdown.objects.filter(bank_reference="JJ-2").update(risk_class="doubtful")
    build(now)
    sheet = selectors.sheet("lending", None, actor=cast.regulator.actor)
    assert sheet is not None
    assert sheet.totals["non_performing"].amount == Decimal(100000)
    # 100 000 ÷ 350 000
    assert sheet.totals["non_performing_rate"].value == Decimal("28.57")


def test_build_day_counts_as_of_the_end_of_the_day(lent: Loans, now: Any, cast: Any) -> None:
    build(now, now.date() - timedelta(days=1))
    sheet = selectors.sheet("lending", now.date() - timedelta(days=1), actor=cast.regulator.actor)
    assert sheet is not None
    assert {total.count for total in sheet.totals.values() if total.count is not None} == {0}
    assert sheet.totals["average_rate"].value is None


def test_build_day_twice_gives_the_same_rows(lent: Loans, now: Any) -> None:
    first = build(now)
    rows = list(
        DailyFigure.objects.order_by("figure", "region_code", "dimension", "value").values_list("figure", "count")
    )
    assert build(now + timedelta(hours=1)) == first
    again = DailyFigure.objects.order_by("figure", "region_code", "dimension", "value").values_list("figure", "count")
    assert list(again) == rows
    assert BuiltDay.objects.get().built_at == now + timedelta(hours=1)
    events = AuditEvent.objects.filter(verb="statistics.build")
    assert [sentence_of(event) for event in events] == ["统计 2026-11-15 的数据"] * 2


def test_parts_add_up_to_the_total_and_a_missing_part_is_noticed(lent: Loans, now: Any, cast: Any) -> None:
    build(now)
    sheet = selectors.sheet("lending", None, actor=cast.regulator.actor)
    assert sheet is not None
    assert len(sheet.reconciliations) == sum(len(measure.dimensions) for measure in THEMES["lending"].measures)
    assert all(found.holds for _, found in sheet.reconciliations)
    DailyFigure.objects.filter(figure="lent", dimension="bank").delete()
    broken = selectors.sheet("lending", None, actor=cast.regulator.actor)
    assert broken is not None
    assert [(label, found.dimension) for label, found in broken.reconciliations if not found.holds] == [
        ("放款", "银行")
    ]


def test_branches_count_for_their_bank(lent: Loans, now: Any) -> None:
    bank = Application.objects.get().bank
    branch = Organization.objects.create(kind="bank", name="岐丰银行城关支行", parent=bank, created_at=now)
    Application.objects.update(bank=branch)
    build(now)
    values = DailyFigure.objects.filter(dimension="bank", figure="lent").values_list("value", flat=True)
    assert list(values) == [str(bank.pk)]


def test_small_cells_are_withheld_from_parts_but_not_from_the_total(lent: Loans, now: Any, cast: Any) -> None:
    build(now)
    sheet = selectors.sheet("lending", None, actor=cast.regulator.actor)
    assert sheet is not None
    for dimension in ("bank", "size", "industry", "region"):
        (part,) = sheet.parts[dimension]
        assert (part.cells["lent"].count, part.cells["lent"].text) == (None, "<5")
        assert part.ratios["average_rate"] is None
    assert sheet.totals["lent"].count == 2


def test_sheet_is_scoped_by_region(lent: Loans, now: Any, cast: Any) -> None:
    build(now)
    elsewhere = _regulator_of("310101")
    sheet = selectors.sheet("lending", None, actor=elsewhere)
    assert sheet is not None
    assert sheet.totals["lent"].count == 0
    assert sheet.parts["bank"] == []
    everywhere = selectors.sheet("lending", None, actor=cast.operator.actor)
    assert everywhere is not None
    assert everywhere.totals["lent"].count == 2


def _regulator_of(region: str) -> Actor:
    return Actor(
        user_id=1,
        name="外地监管员",
        organization_id=1,
        organization_name="外地监管",
        organization_kind="regulator",
        subject_id=None,
        roles=frozenset({Role.REGULATOR}),
        region_codes=(region,),
    )


@pytest.mark.parametrize("who", ["owner", "bank_officer", "department"])
def test_sheet_is_for_supervisors(cast: Any, who: str) -> None:
    with pytest.raises(NotPermitted):
        selectors.sheet("lending", None, actor=cast[who].actor)


def test_sheet_before_the_first_day_is_empty_and_an_unknown_day_missing(cast: Any, now: Any) -> None:
    assert selectors.sheet("lending", None, actor=cast.regulator.actor) is None
    with pytest.raises(NotVisible):
        selectors.sheet("lending", date(2020, 1, 1), actor=cast.regulator.actor)
    with pytest.raises(NotVisible):
        selectors.sheet("weather", None, actor=cast.regulator.actor)


@pytest.mark.parametrize("who", ["regulator", "bank_officer", "owner", "authority"])
def test_build_day_is_for_the_night_and_the_operator(cast: Any, now: Any, who: str) -> None:
    with pytest.raises(NotPermitted):
        services.build_day(actor=cast[who].actor, business_date=now.date(), now=now)
    with pytest.raises(NotPermitted):
        services.request_day(actor=cast[who].actor, business_date=now.date(), now=now)


def test_request_day_is_done_by_the_worker(cast: Any, now: Any) -> None:
    job = services.request_day(actor=cast.operator.actor, business_date=now.date(), now=now)
    assert run_now(job).state == "done"
    assert job.result == {"rows": DailyFigure.objects.count(), "digest": BuiltDay.objects.get().digest}
    with pytest.raises(InvalidInput):
        services.request_day(actor=cast.operator.actor, business_date=now.date() + timedelta(days=1), now=now)


def test_every_figure_counts_in_every_dimension_that_it_names(lent: Loans, now: Any) -> None:
    day = Day(now.date())
    for theme in THEMES.values():
        for measure in theme.measures:
            counted = {
                dimension: sum(cell["things"] for cell in measure.cells(day, dimension))
                for dimension in measure.dimensions
            }
            assert len(set(counted.values())) == 1, measure.slug


def test_population_counts_firms_and_readings(loans: Loans, now: Any, cast: Any) -> None:
    loans.submit()
    build(now)
    sheet = selectors.sheet("population", None, actor=cast.regulator.actor)
    assert sheet is not None
    counts = {slug: total.count for slug, total in sheet.totals.items()}
    assert counts["subjects"] == Subject.objects.filter(status="active").count() == 2
    assert counts["consents"] == 1


def test_database_refuses_a_figure_that_counts_nothing_or_twice(db: None, now: Any) -> None:
    row = {"on": now.date(), "figure": "lent", "region_code": "610305", "count": 1, "firms": 1}
    DailyFigure.objects.create(**row)
    for wrong in (row, row | {"dimension": "bank", "count": 0}, row | {"dimension": "bank", "firms": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DailyFigure.objects.create(**wrong)
