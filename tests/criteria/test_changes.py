"""The smallest change: with it the answer turns, with any smaller step it does not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.criteria.changes import smallest_change
from apps.criteria.evaluation import evaluate
from apps.criteria.language import criterion
from apps.criteria.values import Range
from apps.criteria.verdict import Verdict

TERM = criterion("term_within", Range(6, 24))
AMOUNT = criterion("amount_within", Range(Decimal("100000.00"), Decimal("3000000.00")))
RATE = criterion("rate_acceptable", Decimal("4.20"))
AGE = criterion("age_months_min", 24)
FACTS = {
    "need_term_months": 12,
    "need_amount_yuan": Decimal("500000.00"),
    "need_max_rate_pct": Decimal("5.00"),
    "age_months": 60,
}


def change_of(nodes, **facts):
    given_facts = FACTS | facts
    return smallest_change(nodes, given_facts, evaluate(nodes, given_facts))


@pytest.mark.parametrize(
    ("facts", "fact", "after"),
    [
        ({"need_term_months": 36}, "need_term_months", 24),
        ({"need_term_months": 3}, "need_term_months", 6),
        ({"need_amount_yuan": Decimal("3000000.01")}, "need_amount_yuan", Decimal("3000000.00")),
        ({"need_amount_yuan": Decimal("99999.99")}, "need_amount_yuan", Decimal("100000.00")),
        ({"need_max_rate_pct": Decimal("3.45")}, "need_max_rate_pct", Decimal("4.20")),
    ],
)
def test_the_nearest_bound_is_the_change(facts, fact, after):
    change = change_of((TERM, AMOUNT, RATE, AGE), **facts)
    assert (change.fact, change.before, change.after, change.verdict) == (fact, facts[fact], after, Verdict.MET)


def test_no_change_where_two_stand_in_the_way_or_nothing_can_be_changed():
    assert change_of((TERM, AMOUNT), need_term_months=36, need_amount_yuan=Decimal("1.00")) is None
    assert change_of((TERM, AGE), age_months=3) is None
    assert change_of((TERM, AGE)) is None
    assert change_of((TERM, criterion("term_within", Range(30, 60))), need_term_months=26) is None


def test_change_says_when_something_still_cannot_be_told():
    change = change_of((TERM, criterion("manual", "须面谈")), need_term_months=36)
    assert change.verdict is Verdict.UNKNOWN


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_no_smaller_step_would_do(term, one, other):
    node = criterion("term_within", Range(min(one, other), max(one, other)))
    change = change_of((node,), need_term_months=term)
    if change is None:
        assert evaluate((node,), FACTS | {"need_term_months": term}).verdict is Verdict.MET
        return
    step = 1 if change.after > term else -1
    for smaller in range(term, change.after, step):
        assert evaluate((node,), FACTS | {"need_term_months": smaller}).verdict is Verdict.NOT_MET
