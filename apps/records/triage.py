"""Rows of one file against each other: the same row again, one key with different values, 重错码. Pure.

A file may be larger than memory: only `marks` of its rows are compared, 24 bytes a row (items that create subjects
need names as well); the rows themselves wait elsewhere, in the same order.
"""

from typing import Final

import polars as pl

from apps.records.catalogue import CODE, ItemSpec
from apps.records.staging import CONTENT, KEY, NAME_KEY, REMARKS

REPEATED: Final = "repeated"
"""The verdict on a row that another row of the file says already; every other verdict is a reason to hold the row."""

_PERSON: Final = "subject_legal_representative"
_KEYS: Final = ["key_1", "key_2"]
_PLACE, _RIGHT, _VERDICT = "place", "is_right", "verdict"


def marks(rows: pl.DataFrame, item: ItemSpec) -> pl.DataFrame:
    """What is compared of staged rows: 128 bits of the natural key, 64 bits of the content, and who it is about where
    the item creates subjects.
    """
    hashes = [pl.col(KEY).hash(seed=seed).alias(name) for seed, name in enumerate(_KEYS)]
    if not item.creates_subjects:
        return rows.select(*hashes, CONTENT)
    # A 错码 is a kind of its own (domain §2.3): it comes with a warning and is no second code that somebody assigned.
    is_right = ~pl.col(REMARKS).fill_null("").str.contains(f"{CODE}:code_inner", literal=True)
    return rows.select(*hashes, CONTENT, CODE, NAME_KEY, _PERSON, is_right.alias(_RIGHT))


def sort_out(compared: pl.DataFrame, item: ItemSpec) -> pl.Series:
    """The verdict on every row, in order: null where it is good, REPEATED, or the reason to hold it.

    The first of identical rows is good; all rows whose key comes with different values are held (design §5).
    """
    numbered = compared.with_row_index(_PLACE)
    twice = numbered.filter(pl.col(_KEYS[0]).is_duplicated())
    differing = pl.col(CONTENT).n_unique().over(_KEYS) > 1
    reason = pl.lit("conflict")
    if item.creates_subjects:
        two_subjects = pl.col(NAME_KEY).n_unique().over(_KEYS) > 1
        reason = pl.when(two_subjects).then(pl.lit("one_code_many_subjects")).otherwise(reason)
    judged = twice.select(
        _PLACE,
        pl.when(differing)
        .then(reason)
        .when(pl.int_range(pl.len()).over(_KEYS) > 0)
        .then(pl.lit(REPEATED))
        .alias(_VERDICT),
    )
    verdicts = numbered.select(_PLACE).join(judged, on=_PLACE, how="left", maintain_order="left")[_VERDICT]
    return _with_many_codes(compared, verdicts) if item.creates_subjects else verdicts


def _with_many_codes(compared: pl.DataFrame, verdicts: pl.Series) -> pl.Series:
    """一主体多码: one name and legal representative under several right codes, among the rows that are good so far."""
    same = [NAME_KEY, _PERSON]
    counted = pl.when(pl.col(_RIGHT) & pl.col(_VERDICT).is_null()).then(CODE)
    many = counted.drop_nulls().n_unique().over(same) > 1
    return (
        compared.with_columns(verdicts)
        .select(
            pl.when(counted.is_not_null() & many)
            .then(pl.lit("one_subject_many_codes"))
            .otherwise(_VERDICT)
            .alias(_VERDICT)
        )
        .to_series()
    )
