"""用电, 用水 and 用气: unbroken payment, arrears, consumption. One row per month."""

import polars as pl

from apps.profiles.frames import divide_half_up, growth_bps
from apps.profiles.indicators.definition import Indicator, Unit
from apps.profiles.indicators.runs import last_year, months_unbroken, this_year

_POWER = ("power",)
_NO_POWER = "没有收到该企业的用电记录"

_k = pl.col("k")
_quarter = _k < 3
_same_quarter = _k.is_between(12, 14)
_kwh_e4 = pl.col("quantity_e4")
_months_measured = (this_year & pl.col("measured")).sum()
_kwh_this_year = _kwh_e4.filter(this_year).sum()


def _measured(window: pl.Expr, months: int) -> pl.Expr:
    return (window & pl.col("measured")).sum() == months


# Mean absolute deviation over the mean, in integers: Σ|n·x − Σx| / (n·Σx).
_deviation = (_kwh_e4.filter(this_year & pl.col("measured")) * _months_measured - _kwh_this_year).abs().sum()


def _months(slug: str, item: str, name: str) -> Indicator:
    """A bill that may still be paid in time does not break the run."""
    return Indicator(
        slug=f"{slug}_months",
        label=f"{name}连续无欠费月数",
        unit=Unit.MONTHS,
        items=(item,),
        window="到最近报送月份为止",
        missing=f"没有收到该企业的用{name[0]}记录",
        sentence=f"从最近报送的一个月往前数，连续多少个月的{name}没有过期未缴；没有账单的月份会中断。",
        view=slug,
        expression=months_unbroken(~pl.col("overdue")),
        evidence=pl.col("overdue"),
    )


def _arrears(slug: str, item: str, name: str) -> Indicator:
    return Indicator(
        slug=f"{slug}_arrears_months",
        label=f"用{name[0]}欠费月数",
        unit=Unit.MONTHS,
        items=(item,),
        window="最近12个月",
        missing=f"没有收到该企业的用{name[0]}记录",
        sentence=f"最近12个月的{name}中，到画像日期已过缴费期限仍未缴的月数。",
        view=slug,
        expression=(pl.col("overdue") & this_year).sum(),
        evidence=pl.col("overdue") & this_year,
    )


UTILITIES = (
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
        expression=pl.when(_measured(this_year, 12) & _measured(last_year, 12)).then(
            growth_bps(_kwh_this_year, _kwh_e4.filter(last_year).sum())
        ),
    ),
    Indicator(
        slug="power_yoy_3m_pct",
        label="近3个月用电量同比",
        unit=Unit.PCT,
        items=_POWER,
        window="最近3个月比一年前同期",
        missing="最近3个月或一年前同期有月份没有用电记录",
        sentence="最近3个月的用电量比一年前同样3个月增长了百分之几；同期相比，淡旺季不影响。",
        view="power",
        expression=pl.when(_measured(_quarter, 3) & _measured(_same_quarter, 3)).then(
            growth_bps(_kwh_e4.filter(_quarter).sum(), _kwh_e4.filter(_same_quarter).sum())
        ),
        evidence=_quarter,
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
        evidence=this_year,
    ),
    _arrears("power", "power", "电费"),
    Indicator(
        slug="power_late_months_12m",
        label="用电逾期缴费月数",
        unit=Unit.MONTHS,
        items=_POWER,
        window="最近12个月",
        missing=_NO_POWER,
        sentence="最近12个月的电费中，过了缴费期限才缴或至今未缴的月数。",
        view="power",
        expression=(pl.col("late") & this_year).sum(),
        evidence=pl.col("late") & this_year,
    ),
    _months("power", "power", "电费"),
    _months("water", "water", "水费"),
    _arrears("water", "water", "水费"),
    _months("gas", "gas", "气费"),
    _arrears("gas", "gas", "气费"),
)
