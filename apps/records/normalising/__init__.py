"""Normalising whole columns: what is accepted as it is, accepted and said so, or rejected (design §5). Pure.

Per type, an expression gives of a cell its value, the reason why it is rejected, and the remark that goes with it.
"""

from datetime import date

import polars as pl

from apps.records.catalogue import FieldSpec
from apps.records.normalising import dates, numbers, texts
from apps.records.normalising.cells import Parsed, clean, is_null_spelling

VALUE, FAULT, REMARK = "value", "fault", "remark"
MANY_DIFFERENT, SAMPLED_CELLS = 0.5, 2_000

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
    "uscc": texts.quick_uscc,
    "money_yuan": numbers.quick_yuan,
    "money_wan": numbers.quick_wan,
    "integer": numbers.quick_integer,
    "decimal": numbers.quick_decimal,
    "identifier": texts.quick_identifier,
    "date": dates.quick_day,
    "month": dates.quick_month,
}
"""Types most cells of which are written as agreed: of such a cell the value at once, of any other null."""


def normalise(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    """Columns `value`, `fault` and `remark` for the raw cells of one field.

    `value` is null where the cell is empty or at fault; money is whole fen, decimals ten-thousandths.
    """
    if column.null_count() == len(column):
        fault = pl.lit("missing" if spec.required else None, pl.String)
        nothing = pl.lit(None, pl.String)
        cells = column.to_frame().with_columns(nothing.alias(VALUE), fault.alias(FAULT), nothing.alias(REMARK))
        return cells.select(VALUE, FAULT, REMARK)
    # Files are mostly ordered by firm: a run of equal cells is judged once.
    begins = column.ne_missing(column.shift(1))
    begins[0] = True
    if begins.sum() < MANY_DIFFERENT * len(column):
        runs = _judge_different(column.filter(begins), spec, received_on)
        return runs.select(pl.all().gather(begins.cum_sum() - 1))
    return _judge_different(column, spec, received_on)


def _judge_different(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    """Judge each different cell once where cells repeat, as dates, months and codes do."""
    first = column.head(SAMPLED_CELLS)
    if first.n_unique() > MANY_DIFFERENT * len(first):
        return _judge(column, spec, received_on)
    different = column.unique()
    judged = _judge(different, spec, received_on).with_columns(different.alias("raw"))
    raw = column.alias("raw").to_frame()
    return raw.join(judged, on="raw", how="left", nulls_equal=True, maintain_order="left").drop("raw")


def _judge(column: pl.Series, spec: FieldSpec, received_on: date) -> pl.DataFrame:
    quick = _QUICK.get(spec.type)
    if quick is None:
        return _evaluate(column, spec, received_on)
    cells = column.alias("raw").to_frame().with_columns(quick(spec, received_on).alias(VALUE))
    is_slow = cells[VALUE].is_null()
    if not is_slow.any():
        return cells.select(VALUE, *(pl.lit(None, pl.String).alias(name) for name in (FAULT, REMARK)))
    rest = _evaluate(cells.filter(is_slow)["raw"], spec, received_on)
    place = pl.when(is_slow).then(is_slow.cum_sum() - 1)
    slow = rest.select(pl.all().gather(cells.select(place.alias("place"))["place"]).name.suffix(" slow"))
    return pl.concat([cells, slow], how="horizontal").select(
        pl.when(is_slow).then(f"{VALUE} slow").otherwise(VALUE).alias(VALUE),
        pl.col(f"{FAULT} slow").alias(FAULT),
        pl.col(f"{REMARK} slow").alias(REMARK),
    )


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
