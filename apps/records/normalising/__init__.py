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
    "document_no": texts.document_no,
    "code": texts.code_value,
    "money_yuan": numbers.money_yuan,
    "money_wan": numbers.money_wan,
    "integer": numbers.integer,
    "decimal": numbers.decimal,
    "date": dates.day,
    "month": dates.month,
    "year": dates.year,
}

_QUICK = {
    "money_yuan": numbers.quick_yuan,
    "money_wan": numbers.quick_wan,
    "integer": numbers.quick_integer,
    "decimal": numbers.quick_decimal,
    "identifier": texts.quick_identifier,
}
"""Types of which most cells differ but are written as agreed: the form of such a cell, and its value at once."""


def normalise(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    """Columns `value`, `fault` and `remark` for the raw cells of one field.

    `value` is null where the cell is empty or at fault; money is whole fen, decimals ten-thousandths.
    """
    quick = _QUICK.get(spec.type)
    if quick is None:
        return _by_different_cells(column, spec, received_on)
    form, value = quick(spec)
    cells = (
        column.alias("raw").to_frame().with_columns(pl.col("raw").str.contains(form).fill_null(False).alias("quick"))
    )
    if cells["quick"].all():
        return cells.select(value.alias(VALUE), *(pl.lit(None, pl.String).alias(name) for name in (FAULT, REMARK)))
    rest = _by_different_cells(cells.filter(~pl.col("quick"))["raw"], spec, received_on)
    place = (~pl.col("quick")).cum_sum() - 1
    cells = cells.with_columns(pl.when(~pl.col("quick")).then(place).alias("place"))
    slow = rest.select(pl.all().gather(cells["place"]).name.suffix(" slow"))
    return pl.concat([cells, slow], how="horizontal").select(
        pl.when("quick").then(value).otherwise(f"{VALUE} slow").alias(VALUE),
        pl.col(f"{FAULT} slow").alias(FAULT),
        pl.col(f"{REMARK} slow").alias(REMARK),
    )


def _by_different_cells(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    """Judge each different cell once: dates, months, codes and names repeat."""
    if column.n_unique() > MANY_DIFFERENT * len(column):
        return _evaluate(column, spec, received_on)
    different = column.unique()
    judged = _evaluate(different, spec, received_on).with_columns(different.alias("raw"))
    raw = column.alias("raw").to_frame()
    return raw.join(judged, on="raw", how="left", nulls_equal=True, maintain_order="left").drop("raw")


def _evaluate(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    cells = column.alias("raw").to_frame().select(clean(pl.col("raw")).alias("raw"))
    raw = pl.col("raw")
    cells = cells.with_columns(is_null_spelling(raw).alias("empty"))
    cells = cells.with_columns(
        pl.when(~pl.col("empty")).then(raw).alias("raw"),
        (pl.col("empty") & raw.is_not_null() & (raw != "")).alias("spelled"),
    )
    parsed: Parsed = _PARSERS[spec.type](raw, spec, received_on)
    # Lazily, so that what value, fault and remark have in common is computed once.
    cells = (
        cells.lazy()
        .with_columns(
            parsed.value.alias(VALUE),
            parsed.fault.cast(pl.String).alias(FAULT),
            parsed.remark.cast(pl.String).alias(REMARK),
        )
        .collect()
    )
    filled = pl.when(~pl.col("empty"))
    cells = cells.with_columns(filled.then(FAULT).alias(FAULT), filled.then(REMARK).alias(REMARK))
    tolerated = pl.col(FAULT).is_in(sorted(spec.warn_only)).fill_null(False)
    cells = cells.with_columns(
        pl.when(pl.col("empty") & spec.required).then(pl.lit("missing")).when(~tolerated).then(FAULT).alias(FAULT),
        pl.when(pl.col("spelled"))
        .then(pl.lit("null_form"))
        .when(tolerated)
        .then(FAULT)
        .otherwise(REMARK)
        .alias(REMARK),
    )
    sound = pl.when(pl.col(FAULT).is_null())
    return cells.select(sound.then(VALUE).alias(VALUE), FAULT, sound.then(REMARK).alias(REMARK))
