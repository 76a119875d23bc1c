"""One need against many products: verdicts, the ranking rule, the smallest change in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from apps.criteria.changes import Change, smallest_change
from apps.criteria.evaluation import evaluate
from apps.criteria.facts import FACTS
from apps.criteria.language import Node
from apps.criteria.values import Names
from apps.criteria.verdict import Evaluation, Verdict

# The rule and its public wording stand side by side: whoever changes one changes the other.
RANKING_RULE: Final = (
    "先列符合全部条件的产品，再列有条件无法判断的，最后列有条件不符合的（不符合项少的在前）；"
    "同类之中依次按最低年利率从低到高、承诺放款天数从少到多、产品名称、银行名称排列。平台对任何机构一视同仁。"
)
_ORDER: Final = {Verdict.MET: 0, Verdict.UNKNOWN: 1, Verdict.NOT_MET: 2}
_NO_PROMISE: Final = 10**6  # a bank that promises no day comes after every bank that does


@dataclass(frozen=True, slots=True)
class Offer:
    """A product version in force, its cost on the day, and everything a need is judged by."""

    version_id: int
    product_name: str
    bank_name: str
    low_rate_pct: Decimal
    high_rate_pct: Decimal | None
    promised_days: int | None
    criteria: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """An offer with what it came to."""

    offer: Offer
    evaluation: Evaluation
    change: Change | None


def judge_offers(offers: Sequence[Offer], facts: Mapping[str, Any]) -> list[Judged]:
    """Every offer judged by every criterion, in the order of the ranking rule."""
    return sorted((_judge(offer, facts) for offer in offers), key=_ranking_key)


def _judge(offer: Offer, facts: Mapping[str, Any]) -> Judged:
    found = evaluate(offer.criteria, facts)
    return Judged(offer, found, smallest_change(offer.criteria, facts, found))


def _ranking_key(judged: Judged) -> tuple[Any, ...]:
    """RANKING_RULE as an order; the version number only makes it total."""
    offer = judged.offer
    return (
        _ORDER[judged.evaluation.verdict],
        len(judged.evaluation.unmet),
        offer.low_rate_pct,
        _NO_PROMISE if offer.promised_days is None else offer.promised_days,
        offer.product_name,
        offer.bank_name,
        offer.version_id,
    )


def change_text(change: Change, names: Names) -> str:
    """`将融资期限由36个月改为12个月，即可符合全部条件。`"""
    fact = FACTS[change.fact]
    before, after = fact.type.said(change.before, names), fact.type.said(change.after, names)
    outcome = "即可符合全部条件" if change.verdict is Verdict.MET else "即不再有不符合的条件（其余条件尚待判断）"
    return f"将{fact.label}由{before}改为{after}，{outcome}。"
