"""The ranking rule and the smallest change in words; no database."""

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.criteria.language import criterion
from apps.criteria.values import Range
from apps.matching.facts import firm_facts, need_facts
from apps.matching.models import FinancingNeed
from apps.matching.rules import Offer, change_text, judge_offers

TERM = criterion("term_within", Range(12, 12))
AGE = criterion("age_months_min", 24)
MANUAL = criterion("manual", "面谈")
FACTS = {"need_term_months": 12, "age_months": 60}
PLAIN = Offer(1, "产品", "银行", Decimal("4.00"), Decimal("4.00"), 3, (TERM, AGE))
IMPOSSIBLE = criterion("age_months_min", 600)


def order_of(*offers):
    return [judged.offer.version_id for judged in judge_offers(offers, FACTS)]


def test_matched_come_first_then_cannot_tell_then_not_met_by_number_of_unmet():
    two_unmet = replace(PLAIN, version_id=2, criteria=(IMPOSSIBLE, criterion("term_within", Range(1, 6))))
    one_unmet = replace(PLAIN, version_id=3, criteria=(IMPOSSIBLE, MANUAL))
    unknown = replace(PLAIN, version_id=4, criteria=(TERM, MANUAL))
    assert order_of(two_unmet, one_unmet, unknown, PLAIN) == [1, 4, 3, 2]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"low_rate_pct": Decimal("3.99"), "promised_days": 30}, {}),
        ({"promised_days": 2, "product_name": "乙"}, {"product_name": "甲"}),
        ({"promised_days": 30}, {"promised_days": None}),
        ({"product_name": "A"}, {"product_name": "B"}),
        ({"bank_name": "A"}, {"bank_name": "B"}),
    ],
)
def test_within_a_class_rate_then_days_then_name_decide(better, worse):
    first, second = replace(PLAIN, version_id=9, **better), replace(PLAIN, version_id=2, **worse)
    assert order_of(second, first) == order_of(first, second) == [9, 2]


def test_every_offer_is_judged_by_every_criterion():
    offers = [replace(PLAIN, version_id=n, criteria=(IMPOSSIBLE, MANUAL, TERM, AGE)) for n in range(5)]
    for judged in judge_offers(offers, FACTS):
        assert [finding.slug for finding in judged.evaluation.findings] == [
            "age_months_min",
            "manual",
            "term_within",
            "age_months_min",
        ]


@pytest.mark.parametrize(
    ("criteria", "facts", "text"),
    [
        ((TERM, AGE), {"need_term_months": 36}, "将融资期限由36个月改为12个月，即可符合全部条件。"),
        (
            (TERM, MANUAL),
            {"need_term_months": 6},
            "将融资期限由6个月改为12个月，即不再有不符合的条件（其余条件尚待判断）。",
        ),
        (
            (criterion("rate_acceptable", Decimal("4.20")),),
            {"need_max_rate_pct": Decimal("3.45")},
            "将可接受最高年利率由3.45%改为4.20%，即可符合全部条件。",
        ),
        (
            (criterion("amount_within", Range(Decimal(0), Decimal("500000.00"))),),
            {"need_amount_yuan": Decimal("2000000.00")},
            "将融资金额由200万元改为50万元，即可符合全部条件。",
        ),
    ],
)
def test_the_smallest_change_in_words(criteria, facts, text):
    (judged,) = judge_offers([replace(PLAIN, criteria=criteria)], FACTS | facts)
    assert change_text(judged.change, {}) == text


def test_firm_facts_leave_out_what_is_not_known_and_answer_for_every_list_checked():
    found = firm_facts(
        {
            "tax_grade": "",
            "size_class": "not_applicable",
            "age_months": 0,
            "social_months": None,
            "is_dishonest_debtor": False,
            "blocks": [{"code": "SX_GZ"}],
            "lists_checked": ["SX_GZ", "SX_ZC"],
            "name": "不是事实",
        }
    )
    assert found == {"age_months": 0, "is_dishonest_debtor": False, "listed_SX_GZ": True, "listed_SX_ZC": False}


def test_need_facts_leave_out_what_the_firm_did_not_say():
    found = need_facts(
        FinancingNeed(amount_yuan=1, term_months=2, purpose="wages", max_rate_pct=3, has_collateral=False)
    )
    assert found == {
        "need_amount_yuan": 1,
        "need_term_months": 2,
        "need_purpose": "wages",
        "need_max_rate_pct": 3,
        "need_offers_credit": True,
        "need_offers_mortgage": False,
    }
