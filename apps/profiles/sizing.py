"""划型: the only expression of 中小企业划型标准 (domain §3). Thresholds are rows of `reference`. Pure.

«以上» includes the bound. A firm is large where it reaches every large bound of its row, else medium where it reaches
every medium bound, else small, else micro: failing any one bound drops a level. Hence one known indicator below the
small bound already makes a micro firm; a missing one leaves the class open only where it could decide.
"""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from apps.core.money import fen_from_yuan
from apps.reference.rules import Indicator, SizeRule

SIZE_CLASSES = {
    "large": "大型",
    "medium": "中型",
    "small": "小型",
    "micro": "微型",
    "not_applicable": "不适用划型标准",
    "unknown": "无法判定",
}

# Columns of the frame, from the annual report: persons and fen, null = not known.
_COLUMNS: dict[Indicator, str] = {
    "headcount": "annual_headcount",
    "revenue": "annual_revenue_fen",
    "assets": "annual_assets_fen",
}


def size_class(rules: Sequence[SizeRule]) -> pl.Expr:
    """Size class over (industry_code, annual_headcount, annual_revenue_fen, annual_assets_fen).

    The industry is a letter and up to four digits (`C1462`). One that the standard names nowhere is not_applicable;
    a missing or malformed one, and one too short to tell its row, is unknown.
    """
    code = pl.col("industry_code")
    section, digits = code.str.slice(0, 1), code.str.slice(1)
    groups = [group for rule in rules for group in rule.groups4]
    too_short = [digits == group[:length] for group in groups for length in (2, 3)]

    result = pl.when(digits == "").then(pl.lit("unknown")).otherwise(pl.lit("not_applicable"))
    for rule in rules:
        result = pl.when(section.is_in(rule.sections)).then(_class_by(rule)).otherwise(result)
    for rule in rules:
        result = pl.when(digits.str.slice(0, 2).is_in(rule.divisions)).then(_class_by(rule)).otherwise(result)
    if too_short:
        result = pl.when(pl.any_horizontal(too_short)).then(pl.lit("unknown")).otherwise(result)
    for rule in rules:
        result = pl.when(digits.is_in(rule.groups4)).then(_class_by(rule)).otherwise(result)
    well_formed = code.str.contains(r"^[A-T](\d{2,4})?$").fill_null(value=False)
    return pl.when(well_formed).then(result).otherwise(pl.lit("unknown"))


def _class_by(rule: SizeRule) -> pl.Expr:
    """Kleene logic does the missing values: false where one known indicator is below its bound, else null."""
    large, medium, small = (
        _reaches(rule, first, second)
        for first, second in (
            (rule.large_1, rule.large_2),
            (rule.medium_1, rule.medium_2),
            (rule.small_1, rule.small_2),
        )
    )
    return (
        pl.when(large)
        .then(pl.lit("large"))
        .when(medium & ~large)
        .then(pl.lit("medium"))
        .when(small & ~medium)
        .then(pl.lit("small"))
        .when(~small)
        .then(pl.lit("micro"))
        .otherwise(pl.lit("unknown"))
    )


def _reaches(rule: SizeRule, first: Decimal, second: Decimal | None) -> pl.Expr:
    reached = _at_least(rule.indicator_1, first)
    if rule.indicator_2 is None or second is None:
        return reached
    return reached & _at_least(rule.indicator_2, second)


def _at_least(indicator: Indicator, bound: Decimal) -> pl.Expr:
    value = int(bound) if indicator == "headcount" else fen_from_yuan(bound)
    return pl.col(_COLUMNS[indicator]) >= value
