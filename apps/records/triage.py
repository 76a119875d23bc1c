"""Rows of one file against each other: the same row again, one key with different values, 重错码. Pure."""

from dataclasses import dataclass

import polars as pl

from apps.records.catalogue import CODE, NAME, ItemSpec
from apps.records.reading import ROW_NUMBER, SHEET
from apps.records.staging import CONTENT, KEY, REASON, REMARKS
from apps.subjects.naming import name_key

NAME_KEY = "name_key"


@dataclass(frozen=True, slots=True)
class Sorted:
    """`good` rows by code and row number; `held` rows with their `reason`; how many rows repeat another one."""

    good: pl.DataFrame
    held: pl.DataFrame
    repeated: int


def sort_out(rows: pl.DataFrame, item: ItemSpec) -> Sorted:
    """Keep the first of identical rows; hold all rows whose key comes with different values (design §5)."""
    rows = rows.sort(CODE, SHEET, ROW_NUMBER).with_columns(pl.lit(None, pl.String).alias(REASON))
    differing = pl.col(CONTENT).n_unique().over(KEY) > 1
    if item.creates_subjects:
        rows = _with_name_keys(rows)
        two_subjects = pl.col(NAME_KEY).n_unique().over(KEY) > 1
        rows = rows.with_columns(pl.when(differing & two_subjects).then(pl.lit("one_code_many_subjects")).alias(REASON))
    rows = rows.with_columns(pl.coalesce(REASON, pl.when(differing).then(pl.lit("conflict"))).alias(REASON))
    conflicting = rows.filter(pl.col(REASON).is_not_null())
    single = rows.filter(pl.col(REASON).is_null()).unique([KEY], keep="first", maintain_order=True)
    repeated = rows.height - conflicting.height - single.height
    if item.creates_subjects:
        single = _with_many_codes_marked(single)
    held = pl.concat([conflicting, single.filter(pl.col(REASON).is_not_null())]).sort(SHEET, ROW_NUMBER)
    return Sorted(single.filter(pl.col(REASON).is_null()).drop(REASON), held, repeated)


def _with_name_keys(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.Series(NAME_KEY, [name_key(name) for name in rows[NAME]], dtype=pl.String))


def _with_many_codes_marked(rows: pl.DataFrame) -> pl.DataFrame:
    """一主体多码: one name and legal representative under several right codes.

    A 错码 is a kind of its own (domain §2.3): it comes with a warning and is no second code that somebody assigned.
    """
    is_right = ~pl.col(REMARKS).fill_null("").str.contains(f"{CODE}:code_inner", literal=True)
    same = [NAME_KEY, "subject_legal_representative"]
    codes = pl.col(CODE).filter(is_right).n_unique().over(same)
    return rows.with_columns(pl.when(is_right & (codes > 1)).then(pl.lit("one_subject_many_codes")).alias(REASON))
