"""One need against many products: a verdict for every criterion, against the bare yes or no of a rule engine."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apps.criteria.columns import verdicts_over_products
from apps.criteria.verdict import Verdict
from apps.criteria.wording import finding_json
from apps.matching.rules import Judged, Offer, judge_offers
from apps.operations.bench.database import BenchFault
from apps.operations.bench.demands import as_expression, demands, of_firm_and_need
from apps.operations.bench.measure import Row, Size, median_seconds

TEXTS = 20
# One firm and its need, as the platform's facts and as the values of the other engine.
FACTS: Mapping[str, Any] = {
    "status": "active",
    "size_class": "small",
    "age_months": 60,
    "tax_grade": "B",
    "tax_paid_12m_yuan": Decimal("250000.00"),
    "social_months": 20,
    "penalties_serious": 0,
    "is_dishonest_debtor": False,
    "score": 640,
    "need_amount_yuan": Decimal("500000.00"),
    "need_term_months": 12,
}
_NAMES = {"tax_paid_12m_yuan": "tax_paid", "need_amount_yuan": "amount", "need_term_months": "term"}


def measure(size: Size) -> Row:
    """Products answered a second on both sides."""
    wanted = demands(size.offers)
    offers = [
        Offer(k, f"产品{k}", "量测银行", Decimal("3.85"), None, 5, of_firm_and_need(each))
        for k, each in enumerate(wanted)
    ]

    def ours() -> list[Judged]:
        judged = judge_offers(offers, dict(FACTS))
        for each in judged[:TEXTS]:
            for finding in each.evaluation.findings:
                finding_json(finding, {})
        return judged

    seconds = median_seconds(ours, size.repeats)
    parts: dict[str, str | int | float] = {
        "产品": size.offers,
        "每个产品的条件": len(offers[0].criteria),
        "本平台 毫秒": round(seconds * 1_000, 1),
        "本平台 产品/秒": round(size.offers / seconds),
        "本平台 条件/秒": round(size.offers * len(offers[0].criteria) / seconds),
    }
    met = {each.offer.version_id for each in ours() if each.evaluation.verdict is Verdict.MET}
    columns = median_seconds(lambda: _by_columns(offers), size.repeats)
    if _by_columns(offers) != met:
        raise BenchFault("逐个判断与按列判断不一致")
    parts["按列判断（不出文字） 产品/秒"] = round(size.offers / columns)
    try:
        import zen
    except ImportError:
        note = "没有安装 zen-engine（config/requirements/dev.txt），不能比较。"
        return Row("matching", _LABEL.format(size.offers), _BUDGET, "—", None, parts, (note,))
    expressions = [zen.compile_expression(as_expression(each)) for each in wanted]
    plain = {_NAMES.get(name, name): float(v) if isinstance(v, Decimal) else v for name, v in FACTS.items()}

    def theirs() -> list[bool]:
        return [expression.evaluate(plain) for expression in expressions]

    base = median_seconds(theirs, size.repeats)
    if {k for k, answer in enumerate(theirs()) if answer} != met:
        raise BenchFault("两边判断的产品不一致")
    ratio = base / seconds
    parts |= {"基准 毫秒": round(base * 1_000, 1), "基准 产品/秒": round(size.offers / base), "符合的产品": len(met)}
    note = "两边都以“一个产品得到答复”为一次判断；本平台对每个条件给出结论并写出前 20 个产品的文字，基准只答是或否。"
    return Row("matching", _LABEL.format(size.offers), _BUDGET, f"{ratio:.2f} ×", ratio >= 3, parts, (note,))


_LABEL = "一条需求对 {:,} 个产品"
_BUDGET = "≥ 3 × zen-engine 的判断/秒"


def _by_columns(offers: list[Offer]) -> set[int]:
    """Which products are met, criterion by criterion over all products at once."""
    met = [True] * len(offers)
    for position in range(len(offers[0].criteria)):
        column = [offer.criteria[position] for offer in offers]
        for k, verdict in enumerate(verdicts_over_products(column, FACTS)):  # type: ignore[arg-type]
            met[k] = met[k] and verdict is True
    return {offers[k].version_id for k, answer in enumerate(met) if answer}
