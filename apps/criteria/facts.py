"""The facts that criteria may ask for: their names, kinds, types and where they come from.

A firm's facts are the columns of its profile (same names); those of `need` and of the pair firm and bank are supplied
by `matching`. A name with `{}` is a family, one fact for each code. A fact that nobody supplied is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apps.criteria.values import Amount, Choice, Coded, Codes, Flag, Percent, Rate, ValueType, Whole

TAX_GRADES: Final[Mapping[str, str]] = {"A": "A", "B": "B", "M": "M", "C": "C", "D": "D"}  # best first
SIZES: Final[Mapping[str, str]] = {"micro": "微型", "small": "小型", "medium": "中型", "large": "大型"}
SUBJECT_KINDS: Final[Mapping[str, str]] = {
    "enterprise": "企业",
    "sole_trader": "个体工商户",
    "cooperative": "农民专业合作社",
    "other": "其他主体",
}
STATUSES: Final[Mapping[str, str]] = {"active": "存续", "cancelled": "注销", "revoked": "吊销", "moved_out": "迁出"}
GUARANTEES: Final[Mapping[str, str]] = {"credit": "信用", "mortgage": "抵押", "guarantee": "保证", "pledge": "质押"}
PURPOSES: Final[Mapping[str, str]] = {
    "working_capital": "流动资金周转",
    "raw_materials": "采购原材料",
    "wages": "支付工资",
    "equipment": "购置设备",
    "upgrade": "技术改造",
    "plant": "厂房改扩建",
    "shop": "店面装修",
    "renewal": "续贷(归还到期贷款)",
    "other": "其他经营用途",
}
QUALIFICATIONS: Final[Mapping[str, str]] = {
    "high_tech": "高新技术企业",
    "technology_sme": "科技型中小企业",
    "innovative": "创新型中小企业",
    "specialised_province": "省级专精特新中小企业",
    "specialised_state": "国家级专精特新“小巨人”企业",
    "agricultural": "新型农业经营主体",
}


class FactKind(StrEnum):
    """Whose fact it is: the firm's, the need's, or that of firm and bank together."""

    FIRM = "firm"
    NEED = "need"
    PAIR = "pair"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `item` is the catalogue item whose delivery would supply it (the first where there are several; empty
    where it follows from many); the firm itself supplies its need.
    """

    name: str
    label: str
    type: ValueType
    kind: FactKind = FactKind.FIRM
    item: str = ""


_MONTHS = Whole("个月")
_PEOPLE = Whole("人")

_FACTS: Final = (
    Fact("region_code", "登记地区", Coded((6,)), item="registration"),
    Fact("industry_code", "所属行业", Coded((5, 4, 3, 1)), item="registration"),
    Fact("kind", "主体类型", Choice(SUBJECT_KINDS), item="registration"),
    Fact("status", "登记状态", Choice(STATUSES), item="registration"),
    Fact("size_class", "企业规模", Choice(SIZES), item="registration"),
    Fact("age_months", "成立时间", _MONTHS, item="registration"),
    Fact("registered_capital_yuan", "注册资本", Amount(), item="registration"),
    Fact("annual_revenue_yuan", "年营业收入", Amount(), item="registration"),
    Fact("tax_grade", "纳税缴费信用级别", Choice(TAX_GRADES), item="tax_grade"),
    Fact("tax_paid_12m_yuan", "近12个月纳税额", Amount(), item="tax_payment"),
    Fact("declared_sales_12m_yuan", "近12个月申报销售额", Amount(), item="tax_payment"),
    Fact("declared_sales_growth_pct", "申报销售额同比", Percent(), item="tax_payment"),
    Fact("tax_arrears_yuan", "欠税余额", Amount(), item="tax_payment"),
    Fact("social_months", "社保连续缴费月数", _MONTHS, item="social_insurance"),
    Fact("social_headcount", "参保人数", _PEOPLE, item="social_insurance"),
    Fact("social_arrears_months", "社保欠费月数", _MONTHS, item="social_insurance"),
    Fact("power_kwh_12m", "近12个月用电量", Whole("千瓦时"), item="power"),
    Fact("power_growth_pct", "用电量同比", Percent(), item="power"),
    Fact("power_arrears_months", "近12个月电费欠缴月数", _MONTHS, item="power"),
    Fact("penalties_general", "公示期内一般行政处罚", Whole("件"), item="penalty"),
    Fact("penalties_serious", "公示期内严重行政处罚", Whole("件"), item="penalty"),
    Fact("is_dishonest_debtor", "失信被执行人", Flag(), item="dishonest_debtor"),
    Fact("has_block_application", "阻断融资申请的失信记录", Flag()),
    Fact("has_block_whitelist", "不得列入白名单的失信记录", Flag()),
    Fact("listed_{}", "名单记录", Flag()),
    Fact("qualifications", "资质荣誉", Codes(QUALIFICATIONS), item="technology_firm"),
    Fact("invention_patents", "有效发明专利", Whole("件"), item="intellectual_property"),
    Fact("score", "平台信用评分", Whole("分")),
    Fact("coverage_pct", "数据覆盖率", Percent()),
    Fact("need_amount_yuan", "融资金额", Amount(), FactKind.NEED),
    Fact("need_term_months", "融资期限", _MONTHS, FactKind.NEED),
    Fact("need_purpose", "资金用途", Choice(PURPOSES), FactKind.NEED),
    Fact("need_max_rate_pct", "可接受最高年利率", Rate(), FactKind.NEED),
    Fact("need_offers_{}", "可提供的担保", Flag(), FactKind.NEED),
    Fact("is_first_loan", "首次贷款", Flag(), FactKind.PAIR),
    Fact("is_existing_customer", "该行存量客户", Flag(), FactKind.PAIR),
)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for fact in _FACTS}


def fact_named(name: str) -> Fact:
    """The definition behind a name, members of a family included. Raises KeyError for any other name."""
    if found := FACTS.get(name):
        return found
    for family in FACTS.values():
        prefix = family.name.partition("{}")[0]
        if prefix != family.name and name.startswith(prefix):
            return family
    raise KeyError(name)


def is_fact(name: str) -> bool:
    """Whether criteria may ask for a fact of this name."""
    try:
        fact_named(name)
    except KeyError:
        return False
    return True
