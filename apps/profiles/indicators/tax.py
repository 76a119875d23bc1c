"""纳税: grade, tax paid, declared sales, arrears, idle months."""

import polars as pl

from apps.profiles.frames import divide_half_up, growth_bps
from apps.profiles.indicators.definition import Indicator, Unit

_PAYMENTS = ("tax_payment",)
_NO_TAX = "没有收到该企业的申报缴纳记录"
_NO_VAT = "没有收到该企业的增值税申报"

_k = pl.col("k")
_this_year = _k < 12
_last_year = _k.is_between(12, 23)
_two_years = _k < 24
_sales = pl.col("base_fen")
_zero = (_sales == 0).fill_null(value=False)


def _covers(window: pl.Expr) -> pl.Expr:
    """Whether the periods declared fill the twelve months of the window."""
    return pl.col("months").filter(window).sum() == 12


_in_two_years = pl.col("k").filter(_two_years)
_oldest = pl.col("months").filter(_two_years).sort_by(_in_two_years).last()
_newest = pl.col("months").filter(_two_years).sort_by(_in_two_years).first()
# A quarter is declared when it is over: months since the last period count only in whole periods.
_since_last = (_in_two_years.min() // _newest) * _newest
_between = _in_two_years.max() - _in_two_years.min() + _oldest - pl.col("months").filter(_two_years).sum()

# A quarter is declared in one row: three months back hold one quarter or three months, never a part of a quarter.
_quarter = _k < 3
_same_quarter = _k.is_between(12, 14)


def _fills_quarter(window: pl.Expr) -> pl.Expr:
    return pl.col("months").filter(window).sum() == 3


# Mean absolute deviation of the periods from their share of the year, in integers: Σ|12·x − m·Σx| / (12·Σx).
_year_sales = _sales.filter(_this_year).sum().cast(pl.Int128)
_deviation = (
    (_sales.filter(_this_year).cast(pl.Int128) * 12 - pl.col("months").filter(_this_year) * _year_sales).abs().sum()
)

_year = pl.col("key_text").cast(pl.Int64, strict=False)
_years_of_a = _year.filter(pl.col("class_text") == "A").unique().sort(descending=True)
_unbroken_a = ((_year.max() - _years_of_a) == pl.int_range(0, _years_of_a.len())).sum()

TAX = (
    Indicator(
        slug="tax_grade",
        label="纳税缴费信用级别",
        unit=Unit.TEXT,
        items=("tax_grade",),
        window="最近一个评价年度",
        missing="没有收到评价结果（未满一个评价年度的不参评）",
        sentence="税务部门每年4月公布的上一年度级别：A、B、M、C、D。M级为新设等情形，不是差级。",
        view="tax_grade",
        expression=pl.col("class_text").sort_by("key_text", "occurred_on", nulls_last=False).last(),
        evidence=pl.col("class_text") != "A",
    ),
    Indicator(
        slug="tax_grade_previous",
        label="上一年度纳税缴费信用级别",
        unit=Unit.TEXT,
        items=("tax_grade",),
        window="最近评价年度的上一年度",
        missing="没有收到上一年度的评价结果",
        sentence="最近一次评价之前那一年度的级别，用来看升降。",
        view="tax_grade",
        expression=pl.col("class_text").filter(_year == _year.max() - 1).last(),
    ),
    Indicator(
        slug="tax_grade_a_years",
        label="连续A级年度",
        unit=Unit.YEARS,
        items=("tax_grade",),
        window="从最近评价年度往前数",
        missing="没有收到评价结果（未满一个评价年度的不参评）",
        sentence="从最近一个评价年度往前数，连续几个年度是A级；最近年度不是A级就是0。",
        view="tax_grade",
        expression=_unbroken_a,
        evidence=pl.col("class_text") != "A",
    ),
    Indicator(
        slug="tax_paid_12m_yuan",
        label="近12个月实缴税额",
        unit=Unit.YUAN,
        items=_PAYMENTS,
        window="所属期止于最近12个月",
        missing=_NO_TAX,
        sentence="各税种在最近12个月的所属期里实际缴纳的税款合计。",
        view="tax",
        expression=pl.col("paid_then_fen").filter(_this_year).sum(),
    ),
    Indicator(
        slug="tax_paid_24m_yuan",
        label="近24个月实缴税额",
        unit=Unit.YUAN,
        items=_PAYMENTS,
        window="所属期止于最近24个月",
        missing=_NO_TAX,
        sentence="各税种在最近24个月的所属期里实际缴纳的税款合计。",
        view="tax",
        expression=pl.col("paid_then_fen").filter(_two_years).sum(),
    ),
    Indicator(
        slug="tax_paid_growth_pct",
        label="实缴税额增长率",
        unit=Unit.PCT,
        items=_PAYMENTS,
        window="最近12个月比之前12个月",
        missing="24个月前起没有连续的申报，或之前12个月没有缴税",
        sentence="最近12个月实际缴纳的税款比之前12个月增长了百分之几；申报不足24个月就不计算。",
        view="tax",
        expression=pl.when(_k.is_between(21, 23).any()).then(
            growth_bps(
                pl.col("paid_then_fen").filter(_this_year).sum(), pl.col("paid_then_fen").filter(_last_year).sum()
            )
        ),
        evidence=_this_year,
    ),
    Indicator(
        slug="tax_arrears_yuan",
        label="欠税余额",
        unit=Unit.YUAN,
        items=_PAYMENTS,
        window="画像日期的余额",
        missing=_NO_TAX,
        sentence="各税种各所属期的欠税余额合计。",
        view="tax",
        expression=pl.col("arrears_fen").sum(),
        evidence=pl.col("arrears_fen") > 0,
    ),
    Indicator(
        slug="declared_sales_12m_yuan",
        label="近12个月申报销售额",
        unit=Unit.YUAN,
        items=_PAYMENTS,
        window="增值税所属期止于最近12个月",
        missing=_NO_VAT,
        sentence="最近12个月增值税申报的销售额合计。企业所得税申报的是本年累计数，不计入。",
        view="vat",
        expression=pl.when((_this_year & _sales.is_not_null()).any()).then(_sales.filter(_this_year).sum()),
    ),
    Indicator(
        slug="declared_sales_24m_yuan",
        label="近24个月申报销售额",
        unit=Unit.YUAN,
        items=_PAYMENTS,
        window="增值税所属期止于最近24个月",
        missing=_NO_VAT,
        sentence="最近24个月增值税申报的销售额合计。",
        view="vat",
        expression=pl.when((_two_years & _sales.is_not_null()).any()).then(_sales.filter(_two_years).sum()),
    ),
    Indicator(
        slug="declared_sales_growth_pct",
        label="申报销售额增长率",
        unit=Unit.PCT,
        items=_PAYMENTS,
        window="最近12个月比之前12个月",
        missing="两个12个月的增值税申报不完整，或之前12个月销售额为零",
        sentence="最近12个月的申报销售额比之前12个月增长了百分之几；任一月份没有申报就不计算。",
        view="vat",
        expression=pl.when(_covers(_this_year) & _covers(_last_year)).then(
            growth_bps(_sales.filter(_this_year).sum(), _sales.filter(_last_year).sum())
        ),
        evidence=_this_year,
    ),
    Indicator(
        slug="declared_sales_yoy_3m_pct",
        label="近3个月申报销售额同比",
        unit=Unit.PCT,
        items=_PAYMENTS,
        window="最近3个月（或最近一季）比一年前同期",
        missing="最近3个月或一年前同期的增值税申报不完整，或一年前同期销售额为零",
        sentence="最近3个月的申报销售额比一年前同样3个月增长了百分之几；同期相比，淡旺季不影响。",
        view="vat",
        expression=pl.when(_fills_quarter(_quarter) & _fills_quarter(_same_quarter)).then(
            growth_bps(_sales.filter(_quarter).sum(), _sales.filter(_same_quarter).sum())
        ),
        evidence=_quarter,
    ),
    Indicator(
        slug="declared_sales_volatility_pct",
        label="申报销售额波动",
        unit=Unit.PCT,
        items=_PAYMENTS,
        window="最近12个月",
        missing="最近12个月的增值税申报不完整，或销售额为零",
        sentence="各月（各季）申报销售额偏离全年平均的幅度，占全年销售额的百分之几。",
        view="vat",
        expression=pl.when(_covers(_this_year) & _sales.filter(_this_year).is_not_null().all()).then(
            divide_half_up(_deviation, _year_sales * 12, scale=10_000)
        ),
        evidence=_this_year,
    ),
    Indicator(
        slug="tax_zero_filing_months_24m",
        label="近24个月零申报月数",
        unit=Unit.MONTHS,
        items=_PAYMENTS,
        window="最近24个月",
        missing=_NO_VAT,
        sentence="最近24个月里增值税申报销售额为零的月数；按季申报的一季算3个月。",
        view="vat",
        expression=pl.when(_two_years.any()).then(pl.col("months").filter(_two_years & _zero).sum()),
        evidence=_two_years & _zero,
    ),
    Indicator(
        slug="tax_unfiled_months_24m",
        label="近24个月断报月数",
        unit=Unit.MONTHS,
        items=_PAYMENTS,
        window="最近24个月，自首次申报起",
        missing=_NO_VAT,
        sentence="自最近24个月里首次增值税申报起，应申报而没有申报记录的月数。",
        view="vat",
        expression=pl.when(_two_years.any()).then((_between + _since_last).clip(0, 24)),
    ),
    Indicator(
        slug="tax_idle_months_24m",
        label="近24个月零申报和断报月数",
        unit=Unit.MONTHS,
        items=_PAYMENTS,
        window="最近24个月",
        missing=_NO_VAT,
        sentence="零申报与断报的月数之和。",
        view="vat",
        derived=True,
        expression=(pl.col("tax_zero_filing_months_24m") + pl.col("tax_unfiled_months_24m")).clip(0, 24),
        evidence=_two_years & _zero,
    ),
)
