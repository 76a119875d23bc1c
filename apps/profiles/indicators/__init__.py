"""Every figure of the portrait: one definition for one firm in a request and for all of them in a night. Pure."""

from dataclasses import dataclass

import polars as pl

from apps.profiles.frames import Inputs, Setting
from apps.profiles.indicators.conduct import CONDUCT
from apps.profiles.indicators.coverage import FAMILIES, coverage, family_of
from apps.profiles.indicators.definition import Indicator, Origin, Unit
from apps.profiles.indicators.duties import DUTIES
from apps.profiles.indicators.firm import FIRM
from apps.profiles.indicators.merit import MERIT
from apps.profiles.indicators.tax import TAX
from apps.profiles.indicators.utilities import UTILITIES
from apps.profiles.indicators.views import VIEWS, build

__all__ = [
    "BY_SLUG",
    "FAMILIES",
    "INDICATORS",
    "INDICATOR_VERSION",
    "Computed",
    "Indicator",
    "Origin",
    "Unit",
    "compute",
    "evidence",
    "family_of",
]

# Raised whenever an expression or a view changes what it gives.
INDICATOR_VERSION = "2026.11.2"

_OF_RECORDS = (*FIRM, *TAX, *DUTIES, *UTILITIES, *CONDUCT, *MERIT)
INDICATORS: tuple[Indicator, ...] = (*_OF_RECORDS, *coverage(_OF_RECORDS))
BY_SLUG = {indicator.slug: indicator for indicator in INDICATORS}

_EVIDENCE_AT_MOST = 12
_RECORD = pl.Struct({"item": pl.String, "on": pl.Date, "id": pl.Int64, "text": pl.String})
_DAY_OF_RECORD = ("period_on", "occurred_on", "from_on")


@dataclass(frozen=True, slots=True)
class Computed:
    """The figures of every subject (one row each, sorted) and the records they came from, by view."""

    figures: pl.DataFrame
    rows: dict[str, pl.DataFrame]


def compute(inputs: Inputs, setting: Setting) -> Computed:
    """Every indicator of every subject of the frames."""
    figures = inputs.subjects.select("subject_id").sort("subject_id")
    rows = {name: view.rows(inputs, setting) for name, view in VIEWS.items()}
    for name, view in VIEWS.items():
        mine = [indicator for indicator in INDICATORS if indicator.view == name and not indicator.derived]
        grouped = (
            build(view, rows[name])
            .group_by("subject_id")
            .agg(indicator.expression.cast(indicator.dtype).alias(indicator.column) for indicator in mine)
        )
        figures = figures.join(grouped, on="subject_id", how="left", maintain_order="left")
        if all(setting.says_none(item) for item in view.decisive):
            figures = figures.with_columns(
                pl.col(indicator.column).fill_null(pl.lit(indicator.absent, indicator.dtype))
                for indicator in mine
                if indicator.absent is not None
            )
    for indicator in INDICATORS:
        if indicator.derived:
            figures = figures.with_columns(indicator.expression.cast(indicator.dtype).alias(indicator.column))
    return Computed(figures, rows)


def source_rows(computed: Computed, indicator: Indicator) -> pl.DataFrame:
    """How many records an indicator looked at, by subject: (subject_id, source_rows)."""
    rows = computed.rows[indicator.view]
    return rows.group_by("subject_id").agg(pl.len().cast(pl.Int64).alias("source_rows"))


def evidence(computed: Computed, indicator: Indicator) -> pl.DataFrame:
    """Records that speak against the firm, newest first: (subject_id, records of {item, on, id, text}).

    `on` and `id` point at a record: the day that picks its partition, and its number.
    """
    if indicator.evidence is None:
        return pl.DataFrame(schema={"subject_id": pl.Int64, "records": pl.List(_RECORD)})
    rows = computed.rows[indicator.view].filter(indicator.evidence)
    day = next(name for name in _DAY_OF_RECORD if name in rows.columns)
    record = pl.struct(
        pl.col("item_code").alias("item"), pl.col(day).alias("on"), "id", pl.col("key_text").alias("text")
    )
    return (
        rows.sort("subject_id", day, "id", descending=[False, True, True], nulls_last=True)
        .group_by("subject_id", maintain_order=True)
        .agg(record.head(_EVIDENCE_AT_MOST).alias("records"))
    )
