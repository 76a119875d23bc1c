"""社会保险 and 用电: unbroken payment, arrears, headcount, consumption. One row per month."""

import polars as pl

from apps.profiles.frames import divide_half_up, growth_bps
from apps.profiles.indicators.definition import Indicator, Unit

_SOCIAL = ("social_insurance",)
_POWER = ("power",)
_NO_SOCIAL = "没有收到该企业的社保缴费记录"
_NO_POWER = "没有收到该企业的用电记录"

_k = pl.col("k")
_this_year = _k < 12
_last_year = _k.is_between(12, 23)

# Months settled, counted back: a month stands in the unbroken run where as many settled months lie after it.
_settled = _k.filter(pl.col("settled")).sort()
_unbroken = (_settled == pl.int_range(0, _settled.len())).sum()

_kwh_e4 = pl.col("quantity_e4")
_months_measured = (_this_year & pl.col("measured")).sum()
_kwh_this_year = _kwh_e4.filter(_this_year).sum()


def _full(window: pl.Expr) -> pl.Expr:
    return (window & pl.col("measured")).sum() == 12


# Mean absolute deviation over the mean, in integers: Σ|n·x − Σx| / (n·Σx).
_deviation = (_kwh_e4.filter(_this_year & pl.col("measured")) * _months_measured - _kwh_this_year).abs().sum()

DUTIES = (
    Indicator(
        slug="social_months",
        label="社保连续缴费月数",
        unit=Unit.MONTHS,
        items=_SOCIAL,
        window="到最近报送月份为止",
        missing=_NO_SOCIAL,
        sentence="从部门已报送的最近一个月往前数，连续足额缴纳了多少个月；最近一个月没缴清就是0。",
        view="social",
        expression=_unbroken,
        evidence=pl.col("overdue"),
    ),
    Indicator(
        slug="social_headcount",
        label="参保人数",
        unit=Unit.PERSONS,
        items=_SOCIAL,
        window="最近12个月中最近有记录的一个月",
        missing="最近12个月没有收到参保人数",
        sentence="最近一次申报的缴费人数。",
        view="social",
        expression=pl.col("headcount")
        .filter(_this_year & pl.col("counted"))
        .sort_by(_k.filter(_this_year & pl.col("counted")))
        .first(),
    ),
    Indicator(
        slug="social_headcount_change_pct",
        label="参保人数变化",
        unit=Unit.PCT,
        items=_SOCIAL,
        window="最近报送月份比12个月前",
        missing="最近报送月份或12个月前没有参保人数",
        sentence="参保人数比一年前同月增减了百分之几。",
        view="social",
        expression=growth_bps(
            pl.col("headcount").filter((_k == 0) & pl.col("counted")).first(),
            pl.col("headcount").filter((_k == 12) & pl.col("counted")).first(),
        ),
        evidence=_k.is_in([0, 12]),
    ),
    Indicator(
        slug="social_arrears_months",
        label="社保欠费月数",
        unit=Unit.MONTHS,
        items=_SOCIAL,
        window="最近12个月",
        missing=_NO_SOCIAL,
        sentence="最近12个月里到画像日期仍没有足额缴纳的月数。",
        view="social",
        expression=(pl.col("overdue") & _this_year).sum(),
        evidence=pl.col("overdue") & _this_year,
    ),
    Indicator(
        slug="power_kwh_12m",
        label="近12个月用电量",
        unit=Unit.KWH,
        items=_POWER,
        window="最近12个月",
        missing=_NO_POWER,
        sentence="最近12个月各户号用电量合计，四舍五入到千瓦时。",
        view="power",
        expression=pl.when(_months_measured > 0).then(divide_half_up(_kwh_this_year, pl.lit(10_000))),
    ),
    Indicator(
        slug="power_growth_pct",
        label="用电量增长率",
        unit=Unit.PCT,
        items=_POWER,
        window="最近12个月比之前12个月",
        missing="两个12个月中有月份没有用电记录",
        sentence="最近12个月的用电量比之前12个月增长了百分之几；任一月份缺记录就不计算。",
        view="power",
        expression=pl.when(_full(_this_year) & _full(_last_year)).then(
            growth_bps(_kwh_this_year, _kwh_e4.filter(_last_year).sum())
        ),
    ),
    Indicator(
        slug="power_volatility_pct",
        label="用电量波动",
        unit=Unit.PCT,
        items=_POWER,
        window="最近12个月",
        missing="最近12个月中有用电记录的不足6个月",
        sentence="各月用电量偏离月均值的平均幅度，占月均值的百分之几。",
        view="power",
        expression=pl.when(_months_measured >= 6).then(
            divide_half_up(_deviation, _kwh_this_year * _months_measured, scale=10_000)
        ),
        evidence=_this_year,
    ),
    Indicator(
        slug="power_arrears_months",
        label="用电欠费月数",
        unit=Unit.MONTHS,
        items=_POWER,
        window="最近12个月",
        missing=_NO_POWER,
        sentence="最近12个月的电费中，到画像日期已过缴费期限仍未缴的月数。",
        view="power",
        expression=(pl.col("overdue") & _this_year).sum(),
        evidence=pl.col("overdue") & _this_year,
    ),
    Indicator(
        slug="power_late_months_12m",
        label="用电逾期缴费月数",
        unit=Unit.MONTHS,
        items=_POWER,
        window="最近12个月",
        missing=_NO_POWER,
        sentence="最近12个月的电费中，过了缴费期限才缴或至今未缴的月数。",
        view="power",
        expression=(pl.col("late") & _this_year).sum(),
        evidence=pl.col("late") & _this_year,
    ),
)
