"""Amounts and counts: Arabic digits in the unit of the column heading, as whole fen or ten-thousandths."""

from datetime import date
from typing import Final

import polars as pl

from apps.records.catalogue import FieldSpec
from apps.records.normalising.cells import Parsed, half_width

_GROUPED: Final = r"^-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
_PLAIN: Final = r"^-?[0-9]{1,20}(?:\.[0-9]+)?$"
_AS_AGREED: Final = r"^[0-9]+(?:\.[0-9]+)?$"
_AS_AGREED_IN_GROUPS: Final = r"^(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?$"
_DECIMALS: Final = 8  # of what is written; a float from a spreadsheet may carry more, which cannot change a fen

SPREADSHEET_ERROR: Final = r"^#(?:VALUE|REF|N/A|NAME|DIV/0|NUM|NULL|SPILL|CALC)[!?]?$"
SCIENTIFIC: Final = r"^[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+$"
_NEGATIVE: Final = r"^(?:-[0-9,.]*[1-9][0-9,.]*|\([0-9,.]*[1-9][0-9,.]*\))$"
_WITH_UNIT: Final = r"^-?[0-9,.]+ *(?:[十百千万亿]+元?|元|万元|人|度|千瓦时|kWh|%)$"
_CHINESE: Final = r"^[零〇一二三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟两元圆角分整正点]+$"

_RAW: Final = pl.col("raw")
_LARGEST: Final = 10**17  # fen or ten-thousandths: numeric(18, 2) and (18, 4) hold less than what Int64 does


def money_yuan(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """元 → fen."""
    return _number(raw, spec, factor=100)


def money_wan(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """万元 → fen."""
    return _number(raw, spec, factor=1_000_000)


def decimal(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """A quantity → ten-thousandths."""
    return _number(raw, spec, factor=10_000, largest=10**18 - 1)


def integer(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """A count; `153.0` is one, `1.5` is not."""
    parsed = _number(raw, spec, factor=1, largest=2**31 - 1)
    exact = _exact(_plain(raw))
    fault = pl.when(parsed.fault.is_null() & (exact != exact.round(0))).then(pl.lit("not_an_integer"))
    return Parsed(parsed.value, fault.otherwise(parsed.fault), parsed.remark)


def quick_yuan(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others."""
    return _scaled(r"^[0-9]{1,13}(?:\.[0-9]{1,2})?$", 2, 100)


def quick_wan(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others."""
    return _scaled(r"^[0-9]{1,10}(?:\.[0-9]{1,6})?$", 6, 1_000_000)


def quick_integer(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others."""
    return pl.when(_RAW.str.contains(r"^[0-9]{1,9}$")).then(_RAW).cast(pl.Int64, strict=False)


def quick_decimal(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others."""
    return _scaled(r"^[0-9]{1,13}(?:\.[0-9]{1,4})?$", 4, 10_000)


def _scaled(form: str, places: int, factor: int) -> pl.Expr:
    cell = pl.when(_RAW.str.contains(form)).then(_RAW)
    return (cell.cast(pl.Decimal(38, places), strict=False) * factor).cast(pl.Int64, strict=False)


def _number(raw: pl.Expr, spec: FieldSpec, *, factor: int, largest: int = _LARGEST) -> Parsed:
    as_agreed = _AS_AGREED_IN_GROUPS if spec.grouped else _AS_AGREED
    plain = _plain(raw)
    exact = _exact(plain)
    scaled = exact * factor
    value = scaled.round(0, mode="half_away_from_zero")
    fault = (
        pl.when(exact.is_not_null() & (exact < 0))
        .then(pl.lit("negative"))
        .when(exact.is_not_null() & (exact.abs() > largest // factor))
        .then(pl.lit("out_of_range"))
        .when(exact.is_null())
        .then(_why_not(plain))
    )
    remark = (
        pl.when(value != scaled).then(pl.lit("rounded")).when(~raw.str.contains(as_agreed)).then(pl.lit("number_form"))
    )
    return Parsed(value.cast(pl.Int64, strict=False), fault, remark)


def _plain(raw: pl.Expr) -> pl.Expr:
    """Half width, without currency sign and grouping."""
    half = half_width(raw).str.replace(r"^¥ *", "")
    return pl.when(half.str.contains(_GROUPED)).then(half.str.replace_all(",", "", literal=True)).otherwise(half)


def _exact(plain: pl.Expr) -> pl.Expr:
    number = pl.when(plain.str.contains(_PLAIN)).then(plain)
    return number.str.replace(rf"(\.[0-9]{{{_DECIMALS}}})[0-9]+$", "$1").cast(pl.Decimal(38, _DECIMALS), strict=False)


def _why_not(plain: pl.Expr) -> pl.Expr:
    return (
        pl.when(plain.str.contains(SPREADSHEET_ERROR))
        .then(pl.lit("spreadsheet_error"))
        .when(plain.str.contains(SCIENTIFIC))
        .then(pl.lit("destroyed_number"))
        .when(plain.str.contains(_NEGATIVE))
        .then(pl.lit("negative"))
        .when(plain.str.contains(_WITH_UNIT))
        .then(pl.lit("unit_in_number"))
        .when(plain.str.contains(_CHINESE))
        .then(pl.lit("chinese_number"))
        .otherwise(pl.lit("not_a_number"))
    )
