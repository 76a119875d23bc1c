"""纳税: grade, tax paid, declared sales, arrears, idle months."""

import polars as pl

from apps.profiles.frames import growth_bps
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
