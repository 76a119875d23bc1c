import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.workdays import WorkCalendar
from apps.loans.rules import (
    RISK_LABELS,
    Allocation,
    Due,
    Overpayment,
    RiskBands,
    allocate,
    contact_due,
    decide_due_on,
    is_late,
    offences,
    overdue_days,
    risk_class,
    split_revolving,
)
from apps.loans.schedule import InterestBasis
from apps.products.terms import Terms

CASES = list(
    csv.DictReader((Path(__file__).parents[1] / "cases" / "overdue.csv").read_text(encoding="utf-8").splitlines())
)
BANDS = RiskBands(1, 90, 270, 360)
DAY = date(2026, 11, 15)
TERMS = Terms(
    amount_min_yuan=Decimal(50000),
    amount_max_yuan=Decimal(300000),
    term_min_months=6,
    term_max_months=12,
    lpr_tenor="1Y",
    bps_min=50,
    bps_max=150,
    guarantee_types=("credit",),
    repayment_types=("revolving",),
    promised_days=1,
    first_loan="accepted",
    renewal="yes",
)


def due(number: int, principal: str, interest: str, *, paid: tuple[str, str] = ("0", "0"), on: date = DAY) -> Due:
    return Due(number, on, Decimal(principal), Decimal(interest), Decimal(paid[0]), Decimal(paid[1]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['编号']} {case['说明']}")
def test_overdue_agrees_with_the_cases_of_the_business_side(case):
    owed = Due(
        1,
        date.fromisoformat(case["应还日"]),
        Decimal(case["应还本金（元）"]),
        Decimal(case["应还利息（元）"]),
        Decimal(case["已还本金（元）"]),
        Decimal(case["已还利息（元）"]),
    )
    days = overdue_days([owed], date.fromisoformat(case["观察日"]))
    assert (str(days), RISK_LABELS[risk_class(days, BANDS)]) == (case["逾期天数"], case["风险分类"])


def test_overdue_days_count_from_the_oldest_open_instalment():
    dues = [
        due(1, "100", "1", paid=("100", "1"), on=date(2026, 8, 1)),
        due(2, "100", "1", on=date(2026, 10, 1)),
        due(3, "100", "1", on=date(2026, 9, 1)),
    ]
    assert overdue_days(dues, DAY) == (DAY - date(2026, 9, 1)).days


def test_bands_come_from_policy_figures_and_name_the_missing_one():
    figures = {
        "special_mention_overdue_days": Decimal(1),
        "substandard_overdue_days": Decimal(90),
        "doubtful_overdue_days": Decimal(270),
        "loss_overdue_days": Decimal(360),
    }
    assert RiskBands.of(figures) == BANDS
    with pytest.raises(KeyError, match="doubtful"):
        RiskBands.of({key: value for key, value in figures.items() if "doubtful" not in key})


def test_allocate_pays_the_oldest_first_and_interest_before_principal():
    dues = [due(2, "1000", "10"), due(1, "1000", "20", paid=("0", "5"))]
    assert allocate(Decimal("12.00"), dues) == (Allocation(1, Decimal("12.00"), Decimal(0)),)
    assert allocate(Decimal("1020.50"), dues) == (
        Allocation(1, Decimal(15), Decimal(1000)),
        Allocation(2, Decimal("5.50"), Decimal(0)),
    )


def test_allocate_refuses_more_than_is_owed_and_says_how_much_is():
    with pytest.raises(Overpayment, match="1,010") as refused:
        allocate(Decimal("1010.01"), [due(1, "1000", "10")])
    assert set(refused.value.fields) == {"amount_yuan"}


amounts = st.integers(0, 10**7).map(lambda fen: Decimal(fen).scaleb(-2))


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=12), st.data())
def test_allocate_spends_all_of_a_payment_and_no_instalment_gets_more_than_it_lacks(owed, data):
    dues = [Due(number, DAY, *row) for number, row in enumerate(owed, start=1)]
    total = sum(due.open_yuan for due in dues)
    if not total:
        return
    amount = Decimal(data.draw(st.integers(1, int(total * 100)))).scaleb(-2)
    shares = {share.number: share for share in allocate(amount, dues)}
    assert sum(share.interest_yuan + share.principal_yuan for share in shares.values()) == amount
    full = True
    for row in dues:
        share = shares.get(row.number, Allocation(row.number, Decimal(0), Decimal(0)))
        assert 0 <= share.interest_yuan <= row.interest_yuan
        assert 0 <= share.principal_yuan <= row.principal_yuan
        assert not share.principal_yuan or share.interest_yuan == row.interest_yuan
        assert full or not (share.interest_yuan or share.principal_yuan)
        full = full and share.interest_yuan + share.principal_yuan == row.open_yuan


def revolving(amount: str, paid_on: date, *, paid_interest: str = "0", rate: str = "3.60"):
    open_due = due(1, "100000", "3600", paid=("0", paid_interest), on=date(2027, 11, 10))
    return split_revolving(
        open_due=open_due,
        from_on=date(2026, 11, 15),
        paid_on=paid_on,
        amount_yuan=Decimal(amount),
        rate_pct=Decimal(rate),
        basis=InterestBasis.ACT_360,
    )


def test_split_revolving_charges_interest_on_the_balance_by_days():
    ended, following = revolving("40300", date(2026, 12, 15))  # 30 days at 10 yuan a day
    assert (ended.principal_yuan, ended.interest_yuan, ended.due_on) == (
        Decimal(40000),
        Decimal("300.00"),
        date(2026, 12, 15),
    )
    assert (following.number, following.principal_yuan) == (2, Decimal(60000))
    assert following.interest_yuan == Decimal("1980.00")  # 330 days at 6 yuan a day
    assert (following.from_on, following.due_on) == (date(2026, 12, 15), date(2027, 11, 10))


def test_split_revolving_ends_the_loan_when_everything_is_paid():
    (ended,) = revolving("100300", date(2026, 12, 15))
    assert ended.principal_yuan == Decimal(100000)


def test_split_revolving_counts_interest_paid_before():
    ended, _ = revolving("250", date(2026, 12, 15), paid_interest="100")
    assert (ended.principal_yuan, ended.interest_yuan) == (Decimal(50), Decimal("300.00"))


def test_split_revolving_cuts_nothing_below_the_accrued_interest_or_at_maturity():
    assert revolving("299.99", date(2026, 12, 15)) == ()
    assert revolving("50000", date(2027, 11, 10)) == ()


def test_split_revolving_refuses_more_than_is_owed_that_day():
    with pytest.raises(Overpayment, match="100,300"):
        revolving("100300.01", date(2026, 12, 15))


def test_split_revolving_refuses_days_that_run_backwards():
    with pytest.raises(ValueError, match="from"):
        revolving("100", date(2026, 11, 14))


@pytest.mark.parametrize(
    ("amount", "months", "fields"),
    [
        ("50000", 12, set()),
        ("300000", 6, set()),
        ("300000.01", 12, {"amount_yuan"}),
        ("49999.99", 12, {"amount_yuan"}),
        ("100000", 13, {"term_months"}),
        ("1", 5, {"amount_yuan", "term_months"}),
    ],
)
def test_offences_name_the_field_that_breaks_a_limit(amount, months, fields):
    assert set(offences(Decimal(amount), months, TERMS)) == fields


def test_offences_are_none_where_the_bank_sets_no_lower_limit():
    open_below = replace(TERMS, amount_min_yuan=None, term_min_months=None)
    assert offences(Decimal("0.01"), 1, open_below) == {}


def test_contact_due_counts_working_days_and_says_when_the_calendar_is_a_guess():
    calendar = WorkCalendar({date(2026, 11, 18): False}, frozenset({2026}))
    assert contact_due(DAY, 5, calendar) == (date(2026, 11, 23), False)
    assert contact_due(date(2026, 12, 30), 5, calendar).is_estimated


def test_decide_due_on_counts_calendar_days():
    assert decide_due_on(date(2026, 11, 15), 30) == date(2026, 12, 15)


@pytest.mark.parametrize(
    ("due_on", "done_on", "late"),
    [
        (date(2026, 11, 15), None, False),
        (date(2026, 11, 14), None, True),
        (date(2026, 11, 14), date(2026, 11, 14), False),
        (date(2026, 11, 10), date(2026, 11, 11), True),
        (None, None, False),
    ],
)
def test_is_late_looks_at_the_day_done_or_today(due_on, done_on, late):
    assert is_late(due_on, done_on, DAY) is late
