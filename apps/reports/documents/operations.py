"""Chapter 二: operation, tax, social insurance and power over the last twelve months delivered. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from apps.reports.documents.material import Material
from apps.reports.documents.parts import (
    NEWEST_SHOWN,
    NOTHING,
    Chart,
    Column,
    Fact,
    Section,
    Table,
    bar_chart,
    left_out,
    table,
)
from apps.reports.documents.wording import day, money, number, percent

MONTHS = 12
_TEN_THOUSAND = Decimal(10_000)


@dataclass
class Month:
    """What was due, paid and measured in one month."""

    due_yuan: Decimal = Decimal(0)
    paid_yuan: Decimal = Decimal(0)
    arrears_yuan: Decimal = Decimal(0)
    base_yuan: Decimal | None = None
    quantity: Decimal | None = None
    headcount: int | None = None
    paid_on: list[date] = field(default_factory=list)
    is_paid: bool = True


def operations(material: Material) -> Section:
    """The chapter; a kind of payment without any record says so."""
    profile = material.profile
    tax = by_month(material.payments.get("tax_payment", ()), is_base=_is_vat)
    social = by_month(material.payments.get("social_insurance", ()))
    power = by_month(material.payments.get("power", ()))
    charts = (
        _chart("申报销售额", "万元", tax, lambda month: month.base_yuan, scale=_TEN_THOUSAND),
        _chart("社保参保人数", "人", social, lambda month: month.headcount),
        _chart("用电量", "千瓦时", power, lambda month: month.quantity),
    )
    return Section(
        "二",
        "经营、纳税、社保与用电",
        f"数据截至 {day(profile.data_as_of_on)}",
        "授权查询信息；各表列最近 12 个已报送月份",
        facts=_facts(profile),
        charts=tuple(chart for chart in charts if chart),
        tables=(_grades(material), _tax(tax), _social(social), _power(power), _bids(material)),
    )


def _is_vat(row: Any) -> bool:
    # Rows of 企业所得税 carry the revenue since the beginning of the year: only 增值税 may be added up by month.
    return bool(row.key_text.startswith("增值税"))


def by_month(rows: Iterable[Any], is_base: Any = None) -> Mapping[date, Month]:
    """Payments added up by the month in which their period ends: the newest twelve that have any, oldest first."""
    months: dict[date, Month] = defaultdict(Month)
    for row in rows:
        month = months[row.period_end_on.replace(day=1)]
        month.due_yuan += row.due_yuan or 0
        month.paid_yuan += row.paid_yuan or 0
        month.arrears_yuan += row.arrears_yuan or 0
        if row.base_yuan is not None and (is_base is None or is_base(row)):
            month.base_yuan = (month.base_yuan or Decimal(0)) + row.base_yuan
        if row.quantity is not None:
            month.quantity = (month.quantity or Decimal(0)) + row.quantity
        if row.headcount is not None:
            month.headcount = (month.headcount or 0) + row.headcount
        if row.paid_on:
            month.paid_on.append(row.paid_on)
        else:
            month.is_paid = False
    return {start: months[start] for start in sorted(months)[-MONTHS:]}


def _facts(profile: Any) -> tuple[Fact, ...]:
    return (
        Fact("纳税缴费信用", f"{profile.tax_grade} 级" if profile.tax_grade else NOTHING),
        Fact("近12个月实缴税额", money(profile.tax_paid_12m_yuan)),
        Fact("近12个月申报销售额", money(profile.declared_sales_12m_yuan)),
        Fact("申报销售额增长", percent(profile.declared_sales_growth_pct)),
        Fact("欠税余额", money(profile.tax_arrears_yuan)),
        Fact("社保连续缴费", _unit(profile.social_months, "个月")),
        Fact("参保人数", _unit(profile.social_headcount, "人")),
        Fact("社保欠费月数", _unit(profile.social_arrears_months, "个月")),
        Fact("近12个月用电量", _unit(profile.power_kwh_12m, "千瓦时")),
        Fact("用电量增长", percent(profile.power_growth_pct)),
    )


def _unit(value: int | None, unit: str) -> str:
    return NOTHING if value is None else f"{number(value)}{unit}"


def _chart(
    title: str, unit: str, months: Mapping[date, Month], figure: Any, scale: Decimal = Decimal(1)
) -> Chart | None:
    points = []
    for start, month in months.items():
        value = figure(month)
        shown = None if value is None else Decimal(value) / scale
        points.append((f"{start:%y-%m}", shown, "" if shown is None else number(shown)))
    return bar_chart(title, unit, points) if points else None


def _grades(material: Material) -> Table:
    return table(
        "纳税缴费信用级别",
        (Column("评价年度", is_short=True), Column("级别", is_short=True), Column("评价机关")),
        [(row["key_text"], row["class_text"], row["authority"]) for row in material.events.get("tax_grade", ())],
        empty=material.none_or_unknown("tax_grade", "没有纳税缴费信用级别记录。"),
    )


def _bids(material: Material) -> Table:
    bids = material.events.get("bid_won", ())
    return table(
        "中标结果",
        (Column("中标日期", is_short=True), Column("项目"), Column("发布机构"), Column("中标金额", is_figure=True)),
        [
            (day(row["occurred_on"]), row["title"] or row["key_text"], row["authority"], money(row["amount_yuan"]))
            for row in bids[:NEWEST_SHOWN]
        ],
        empty=material.none_or_unknown("bid_won", "没有中标记录。"),
        note=left_out(len(bids)),
    )


def _tax(months: Mapping[date, Month]) -> Table:
    columns = ("所属月份", "应纳税额", "已缴税额", "欠缴", "申报销售额（增值税）")
    return _table(
        "纳税",
        columns,
        [
            (_month(start), *map(money, (row.due_yuan, row.paid_yuan, row.arrears_yuan, row.base_yuan)))
            for start, row in months.items()
        ],
    )


def _social(months: Mapping[date, Month]) -> Table:
    return _table(
        "社会保险缴费",
        ("费款所属月份", "参保人数", "缴费基数", "应缴", "已缴", "最晚缴费日期"),
        [
            (
                _month(start),
                number(row.headcount),
                *map(money, (row.base_yuan, row.due_yuan, row.paid_yuan)),
                day(max(row.paid_on, default=None)),
            )
            for start, row in months.items()
        ],
    )


def _power(months: Mapping[date, Month]) -> Table:
    return _table(
        "用电",
        ("月份", "用电量（千瓦时）", "电费", "最晚缴费日期", "是否缴清"),
        [
            (
                _month(start),
                number(row.quantity),
                money(row.due_yuan),
                day(max(row.paid_on, default=None)),
                "已缴清" if row.is_paid else "未缴清",
            )
            for start, row in months.items()
        ],
    )


def _month(start: date) -> str:
    return f"{start:%Y-%m}"


def _table(caption: str, labels: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    columns = (Column(labels[0]), *(Column(label, is_figure=True) for label in labels[1:]))
    return table(caption, columns, rows, empty="没有该项数据，不能判断缴费情况。")
