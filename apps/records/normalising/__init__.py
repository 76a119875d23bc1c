"""Normalising whole columns: what is accepted as it is, accepted and said so, or rejected (design §5). Pure.

Per type, an expression gives of a cell its value, the reason why it is rejected, and the remark that goes with it.
"""

from datetime import date

import polars as pl

from apps.records.catalogue import FieldSpec
from apps.records.normalising import dates, numbers, texts
from apps.records.normalising.cells import Parsed, clean, is_null_spelling

VALUE, FAULT, REMARK = "value", "fault", "remark"
MANY_DIFFERENT = 0.5

_PARSERS = {
    "uscc": texts.uscc,
    "name": texts.name,
    "text": texts.text,
    "identifier": texts.identifier,
    "code": texts.code_value,
    "money_yuan": numbers.money_yuan,
    "money_wan": numbers.money_wan,
    "integer": numbers.integer,
    "decimal": numbers.decimal,
    "date": dates.day,
    "month": dates.month,
    "year": dates.year,
}


def normalise(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    """Columns `value`, `fault` and `remark` for the raw cells of one field.

    `value` is null where the cell is empty or at fault; money is whole fen, decimals ten-thousandths.
    """
    if column.n_unique() > MANY_DIFFERENT * len(column):
        return _evaluate(column, spec, received_on)
    different = column.unique()
    judged = _evaluate(different, spec, received_on).with_columns(different.alias("raw"))
    return (
        column.alias("raw")
        .to_frame()
        .join(judged, on="raw", how="left", nulls_equal=True, maintain_order="left")
        .drop("raw")
    )


def _evaluate(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    cells = column.alias("raw").to_frame().select(clean(pl.col("raw")).alias("raw"))
    raw = pl.col("raw")
    empty = is_null_spelling(raw)
    cells = cells.select(
        pl.when(~empty).then(raw).alias("raw"),
        empty.alias("empty"),
        (empty & raw.is_not_null() & (raw != "")).alias("spelled"),
    )
    parsed: Parsed = _PARSERS[spec.type](raw, spec, received_on)
    missing = pl.col("empty") & spec.required
    tolerated = parsed.fault.is_in(sorted(spec.warn_only))
    fault = pl.when(missing).then(pl.lit("missing")).when(~pl.col("empty") & ~tolerated).then(parsed.fault)
    remark = (
        pl.when(pl.col("spelled"))
        .then(pl.lit("null_form"))
        .when(~pl.col("empty") & tolerated)
        .then(parsed.fault)
        .when(~pl.col("empty"))
        .then(parsed.remark)
    )
    judged = cells.select(
        parsed.value.alias(VALUE), fault.cast(pl.String).alias(FAULT), remark.cast(pl.String).alias(REMARK)
    )
    return judged.with_columns(
        pl.when(pl.col(FAULT).is_null()).then(pl.col(VALUE)).alias(VALUE),
        pl.when(pl.col(FAULT).is_null()).then(pl.col(REMARK)).alias(REMARK),
    )
