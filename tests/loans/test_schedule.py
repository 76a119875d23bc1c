import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.loans.schedule import (
    DEFAULT_BASIS,
    InterestBasis,
    LoanTerms,
    RepaymentKind,
    accrued_interest_yuan,
    equal_instalment_yuan,
    plan,
)
from apps.products.terms import REPAYMENTS

CASES = list(
    csv.DictReader((Path(__file__).parents[1] / "cases" / "instalments.csv").read_text(encoding="utf-8").splitlines())
)


def terms(kind: RepaymentKind, amount: str, rate: str, months: int, day: date, **changes) -> LoanTerms:
    basis = changes.get("basis", DEFAULT_BASIS[kind])
    return LoanTerms(kind, Decimal(amount), Decimal(rate), months, day, basis)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['编号']} {case['还款方式']}")
def test_plan_agrees_with_the_cases_of_the_business_side(case):
    kind = next(RepaymentKind(code) for code, label in REPAYMENTS.items() if label == case["还款方式"])
    made = plan(
        terms(
            kind, case["本金（元）"], case["年利率（%）"], int(case["期限（月）"]), date.fromisoformat(case["放款日"])
        )
    )
    first, last = made[0], made[-1]
    found = {
        "期数": str(len(made)),
        "首期应还日": str(first.due_on),
        "首期本金": str(first.principal_yuan),
        "首期利息": str(first.interest_yuan),
        "末期应还日": str(last.due_on),
        "末期本金": str(last.principal_yuan),
        "末期利息": str(last.interest_yuan),
        "利息合计": str(sum(row.interest_yuan for row in made)),
    }
    assert found == {name: case[name] for name in found}


loans = st.builds(
    lambda kind, fen, rate, months, day, basis: LoanTerms(
        kind,
        Decimal(fen).scaleb(-2),
        Decimal(rate).scaleb(-4),
        months,
        day,
        basis if kind not in (RepaymentKind.EQUAL_INSTALMENTS, RepaymentKind.REVOLVING) else DEFAULT_BASIS[kind],
    ),
    kind=st.sampled_from(RepaymentKind),
    fen=st.integers(1, 10**12),
    rate=st.integers(0, 360_000),
    months=st.integers(1, 120),
    day=st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    basis=st.sampled_from(InterestBasis),
)


@given(loans)
def test_plan_repays_exactly_what_was_lent_and_leaves_no_gap(loan):
    made = plan(loan)
    assert sum(row.principal_yuan for row in made) == loan.amount_yuan
    assert [row.number for row in made] == list(range(1, len(made) + 1))
    assert made[0].from_on == loan.disbursed_on
    assert made[-1].due_on == loan.matures_on
    assert all(row.due_on == after.from_on for row, after in zip(made, made[1:], strict=False))
    assert all(row.from_on < row.due_on for row in made)
    for row in made:
        for amount in (row.principal_yuan, row.interest_yuan):
            assert amount >= 0
            assert amount.as_tuple().exponent == -2


@given(
    st.integers(10**6, 10**11),
    st.integers(0, 240_000),
    st.integers(1, 360),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_equal_instalments_differ_only_in_the_last_and_by_less_than_a_fen_an_instalment(fen, rate, months, day):
    loan = LoanTerms(
        RepaymentKind.EQUAL_INSTALMENTS,
        Decimal(fen).scaleb(-2),
        Decimal(rate).scaleb(-4),
        months,
        day,
        InterestBasis.MONTH,
    )
    level = equal_instalment_yuan(loan.amount_yuan, loan.rate_pct, months)
    made = plan(loan)
    assert {row.total_yuan for row in made[:-1]} <= {level}
    growth = (1 + loan.rate_pct / 1200) ** months
    assert abs(made[-1].total_yuan - level) <= Decimal("0.01") * months * growth


def test_every_way_of_repayment_in_the_catalogue_can_be_planned():
    assert set(RepaymentKind) == set(REPAYMENTS) == set(DEFAULT_BASIS)


def test_accrued_interest_counts_the_first_day_and_not_the_last():
    amount, rate = Decimal("360000.00"), Decimal("3.65")
    day = date(2026, 11, 15)
    assert accrued_interest_yuan(amount, rate, day, day, InterestBasis.ACT_360) == 0
    assert accrued_interest_yuan(amount, rate, day, date(2026, 11, 16), InterestBasis.ACT_360) == Decimal("36.50")
    assert accrued_interest_yuan(amount, rate, day, date(2026, 11, 16), InterestBasis.ACT_365) == Decimal("36.00")


def test_accrued_interest_rounds_half_a_fen_up():
    half = accrued_interest_yuan(Decimal("18.00"), Decimal("10"), date(2026, 1, 1), date(2026, 1, 2), "act_360")
    assert half == Decimal("0.01")  # 0.005


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "0.001"},
        {"rate": "-0.01"},
        {"months": 0},
        {"months": 601},
        {"basis": InterestBasis.ACT_360},
    ],
)
def test_terms_refuse_what_is_no_loan(changes):
    wanted = {"amount": "100", "rate": "4", "months": 12, "day": date(2026, 1, 1)} | changes
    with pytest.raises(ValueError, match="must|need"):
        terms(RepaymentKind.EQUAL_INSTALMENTS, **wanted)


def test_terms_refuse_a_revolving_loan_by_whole_months():
    with pytest.raises(ValueError, match="by days"):
        terms(RepaymentKind.REVOLVING, "100", "4", 12, date(2026, 1, 1), basis=InterestBasis.MONTH)
