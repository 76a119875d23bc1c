"""Penalties inside publicity and 失信被执行人."""

import polars as pl

from apps.profiles.indicators.definition import Indicator, Unit

_PENALTY = ("penalty", "credit_repair")
_PUBLISHED = "画像日期仍在公示期内"
_NO_PENALTIES = "尚未收到行政处罚报送"
_SEVERITIES = (("minor", "轻微", 1), ("general", "一般", 2), ("serious", "严重", 3))


def _count(slug: str, name: str, severity: int) -> Indicator:
    of_class = pl.col("severity") == severity
    return Indicator(
        slug=f"penalties_{slug}",
        label=f"{name}行政处罚",
        unit=Unit.COUNT,
        items=_PENALTY,
        window=_PUBLISHED,
        missing=_NO_PENALTIES,
        sentence=f"仍在公示期内的{name}行政处罚有几项；已修复的、公示期满的不算。",
        view="penalty",
        expression=of_class.sum(),
        absent=0,
        evidence=of_class,
    )


def _weight(slug: str, name: str, severity: int) -> Indicator:
    of_class = pl.col("severity") == severity
    return Indicator(
        slug=f"penalties_{slug}_weight",
        label=f"{name}行政处罚（折算）",
        unit=Unit.WEIGHT,
        items=_PENALTY,
        window=_PUBLISHED,
        missing=_NO_PENALTIES,
        sentence=f"每项{name}行政处罚按剩余公示期占全部公示期的比例折算，随时间均匀减到0。",
        view="penalty",
        expression=pl.col("left_e4").filter(of_class).sum(),
        absent=0,
        evidence=of_class,
    )


CONDUCT = (
    *(_count(*severity) for severity in _SEVERITIES),
    *(_weight(*severity) for severity in _SEVERITIES),
    Indicator(
        slug="dishonest_debtor_cases",
        label="失信被执行案件",
        unit=Unit.COUNT,
        items=("dishonest_debtor",),
        window="画像日期仍在发布",
        missing="尚未收到失信被执行人报送",
        sentence="人民法院仍在发布的失信被执行信息有几件；已屏蔽的不算。",
        view="dishonest_debtor",
        expression=pl.len().cast(pl.Int64),
        absent=0,
        evidence=pl.lit(value=True),
    ),
    Indicator(
        slug="is_dishonest_debtor",
        label="失信被执行人",
        unit=Unit.FLAG,
        items=("dishonest_debtor",),
        window="画像日期仍在发布",
        missing="尚未收到失信被执行人报送",
        sentence="是否被人民法院列为失信被执行人且仍在发布。",
        view="dishonest_debtor",
        derived=True,
        expression=pl.col("dishonest_debtor_cases") > 0,
    ),
    Indicator(
        slug="enforcement_cases",
        label="被执行案件",
        unit=Unit.COUNT,
        items=("enforcement",),
        window="画像日期尚未结案或解除",
        missing="尚未收到被执行人、限制消费和终本信息报送",
        sentence="作为被执行人、被限制消费或终结本次执行的案件有几件；同一案件只算一次，已结案的不算。",
        view="enforcement",
        expression=pl.col("key_text").str.split("|").list.first().n_unique(),
        absent=0,
        evidence=pl.lit(value=True),
    ),
    Indicator(
        slug="defendant_cases_24m",
        label="近24个月作为被告的案件",
        unit=Unit.COUNT,
        items=("judgment",),
        window="裁判日期在最近24个月内",
        missing="尚未收到裁判文书报送",
        sentence="最近24个月作为被告、被申请人或被上诉人的裁判有几件；作为原告的不算。",
        view="judgment",
        expression=pl.len().cast(pl.Int64),
        absent=0,
        evidence=pl.lit(value=True),
    ),
)
