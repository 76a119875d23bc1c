"""Invented products: what they demand, as plain values, as the platform's criteria and as text of another engine."""

from decimal import Decimal
from typing import Any

from apps.criteria.language import Criterion, criterion
from apps.criteria.values import CodeSet, Range

GRADES = (["A"], ["A", "B"], ["A", "B", "M"], ["A", "B", "M", "C"])
SIZES = (["micro"], ["micro", "small"], ["micro", "small", "medium"])


def demands(count: int) -> list[dict[str, Any]]:
    """The demands of `count` products, by number."""
    return [
        {
            "sizes": SIZES[k % 3],
            "age_months": 6 + k * 7 % 60,
            "grades": GRADES[k % 4],
            "tax_paid_fen": (k * 37 % 400) * 100_000,
            "social_months": k * 5 % 36,
            "score": 300 + k * 13 % 500,
            "amount_low_yuan": 10_000 + k * 91 % 50 * 1_000,
            "amount_high_yuan": 1_000_000 + k * 17 % 90 * 100_000,
            "term_high_months": 6 + k * 3 % 36,
        }
        for k in range(count)
    ]


def of_firm(wanted: dict[str, Any]) -> tuple[Criterion, ...]:
    """Nine criteria on the firm alone, for screening."""
    return (
        criterion("status_active"),
        criterion("size_in", _codes(wanted["sizes"])),
        criterion("age_months_min", wanted["age_months"]),
        criterion("tax_grade_in", _codes(wanted["grades"])),
        criterion("tax_paid_min", Decimal(wanted["tax_paid_fen"]) / 100),
        criterion("social_months_min", wanted["social_months"]),
        criterion("penalties_serious_max", 0),
        criterion("no_dishonest_debtor"),
        criterion("score_min", wanted["score"]),
    )


def of_firm_and_need(wanted: dict[str, Any]) -> tuple[Criterion, ...]:
    """Eleven criteria: those on the firm, amount and term."""
    amounts = Range(Decimal(wanted["amount_low_yuan"]), Decimal(wanted["amount_high_yuan"]))
    return (
        *of_firm(wanted),
        criterion("amount_within", amounts),
        criterion("term_within", Range(1, wanted["term_high_months"])),
    )


def _codes(codes: list[str]) -> CodeSet:
    return CodeSet(tuple(codes), frozenset(codes))


def as_expression(wanted: dict[str, Any]) -> str:
    """The same eleven demands as one expression of zen-engine."""
    grades = ", ".join(f'"{grade}"' for grade in wanted["grades"])
    sizes = ", ".join(f'"{size}"' for size in wanted["sizes"])
    return (
        f'status == "active" and size_class in [{sizes}] and age_months >= {wanted["age_months"]}'
        f" and tax_grade in [{grades}] and tax_paid >= {wanted['tax_paid_fen'] / 100:.2f}"
        f" and social_months >= {wanted['social_months']} and penalties_serious <= 0 and is_dishonest_debtor == false"
        f" and score >= {wanted['score']} and amount >= {wanted['amount_low_yuan']}"
        f" and amount <= {wanted['amount_high_yuan']} and term <= {wanted['term_high_months']}"
    )
