"""社会保险 and 住房公积金: unbroken payment, arrears, headcount. One row per month."""

import polars as pl

from apps.profiles.frames import growth_bps
from apps.profiles.indicators.definition import Indicator, Unit
from apps.profiles.indicators.runs import months_unbroken, this_year

_SOCIAL = ("social_insurance",)
_HOUSING = ("housing_fund",)
_NO_SOCIAL = "没有收到该企业的社保缴费记录"
_NO_HOUSING = "没有收到该企业的公积金缴存记录"

_k = pl.col("k")

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
        expression=months_unbroken(pl.col("settled")),
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
        .filter(this_year & pl.col("counted"))
        .sort_by(_k.filter(this_year & pl.col("counted")))
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
        expression=(pl.col("overdue") & this_year).sum(),
        evidence=pl.col("overdue") & this_year,
    ),
    Indicator(
        slug="housing_months",
        label="公积金连续缴存月数",
        unit=Unit.MONTHS,
        items=_HOUSING,
        window="到最近报送月份为止",
        missing=_NO_HOUSING,
        sentence="从住房公积金中心已报送的最近一个月往前数，连续足额缴存了多少个月；最近一个月没缴足就是0。",
        view="housing",
        expression=months_unbroken(pl.col("settled")),
        evidence=pl.col("overdue"),
    ),
    Indicator(
        slug="housing_headcount",
        label="公积金缴存人数",
        unit=Unit.PERSONS,
        items=_HOUSING,
        window="最近12个月中最近有记录的一个月",
        missing="最近12个月没有收到缴存人数",
        sentence="最近一次缴存公积金的人数。",
        view="housing",
        expression=pl.col("headcount")
        .filter(this_year & pl.col("counted"))
        .sort_by(_k.filter(this_year & pl.col("counted")))
        .first(),
    ),
    Indicator(
        slug="housing_arrears_months",
        label="公积金欠缴月数",
        unit=Unit.MONTHS,
        items=_HOUSING,
        window="最近12个月",
        missing=_NO_HOUSING,
        sentence="最近12个月里到画像日期仍没有足额缴存的月数。",
        view="housing",
        expression=(pl.col("overdue") & this_year).sum(),
        evidence=pl.col("overdue") & this_year,
    ),
)
