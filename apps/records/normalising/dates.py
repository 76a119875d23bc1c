"""Dates, months and years in the spellings of design §5; what is agreed with the senders needs no remark."""

from datetime import date
from typing import Final

import polars as pl

from apps.records.catalogue import FieldSpec
from apps.records.normalising.cells import Parsed, half_width

_DAY: Final = (
    r"^(?P<y>[0-9]{4})(?:-(?P<m1>[0-9]{1,2})-(?P<d1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})/(?P<d2>[0-9]{1,2})"
    r"|\.(?P<m3>[0-9]{1,2})\.(?P<d3>[0-9]{1,2})|年 ?(?P<m4>[0-9]{1,2})月 ?(?P<d4>[0-9]{1,2})日"
    r"|(?P<m5>[0-9]{2})(?P<d5>[0-9]{2}))(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.0+)?)?)?$"
)
_MONTH: Final = (
    r"^(?P<y>[0-9]{4})(?:-(?P<m1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})|\.(?P<m3>[0-9]{1,2})"
    r"|年 ?(?P<m4>[0-9]{1,2})月|(?P<m5>[0-9]{2}))$"
)
_DAY_AS_AGREED: Final = r"^[0-9]{4}(?:-[0-9]{2}-[0-9]{2}|/[0-9]{2}/[0-9]{2})$"
_MONTH_AS_AGREED: Final = r"^[0-9]{4}-?[0-9]{2}$"
_SERIAL: Final = r"^[1-9][0-9]{4}(?:\.0+)?$"  # 1927 to 2173 in the 1900 system
_SERIAL_DAY_ZERO: Final = date(1899, 12, 30)
_EARLIEST: Final = date(1900, 1, 1)
_LATEST: Final = date(2200, 1, 1)


def day(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """A calendar day."""
    half = half_width(raw)
    value, shaped = _day(half)
    fault = (
        pl.when(~shaped)
        .then(pl.lit("unreadable_date"))
        .when(value.is_null() | ~value.is_between(_EARLIEST, _LATEST))
        .then(pl.lit("impossible_date"))
        .when(pl.lit(not spec.may_be_future) & (value > received_on))
        .then(pl.lit("future_date"))
    )
    return Parsed(value, fault, pl.when(~raw.str.contains(_DAY_AS_AGREED)).then(pl.lit("date_form")))


def month(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """The first day of a month; a spreadsheet's date counts when it is one."""
    half = half_width(raw)
    parts = half.str.extract_groups(_MONTH)
    written = _date(parts.struct.field("y"), _first(parts, "m", 5), pl.lit("1"))
    as_day, is_day = _day(half)
    first_of_month = is_day & (as_day.dt.day() == 1)
    shaped = parts.struct.field("y").is_not_null()
    value = pl.when(shaped).then(written).when(first_of_month).then(as_day)
    fault = (
        pl.when(~shaped & ~first_of_month.fill_null(False))
        .then(pl.lit("unreadable_month"))
        .when(value.is_null() | ~value.is_between(_EARLIEST, _LATEST))
        .then(pl.lit("impossible_date"))
        .when(pl.lit(not spec.may_be_future) & (value > received_on))
        .then(pl.lit("future_date"))
    )
    return Parsed(value, fault, pl.when(~raw.str.contains(_MONTH_AS_AGREED)).then(pl.lit("month_form")))


def quick_day(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others."""
    raw = pl.col("raw")
    cell = pl.when(raw.str.contains(_DAY_AS_AGREED)).then(raw.str.replace_all("/", "-", literal=True))
    return _possible(cell.str.to_date("%Y-%m-%d", strict=False), spec, received_on)


def quick_month(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others."""
    raw = pl.col("raw")
    cell = pl.when(raw.str.contains(_MONTH_AS_AGREED)).then(raw.str.replace("-", "", literal=True) + "01")
    return _possible(cell.str.to_date("%Y%m%d", strict=False), spec, received_on)


def _possible(value: pl.Expr, spec: FieldSpec, received_on: date) -> pl.Expr:
    latest = _LATEST if spec.may_be_future else received_on
    return pl.when(value.is_between(_EARLIEST, latest)).then(value)


def year(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """A year as four digits of text."""
    half = half_width(raw)
    value = half.str.extract(r"^((?:19|20)[0-9]{2})(?:\.0+|年|年度)?$")
    fault = (
        pl.when(value.is_null())
        .then(pl.lit("unreadable_year"))
        .when(pl.lit(not spec.may_be_future) & (value > str(received_on.year)))
        .then(pl.lit("future_date"))
    )
    return Parsed(value, fault, pl.when(value != raw).then(pl.lit("year_form")))


def _day(half: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The day, null where it does not exist, and whether the cell is shaped like a date at all."""
    parts = half.str.extract_groups(_DAY)
    written = _date(parts.struct.field("y"), _first(parts, "m", 5), _first(parts, "d", 5))
    serial = half.str.contains(_SERIAL)
    counted = pl.lit(_SERIAL_DAY_ZERO) + pl.duration(days=half.str.extract(r"^([0-9]+)").cast(pl.Int64, strict=False))
    value = pl.when(serial).then(counted).otherwise(written)
    return value, serial | parts.struct.field("y").is_not_null()


def _first(parts: pl.Expr, name: str, count: int) -> pl.Expr:
    return pl.coalesce(parts.struct.field(f"{name}{number}") for number in range(1, count + 1))


def _date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    iso = pl.concat_str(year, month.str.zfill(2), day.str.zfill(2), separator="-")
    return iso.str.to_date("%Y-%m-%d", strict=False)
