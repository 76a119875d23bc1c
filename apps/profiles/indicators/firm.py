"""The firm as registered: age, capital, state, annual report."""

import polars as pl

from apps.profiles.frames import divide_half_up, full_months
from apps.profiles.indicators.definition import Indicator, Unit

_ITEMS = ("registration",)
_CURRENT = "现行登记"
_NO_ROW = "没有登记信息，或登记信息未填此项"

_as_of = pl.col("as_of_on")
# Annual reports of a year are due by 30 June of the next (domain §5.2).
_report_due = _as_of.dt.year() - pl.when(_as_of.dt.month() > 6).then(1).otherwise(2)
_reported = pl.col("annual_report_year") >= _report_due
_not_yet_due = pl.col("from_on").dt.year() > _report_due

FIRM = (
    Indicator(
        slug="age_months",
        label="存续时间",
        unit=Unit.MONTHS,
        items=_ITEMS,
        window="成立日期至画像日期，满月计",
        missing=_NO_ROW,
        sentence="从营业执照上的成立日期算起，经营了多少个整月。",
        view="registration",
        expression=full_months(pl.col("from_on"), _as_of).first(),
    ),
    Indicator(
        slug="registered_capital_yuan",
        label="注册资本",
        unit=Unit.YUAN,
        items=_ITEMS,
        window=_CURRENT,
        missing=_NO_ROW,
        sentence="登记的注册资本；个体工商户为资金数额，合作社为出资总额。",
        view="registration",
        expression=pl.col("value_fen").first(),
    ),
    Indicator(
        slug="paid_in_capital_yuan",
        label="实缴资本",
        unit=Unit.YUAN,
        items=_ITEMS,
        window=_CURRENT,
        missing=_NO_ROW,
        sentence="登记的实际缴纳的资本。",
        view="registration",
        expression=pl.col("paid_in_capital_fen").first(),
    ),
    Indicator(
        slug="paid_in_ratio_pct",
        label="实缴比例",
        unit=Unit.PCT,
        items=_ITEMS,
        window=_CURRENT,
        missing="注册资本或实缴资本未登记",
        sentence="实缴资本占注册资本的百分比。",
        view="registration",
        derived=True,
        expression=divide_half_up(pl.col("paid_in_capital_fen"), pl.col("registered_capital_fen"), scale=10_000),
    ),
    Indicator(
        slug="status",
        label="登记状态",
        unit=Unit.TEXT,
        items=_ITEMS,
        window=_CURRENT,
        missing=_NO_ROW,
        sentence="市场监管部门登记的状态。",
        view="registration",
        expression=pl.col("status").first(),
    ),
    Indicator(
        slug="industry_code",
        label="行业代码",
        unit=Unit.TEXT,
        items=_ITEMS,
        window=_CURRENT,
        missing=_NO_ROW,
        sentence="登记的国民经济行业分类（GB/T 4754）。",
        view="registration",
        expression=pl.col("industry_code").first(),
    ),
    Indicator(
        slug="annual_report_year",
        label="最近年报年度",
        unit=Unit.YEAR,
        items=_ITEMS,
        window=_CURRENT,
        missing="没有公示过年报，或登记信息未填此项",
        sentence="最近一次公示的年度报告是哪一年的。",
        view="registration",
        expression=pl.col("annual_report_year").first(),
    ),
    Indicator(
        slug="is_annual_report_current",
        label="年报按期公示",
        unit=Unit.FLAG,
        items=_ITEMS,
        window="每年6月30日前公示上一年度年报",
        missing="没有登记信息",
        sentence="应当公示的最近一个年度的年报是否已经公示；当年新成立的还不用报。",
        view="registration",
        expression=(_reported | _not_yet_due).fill_null(value=False).first(),
        evidence=~(_reported | _not_yet_due).fill_null(value=False),
    ),
    Indicator(
        slug="annual_headcount",
        label="从业人数",
        unit=Unit.PERSONS,
        items=_ITEMS,
        window="最近年报",
        missing="年报未填从业人数",
        sentence="年报中填报的从业人数，用于企业划型。",
        view="registration",
        expression=pl.col("headcount").first(),
    ),
    Indicator(
        slug="annual_revenue_yuan",
        label="年营业收入",
        unit=Unit.YUAN,
        items=_ITEMS,
        window="最近年报",
        missing="年报未填营业收入",
        sentence="年报中填报的营业收入（企业自报），用于企业划型。",
        view="registration",
        expression=pl.col("revenue_fen").first(),
    ),
    Indicator(
        slug="annual_assets_yuan",
        label="资产总额",
        unit=Unit.YUAN,
        items=_ITEMS,
        window="最近年报",
        missing="年报未填资产总额",
        sentence="年报中填报的资产总额（企业自报），用于企业划型。",
        view="registration",
        expression=pl.col("assets_fen").first(),
    ),
)
