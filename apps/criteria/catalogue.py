"""What a bank, an authority or a policy may require: every criterion, its parameter and its one comparison.

A comparison is written with ordinary operators over facts and a parameter. The same line judges one firm in plain
Python, a column of firms, or a column of products (see `evaluation` and `columns`). It never sees a missing fact.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.criteria import facts
from apps.criteria.values import (
    Amount,
    Between,
    Choice,
    Choices,
    Named,
    Nothing,
    Percent,
    Rate,
    Regions,
    Text,
    ValueType,
    Whole,
)

INDUSTRY_PREFIXES: Final = (1, 3, 4, 5)  # 门类, 大类, 中类, 小类 of GB/T 4754 with the letter in front
DEFAULT_CODES: Final = ("met", "not_met", "unknown")


@dataclass(frozen=True, slots=True)
class Definition:
    """One kind of criterion.

    `demand` says it in Chinese and `facts` are the names it reads, both with `{}` for the parameter. `codes` are the
    codes it can come to, one sentence template each. `nearest(fact, parameter)` is the closest value of a fact that
    the firm can change, at which it would be met.
    """

    slug: str
    label: str
    demand: str
    facts: tuple[str, ...]
    parameter: ValueType
    compare: Callable[..., Any]
    codes: tuple[str, ...] = DEFAULT_CODES
    nearest: Callable[[Any, Any], Any] | None = None

    def fact_names(self, parameter: Any) -> tuple[str, ...]:
        """The facts it reads with this parameter."""
        return tuple(name.format(parameter) for name in self.facts)


def _within(fact: Any, allowed: Any) -> Any:
    return allowed.holds(fact)


def _at_least(fact: Any, least: Any) -> Any:
    return fact >= least


def _at_most(fact: Any, most: Any) -> Any:
    return fact <= most


def _in_industry(code: Any, allowed: Any) -> Any:
    return allowed.holds_prefix_of(code, INDUSTRY_PREFIXES)


def _yes(fact: Any, _: Any) -> Any:
    return fact & True


def _no(fact: Any, _: Any) -> Any:
    return fact ^ True


def _nought(fact: Any, _: Any) -> Any:
    return fact == 0


def _not_in_industry(code: Any, refused: Any) -> Any:
    return _in_industry(code, refused) ^ True


def _outside(fact: Any, refused: Any) -> Any:
    return refused.holds(fact) ^ True


def _active(status: Any, _: Any) -> Any:
    return status == "active"


def _holds_any(held: Any, accepted: Any) -> Any:
    return accepted.overlaps(held)


def _undecided(_: Any) -> None:
    return None


def _clamp(fact: Any, bounds: Any) -> Any:
    return min(max(fact, bounds.low), bounds.high)


def _bound(_: Any, bound: Any) -> Any:
    return bound


_MONTHS = Whole("个月")
_INDUSTRIES = Named("行业")

_DEFINITIONS: Final = (
    Definition("region_within", "登记地区", "登记在{}", ("region_code",), Regions(), _within),
    Definition("industry_in", "所属行业", "属于{}", ("industry_code",), _INDUSTRIES, _in_industry),
    Definition("industry_not_in", "除外行业", "不属于{}", ("industry_code",), _INDUSTRIES, _not_in_industry),
    Definition("size_in", "企业规模", "规模为{}企业", ("size_class",), Choices(facts.SIZES), _within),
    Definition("subject_kind_in", "主体类型", "主体类型为{}", ("kind",), Choices(facts.SUBJECT_KINDS), _within),
    Definition("status_active", "登记状态", "登记状态为存续", ("status",), Nothing(), _active),
    Definition("age_months_min", "成立时间", "成立不少于{}", ("age_months",), _MONTHS, _at_least),
    Definition("capital_min", "注册资本", "注册资本不低于{}", ("registered_capital_yuan",), Amount(), _at_least),
    Definition(
        "tax_grade_in", "纳税缴费信用级别", "纳税缴费信用级别为{}", ("tax_grade",), Choices(facts.TAX_GRADES), _within
    ),
    Definition("tax_paid_min", "近12个月纳税额", "近12个月纳税不低于{}", ("tax_paid_12m_yuan",), Amount(), _at_least),
    Definition(
        "declared_sales_min",
        "近12个月申报销售额",
        "近12个月申报销售额不低于{}",
        ("declared_sales_12m_yuan",),
        Amount(),
        _at_least,
    ),
    Definition(
        "sales_growth_min",
        "申报销售额同比",
        "申报销售额同比不低于{}",
        ("declared_sales_growth_pct",),
        Percent(),
        _at_least,
    ),
    Definition("social_months_min", "社保连续缴费", "社保连续缴费不少于{}", ("social_months",), _MONTHS, _at_least),
    Definition("social_headcount_min", "参保人数", "参保人数不少于{}", ("social_headcount",), Whole("人"), _at_least),
    Definition("no_social_arrears", "社保欠费", "无社保欠费", ("social_arrears_months",), Nothing(), _nought),
    Definition(
        "annual_revenue_min", "年营业收入下限", "年营业收入不低于{}", ("annual_revenue_yuan",), Amount(), _at_least
    ),
    Definition(
        "annual_revenue_max", "年营业收入上限", "年营业收入不高于{}", ("annual_revenue_yuan",), Amount(), _at_most
    ),
    Definition("no_tax_arrears", "欠税", "无欠税", ("tax_arrears_yuan",), Nothing(), _nought),
    Definition("power_no_arrears", "电费缴纳", "近12个月电费无欠缴", ("power_arrears_months",), Nothing(), _nought),
    Definition(
        "penalties_serious_max",
        "严重行政处罚",
        "公示期内严重行政处罚不超过{}",
        ("penalties_serious",),
        Whole("件"),
        _at_most,
    ),
    Definition("no_dishonest_debtor", "失信被执行人", "不是失信被执行人", ("is_dishonest_debtor",), Nothing(), _no),
    Definition(
        "no_block_application",
        "阻断融资的失信记录",
        "没有阻断融资申请的失信记录",
        ("has_block_application",),
        Nothing(),
        _no,
    ),
    Definition(
        "no_block_whitelist",
        "不得列入白名单的记录",
        "没有不得列入白名单的失信记录",
        ("has_block_whitelist",),
        Nothing(),
        _no,
    ),
    Definition("not_listed", "名单记录", "不在“{}”名单", ("listed_{}",), Named("名单", single=True), _no),
    Definition(
        "qualification_any",
        "资质荣誉",
        "具有{}资质之一",
        ("qualifications",),
        Choices(facts.QUALIFICATIONS),
        _holds_any,
    ),
    Definition("patents_min", "有效发明专利", "有效发明专利不少于{}", ("invention_patents",), Whole("件"), _at_least),
    Definition("score_min", "平台信用评分", "平台信用评分不低于{}", ("score",), Whole("分"), _at_least),
    Definition("coverage_min", "数据覆盖率", "数据覆盖率不低于{}", ("coverage_pct",), Percent(), _at_least),
    Definition(
        "amount_within", "融资金额", "融资金额为{}", ("need_amount_yuan",), Between(Amount()), _within, nearest=_clamp
    ),
    Definition(
        "term_within", "融资期限", "融资期限为{}", ("need_term_months",), Between(_MONTHS), _within, nearest=_clamp
    ),
    Definition(
        "rate_acceptable",
        "利率",
        "可接受的年利率不低于{}",
        ("need_max_rate_pct",),
        Rate(),
        _at_least,
        nearest=_bound,
    ),
    Definition("offers_guarantee", "担保方式", "可提供{}担保", ("need_offers_{}",), Choice(facts.GUARANTEES), _yes),
    Definition("purpose_in", "资金用途", "资金用途为{}", ("need_purpose",), Choices(facts.PURPOSES), _within),
    Definition("purpose_not_in", "除外用途", "资金用途不是{}", ("need_purpose",), Choices(facts.PURPOSES), _outside),
    Definition("first_loan_only", "仅限首贷", "须为首次贷款", ("is_first_loan",), Nothing(), _yes),
    Definition("no_first_loan", "不含首贷", "须已有贷款记录（不含首贷户）", ("is_first_loan",), Nothing(), _no),
    Definition("existing_customer", "存量客户", "须为该行存量客户", ("is_existing_customer",), Nothing(), _yes),
    Definition("manual", "人工核实", "人工核实：{}", (), Text(), _undecided, codes=("unknown",)),
)

CATALOGUE: Final[Mapping[str, Definition]] = {definition.slug: definition for definition in _DEFINITIONS}

GROUPS: Final[Mapping[str, str]] = {"all": "须全部符合", "any": "符合其中之一", "none": "均不得符合"}
