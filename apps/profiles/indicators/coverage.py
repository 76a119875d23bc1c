"""How much is known of a firm, family by family, and how recent it is."""

from collections.abc import Sequence

import polars as pl

from apps.profiles.frames import divide_half_up
from apps.profiles.indicators.definition import Indicator, Origin, Unit

# Family → label, items. Farm size is left out: it is for agricultural operators only and would look like a gap of all
# other firms.
FAMILIES = {
    "registration": ("登记和年报", ("registration", "key_personnel")),
    "tax": ("纳税", ("tax_grade", "tax_payment")),
    "employment": ("社保和公积金", ("social_insurance", "housing_fund")),
    "utilities": ("水电气", ("power", "water", "gas")),
    "conduct": ("司法和处罚", ("penalty", "dishonest_debtor", "abnormal_operation", "enforcement", "judgment")),
    "merit": (
        "资质、荣誉和经营",
        (
            *("technology_firm", "intellectual_property", "bid_won", "government_subsidy", "licence", "honour"),
            "credit_evaluation",
        ),
    ),
}
# Only duties that come period by period have a newest period; of acts and facts, none may simply have happened.
_PERIODIC = {"tax": "tax_periods", "employment": "employment_periods", "utilities": "utility_periods"}


def family_of(indicator: Indicator) -> str:
    """The family by the item that an indicator mainly comes from; "" for those outside of all."""
    return next((slug for slug, (_, items) in FAMILIES.items() if indicator.items[0] in items), "")


def coverage(indicators: Sequence[Indicator]) -> tuple[Indicator, ...]:
    """For every family the share of its indicators that is known, and the newest period of the periodic ones."""
    shares = [
        _share(slug, label, items, [each for each in indicators if family_of(each) == slug])
        for slug, (label, items) in FAMILIES.items()
    ]
    return (*shares, *(_newest(slug, view) for slug, view in _PERIODIC.items()))


def _share(slug: str, label: str, items: tuple[str, ...], mine: Sequence[Indicator]) -> Indicator:
    known = pl.sum_horizontal(pl.col(each.column).is_not_null().cast(pl.Int64) for each in mine)
    return Indicator(
        slug=f"coverage_{slug}_pct",
        label=f"数据覆盖率：{label}",
        unit=Unit.PCT,
        items=items,
        window="画像日期",
        missing="不会缺失",
        sentence=f"{label}类的{len(mine)}项指标中，有数据可判断的占百分之几。",
        view=mine[0].view,
        derived=True,
        expression=divide_half_up(known, pl.lit(len(mine)), scale=10_000),
        origin=Origin.COMPUTED,
    )


def _newest(slug: str, view: str) -> Indicator:
    label, items = FAMILIES[slug]
    return Indicator(
        slug=f"newest_{slug}_on",
        label=f"数据截至：{label}",
        unit=Unit.DATE,
        items=items,
        window="画像日期以前已结束的所属期",
        missing=f"没有收到该企业{label}类的按期记录",
        sentence=f"{label}类记录中，最近一个所属期的最后一天。",
        view=view,
        expression=pl.col("period_end_on").max(),
        origin=Origin.COMPUTED,
    )
