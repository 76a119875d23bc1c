"""One chunk of good rows: who they are about, what is stored already, what is new. Inside the caller's transaction."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl
from django.db import connection

from apps.records.catalogue import CODE, NAME, TYPED_COLUMNS, ItemSpec
from apps.records.frames import copy_in, frame_of, yuan
from apps.records.reading import ROW_NUMBER
from apps.records.reasons import NORMALISED
from apps.records.staging import KEY_TEXT, REMARKS
from apps.subjects.naming import is_formula_like, is_same_but_for_lost_characters, name_key, without_formula_prefix
from apps.subjects.selectors import names_for_batch

TABLES: Final = {
    "payment": "records_paymentrecord",
    "event": "records_eventrecord",
    "holding": "records_holdingrecord",
}
SUBJECT_ID, REGISTERED_NAME = "subject_id", "registered_name"


@dataclass(slots=True)
class Outcome:
    """What became of the rows of a chunk; `unknown` are those whose code is no subject (yet)."""

    accepted: int = 0
    corrected: int = 0
    duplicate: int = 0
    normalised: int = 0
    warned: int = 0
    remarks: Counter[str] = field(default_factory=Counter)
    unknown: pl.DataFrame = field(default_factory=pl.DataFrame)
    duplicate_rows: list[int] = field(default_factory=list)


def apply_rows(rows: pl.DataFrame, item: ItemSpec, delivery_id: int, now: datetime) -> Outcome:
    """Write the facts of `rows`. A row that is stored already is a duplicate; a stored row with the same key and other
    values is closed and the new one added (design §5).
    """
    rows = _with_subjects(rows)
    known = rows.filter(pl.col(SUBJECT_ID).is_not_null())
    outcome = Outcome(unknown=rows.filter(pl.col(SUBJECT_ID).is_null()))
    keys = [SUBJECT_ID, KEY_TEXT, *(["period_on"] if item.shape == "payment" else [])]
    stored = _stored(known, item)
    if stored.is_empty():
        fresh, replaced = known, known.clear()
    else:
        values = [*(name for name in TYPED_COLUMNS[item.shape] if name not in keys), "extra"]
        pairs = known.join(stored, on=keys, how="left", suffix=" stored", nulls_equal=True)
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name} stored")) for name in values)
        pairs = pairs.with_columns(pl.col("is_stored").fill_null(False)).with_columns(
            (same & pl.col("is_stored")).alias("same")
        )
        fresh = pairs.filter(~pl.col("same")).select(*known.columns, "is_stored")
        replaced = fresh.filter("is_stored")
        outcome.duplicate_rows = pairs.filter("same")[ROW_NUMBER].to_list()
        outcome.duplicate = len(outcome.duplicate_rows)
    _supersede(replaced, item, now)
    _insert(fresh.sort(keys), item, delivery_id, now)
    outcome.accepted, outcome.corrected = fresh.height, replaced.height
    _count_remarks(fresh, item, outcome)
    return outcome


def _with_subjects(rows: pl.DataFrame) -> pl.DataFrame:
    found = names_for_batch(rows[CODE].unique().to_list())
    subjects = pl.DataFrame(
        found, schema={CODE: pl.String, SUBJECT_ID: pl.Int64, REGISTERED_NAME: pl.String}, orient="row"
    )
    return rows.drop(SUBJECT_ID, REGISTERED_NAME, strict=False).join(
        subjects, on=CODE, how="left", maintain_order="left"
    )


def _stored(rows: pl.DataFrame, item: ItemSpec) -> pl.DataFrame:
    """Live rows of the same subjects and periods, in the types of staged rows."""
    if rows.is_empty():
        return pl.DataFrame()
    columns = [_typed(name, kind) for name, kind in TYPED_COLUMNS[item.shape].items()]
    sql = (
        f"SELECT subject_id, key_text, extra::text AS extra, true AS is_stored, {', '.join(columns)}"
        f" FROM {TABLES[item.shape]} WHERE superseded_at IS NULL AND item_code = %s AND subject_id = ANY(%s)"
    )
    params: list[Any] = [item.code, rows[SUBJECT_ID].unique().to_list()]
    if item.shape == "payment":
        sql += " AND period_on BETWEEN %s AND %s"
        params += [rows["period_on"].min(), rows["period_on"].max()]
    return frame_of(sql, params).with_columns(pl.col(KEY_TEXT).fill_null(""), pl.col("extra"))


def _typed(name: str, kind: str) -> str:
    match kind:
        case "money":
            return f"({name} * 100)::bigint AS {name}"
        case "decimal":
            return f"({name} * 10000)::bigint AS {name}"
        case _:
            return connection.ops.quote_name(name)


def _supersede(rows: pl.DataFrame, item: ItemSpec, now: datetime) -> None:
    if rows.is_empty():
        return
    payment = item.shape == "payment"
    period = ", unnest(%s::date[]) AS period_on" if payment else ""
    sql = (
        f"UPDATE {TABLES[item.shape]} AS fact SET superseded_at = %s"
        f" FROM (SELECT unnest(%s::bigint[]) AS subject_id, unnest(%s::text[]) AS key_text{period}) AS old"
        " WHERE fact.superseded_at IS NULL AND fact.item_code = %s"
        " AND fact.subject_id = old.subject_id AND fact.key_text = old.key_text"
    )
    params: list[Any] = [now, rows[SUBJECT_ID].to_list(), rows[KEY_TEXT].to_list()]
    if payment:
        sql += " AND fact.period_on = old.period_on"
        params.append(rows["period_on"].to_list())
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, item.code])
        if cursor.rowcount != rows.height:
            raise RuntimeError(f"{cursor.rowcount} rows superseded of {rows.height}: another delivery got in between")


def _insert(rows: pl.DataFrame, item: ItemSpec, delivery_id: int, now: datetime) -> None:
    typed = []
    for name, kind in TYPED_COLUMNS[item.shape].items():
        match kind:
            case "money":
                typed.append(yuan(name))
            case "decimal":
                typed.append((pl.col(name).cast(pl.Decimal(38, 4)) / 10_000).alias(name))
            case _:
                typed.append(pl.col(name))
    copy_in(
        TABLES[item.shape],
        rows.select(
            SUBJECT_ID,
            pl.lit(item.code).alias("item_code"),
            KEY_TEXT,
            *typed,
            "extra",
            pl.lit(delivery_id).alias("delivery_id"),
            ROW_NUMBER,
            pl.lit(now.isoformat()).alias("recorded_at"),
        ),
    )


def _count_remarks(rows: pl.DataFrame, item: ItemSpec, outcome: Outcome) -> None:
    """Tally the remarks of accepted rows, those on the name among them."""
    differing = rows.filter(pl.col(NAME) != pl.col(REGISTERED_NAME)).select(ROW_NUMBER, NAME, REGISTERED_NAME, REMARKS)
    on_names = {row[0]: list(name_remarks(row[1], row[2])) for row in differing.iter_rows()}
    labels = {spec.name: spec.label for spec in item.fields}
    remarked = rows.filter(pl.col(REMARKS).is_not_null()).select(ROW_NUMBER, REMARKS).iter_rows()
    by_row = {number: text.split(";") for number, text in remarked}
    for number, remarks in on_names.items():
        by_row.setdefault(number, []).extend(f"{NAME}:{remark}" for remark in remarks)
    for remarks in by_row.values():
        kinds = set()
        for field_name, _, remark in (text.partition(":") for text in remarks):
            outcome.remarks[f"{labels[field_name]}:{remark}"] += 1
            kinds.add(remark in NORMALISED)
        outcome.normalised += True in kinds
        outcome.warned += False in kinds


def name_remarks(name: str, registered: str) -> Iterable[str]:
    """What to say of a name that is not spelled as registered. The registered name holds."""
    if name_key(name) == name_key(registered):
        yield "text_form"
        return
    if is_formula_like(name):
        yield "formula_like"
        name = without_formula_prefix(name)
        if name_key(name) == name_key(registered):
            return
    yield "lost_character" if is_same_but_for_lost_characters(name, registered) else "name_differs"
