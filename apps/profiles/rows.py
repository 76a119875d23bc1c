"""Portraits as rows of the tables: yuan, percent, text, JSON. Pure."""

import json
from datetime import datetime

import polars as pl

from apps.profiles.frames import Setting
from apps.profiles.indicators import INDICATOR_VERSION, INDICATORS, Indicator, Unit
from apps.profiles.portrait import Rules, basis_digest


def table_rows(
    portraits: pl.DataFrame, setting: Setting, rules: Rules, *, as_known: datetime, now: datetime
) -> pl.DataFrame:
    """Every column of Profile and ProfileHistory; `portraits` with the identity of each subject. JSON as text."""
    checked = sorted(rule.code for rule in rules.lists if rule.fact_item in setting.items)
    return portraits.with_columns(
        *(_in_table_unit(indicator) for indicator in INDICATORS),
        pl.col("industry_code").fill_null("").str.slice(0, 1).alias("industry_section"),
        _places("coverage_bps", 2).alias("coverage_pct"),
        pl.lit(setting.as_of).alias("as_of_on"),
        pl.lit(as_known.isoformat()).alias("as_known_at"),
        pl.lit(now.isoformat()).alias("computed_at"),
        pl.lit(json.dumps(checked)).alias("lists_checked"),
        pl.lit(basis_digest(setting, rules)).alias("basis_digest"),
        pl.lit(INDICATOR_VERSION).alias("indicator_version"),
        pl.lit(rules.card.version).alias("scorecard_version"),
    )


def _in_table_unit(indicator: Indicator) -> pl.Expr:
    value = pl.col(indicator.column)
    if indicator.unit is Unit.TEXT:
        value = value.fill_null("")
    elif indicator.unit is Unit.CODES:
        quoted = pl.format('["{}"]', value.list.join('","'))
        value = pl.when(value.list.len() == 0).then(pl.lit("[]")).when(value.is_not_null()).then(quoted)
    elif indicator.decimals:
        value = _places(indicator.column, indicator.decimals)
    return value.alias(indicator.slug)


def _places(column: str, decimals: int) -> pl.Expr:
    return pl.col(column).cast(pl.Decimal(38, decimals)) / pl.lit(10**decimals)
