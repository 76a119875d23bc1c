"""Lists that block or flag (domain §6.3): who is on which, by which document, until when. Pure.

A list is a reference row: the catalogue item whose live record triggers it, the values that count, and its effect on
each use. Repaired and expired records are not live and never block.
"""

from collections.abc import Callable, Sequence

import polars as pl

from apps.profiles.frames import Inputs, Setting
from apps.profiles.indicators import Computed
from apps.profiles.indicators.views import live_events
from apps.reference.rules import BlockRule

USES = {"whitelist": "白名单推荐", "application": "贷款申请", "subsidy": "贴息和风险补偿"}
EFFECTS = {"BLOCK": "禁止", "REVIEW": "人工复核", "WARN": "提示", "NONE": "无影响"}

_FROM_EVENT = (
    "subject_id",
    pl.col("class_text").alias("value"),
    pl.col("key_text").alias("document"),
    "authority",
    pl.coalesce("valid_from_on", "occurred_on").alias("listed_on"),
    pl.col("valid_to_on").alias("until_on"),
    pl.col("occurred_on").alias("on"),
    "id",
)
_SEVERITY_CODES = {1: "minor", 2: "general", 3: "serious"}

Facts = Callable[[Inputs, Computed, Setting, str], pl.DataFrame]


def hits(rules: Sequence[BlockRule], inputs: Inputs, computed: Computed, setting: Setting) -> pl.DataFrame:
    """One row per subject, list and live record, with the list's effects; gravest lists first in the rules' order."""
    facts: dict[str, pl.DataFrame] = {}
    found = []
    for position, rule in enumerate(rules):
        if rule.fact_item not in facts:
            facts[rule.fact_item] = _FACTS_OF.get(rule.fact_item, _live_events)(
                inputs, computed, setting, rule.fact_item
            )
        matching = facts[rule.fact_item]
        if rule.fact_values:
            matching = matching.filter(pl.col("value").is_in(rule.fact_values))
        found.append(
            matching.select(
                "subject_id",
                pl.lit(position, pl.Int32).alias("position"),
                pl.lit(rule.code).alias("code"),
                pl.lit(rule.name).alias("name"),
                pl.struct(
                    whitelist=pl.lit(rule.effect_whitelist),
                    application=pl.lit(rule.effect_application),
                    subsidy=pl.lit(rule.effect_subsidy),
                ).alias("effects"),
                "document",
                pl.when(pl.col("authority") != "")
                .then("authority")
                .otherwise(pl.lit(rule.authority))
                .alias("authority"),
                "listed_on",
                "until_on",
                pl.lit(rule.fact_item).alias("item"),
                "on",
                "id",
            )
        )
    if not found:
        return pl.DataFrame(schema={"subject_id": pl.Int64})
    return pl.concat(found).sort("subject_id", "position", "listed_on", "document", "id", nulls_last=True)


def _live_events(inputs: Inputs, computed: Computed, setting: Setting, item: str) -> pl.DataFrame:
    return live_events(inputs.events.filter(pl.col("item_code") == item), setting).select(_FROM_EVENT)


def _latest_grade(inputs: Inputs, computed: Computed, setting: Setting, item: str) -> pl.DataFrame:
    """Of a yearly grade only the newest counts."""
    live = live_events(inputs.events.filter(pl.col("item_code") == item), setting)
    newest = live.sort("subject_id", "key_text", "occurred_on", "id", nulls_last=False).group_by("subject_id").last()
    return newest.select(_FROM_EVENT)


def _penalties(inputs: Inputs, computed: Computed, setting: Setting, item: str) -> pl.DataFrame:
    """Decisions inside publicity; the value is their class."""
    return (
        computed.rows["penalty"]
        .with_columns(pl.col("severity").replace_strict(_SEVERITY_CODES, return_dtype=pl.String).alias("class_text"))
        .select(_FROM_EVENT)
    )


def _registration(inputs: Inputs, computed: Computed, setting: Setting, item: str) -> pl.DataFrame:
    return computed.rows["registration"].select(
        "subject_id",
        pl.col("status").alias("value"),
        pl.lit("").alias("document"),
        pl.lit("").alias("authority"),
        pl.col("status_on").alias("listed_on"),
        pl.lit(None, pl.Date).alias("until_on"),
        pl.col("from_on").alias("on"),
        "id",
    )


_FACTS_OF: dict[str, Facts] = {
    "registration": _registration,
    "penalty": _penalties,
    "tax_grade": _latest_grade,
    "credit_evaluation": _latest_grade,
    "environment_grade": _latest_grade,
}
