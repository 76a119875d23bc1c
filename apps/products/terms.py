"""What a product offers, and the conditions that follow from it. Pure.

Terms are typed columns of a version; amount, term, rate and security of a need are judged against them by the same
language as the bank's own criteria.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from apps.core.errors import InvalidInput
from apps.core.money import round_pct
from apps.criteria.facts import GUARANTEES
from apps.criteria.language import Group, Node, criterion
from apps.criteria.values import CodeSet, Range

TENORS: Final[Mapping[str, str]] = {"1Y": "1年期LPR", "5Y": "5年期以上LPR"}
REPAYMENTS: Final[Mapping[str, str]] = {
    "equal_instalments": "等额本息",
    "equal_principal": "等额本金",
    "monthly_interest": "按月付息、到期还本",
    "quarterly_interest": "按季付息、到期还本",
    "bullet": "到期一次还本付息",
    "revolving": "随借随还",
}
FIRST_LOAN: Final[Mapping[str, str]] = {"accepted": "接受首贷户", "only": "仅限首贷户", "refused": "不接受首贷户"}
RENEWAL: Final[Mapping[str, str]] = {"yes": "可续贷", "no_principal": "可无还本续贷", "no": "不可续贷"}
MAX_TERM_MONTHS: Final = 600
MAX_BPS: Final = 2_000


class InvalidTerms(InvalidInput):
    """Terms that contradict each other; `fields` says which and why."""

    code = "invalid-terms"
    title = "产品条款有误"


@dataclass(frozen=True, slots=True)
class Terms:
    """Amounts in yuan, terms in months, spreads over LPR in basis points (1 BP = 0.01 percentage point).

    A lower bound of None means none; `bps_max` of None means that the bank names only the lowest rate.
    """

    amount_min_yuan: Decimal | None
    amount_max_yuan: Decimal
    term_min_months: int | None
    term_max_months: int
    lpr_tenor: str
    bps_min: int
    bps_max: int | None
    guarantee_types: tuple[str, ...]
    repayment_types: tuple[str, ...]
    promised_days: int | None
    first_loan: str
    renewal: str
    guarantee_note: str = ""
    promised_text: str = ""
    documents: str = ""
    note: str = ""


TERM_FIELDS: Final = tuple(Terms.__dataclass_fields__)


def check_terms(terms: Terms) -> None:
    """Raises InvalidTerms with one sentence for each field at fault."""
    faults: dict[str, str] = {}
    if terms.amount_max_yuan <= 0:
        faults["amount_max_yuan"] = "最高额度应大于零。"
    elif terms.amount_min_yuan is not None and not 0 <= terms.amount_min_yuan <= terms.amount_max_yuan:
        faults["amount_min_yuan"] = "最低额度不能为负，也不能高于最高额度。"
    if not 0 < terms.term_max_months <= MAX_TERM_MONTHS:
        faults["term_max_months"] = f"最长期限应为 1 至 {MAX_TERM_MONTHS} 个月。"
    elif terms.term_min_months is not None and not 0 < terms.term_min_months <= terms.term_max_months:
        faults["term_min_months"] = "最短期限应大于零，且不能长于最长期限。"
    if terms.lpr_tenor not in TENORS:
        faults["lpr_tenor"] = "请选择 LPR 期限品种。"
    if abs(terms.bps_min) > MAX_BPS:
        faults["bps_min"] = f"基点应在 -{MAX_BPS} 至 {MAX_BPS} 之间。"
    if terms.bps_max is not None and not terms.bps_min <= terms.bps_max <= MAX_BPS:
        faults["bps_max"] = f"最高基点不能低于最低基点，也不能超过 {MAX_BPS}。"
    if terms.promised_days is not None and terms.promised_days < 0:
        faults["promised_days"] = "放款时效不能为负。"
    faults |= _codes_at_fault(terms)
    if faults:
        raise InvalidTerms(next(iter(faults.values())), fields=faults)


def _codes_at_fault(terms: Terms) -> dict[str, str]:
    faults = {}
    if not terms.guarantee_types or not set(terms.guarantee_types) <= GUARANTEES.keys():
        faults["guarantee_types"] = "请至少选择一种担保方式。"
    if not terms.repayment_types or not set(terms.repayment_types) <= REPAYMENTS.keys():
        faults["repayment_types"] = "请至少选择一种还款方式。"
    if terms.first_loan not in FIRST_LOAN:
        faults["first_loan"] = "请说明是否接受首贷户。"
    if terms.renewal not in RENEWAL:
        faults["renewal"] = "请说明是否可以续贷。"
    return faults


def rate_pct(lpr_pct: Decimal, bps: int) -> Decimal:
    """Annual rate in percent: LPR + BP / 100 (domain §8.1), two places."""
    return round_pct(lpr_pct + Decimal(bps) / 100)


def platform_criteria() -> tuple[Node, ...]:
    """What the platform itself demands of every applicant (domain §6.3): alive, and on no list that blocks credit."""
    return (criterion("status_active"), criterion("no_block_application"))


def criteria_of_terms(terms: Terms, lowest_rate_pct: Decimal) -> tuple[Node, ...]:
    """The conditions that the terms set to a need: amount, term, rate, security, first loan, renewal."""
    nodes: list[Node] = [
        criterion("amount_within", Range(terms.amount_min_yuan or Decimal(0), terms.amount_max_yuan)),
        criterion("term_within", Range(terms.term_min_months or 0, terms.term_max_months)),
        criterion("rate_acceptable", lowest_rate_pct),
        _security(terms.guarantee_types),
    ]
    if terms.first_loan == "only":
        nodes.append(criterion("first_loan_only"))
    if terms.first_loan == "refused":
        nodes.append(criterion("no_first_loan"))
    if terms.renewal == "no":
        nodes.append(criterion("purpose_not_in", CodeSet(("renewal",), frozenset({"renewal"}))))
    return tuple(nodes)


def _security(types: tuple[str, ...]) -> Node:
    parts = tuple(criterion("offers_guarantee", kind) for kind in types)
    return parts[0] if len(parts) == 1 else Group("any", parts)
