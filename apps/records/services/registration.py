"""登记注册: the one item whose deliveries create subjects."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from apps.core import failpoints
from apps.core.actor import Actor
from apps.records.catalogue import CODE, NAME
from apps.records.models import Source
from apps.records.staging import NAME_KEY
from apps.subjects.selectors import subjects_named_for_batch
from apps.subjects.services import RegisteredSubject, register_from_delivery_for_batch

GONE = ("cancelled", "moved_out")


def register(rows: pl.DataFrame, source: Source, actor: Actor, now: datetime) -> pl.DataFrame:
    """Bring the subjects of a chunk up to date; returns the rows that must be held instead: a right code for a firm
    that is stored under another one (一主体多码).
    """
    held = _of_subjects_with_another_code(rows)
    good = rows.join(held.select(CODE), on=CODE, how="anti")
    register_as_they_are(good.iter_rows(named=True), source, actor, now)
    failpoints.reach("intake.registered")
    return held


def register_as_they_are(rows: Iterable[Mapping[str, Any]], source: Source, actor: Actor, now: datetime) -> None:
    """Bring the subjects of rows up to date, whoever else bears their names. Dates may be ISO text (held rows)."""
    register_from_delivery_for_batch(
        rows=[
            RegisteredSubject(
                code=row[CODE],
                name=row[NAME],
                status=row["subject_status"],
                region_code=_region_of(source, row[CODE]),
                industry_code=row["subject_industry_code"] or "",
                legal_form=row["subject_legal_form"] or "",
                legal_representative=row["subject_legal_representative"] or "",
                established_on=_day(row["subject_established_on"]),
            )
            for row in rows
        ],
        actor=actor,
        now=now,
    )


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _of_subjects_with_another_code(rows: pl.DataFrame) -> pl.DataFrame:
    stored = pl.DataFrame(
        subjects_named_for_batch(rows[NAME_KEY].unique().to_list()),
        schema={NAME_KEY: pl.String, "stored_code": pl.String, "stored_person": pl.String, "stored_status": pl.String},
        orient="row",
    )
    known = stored["stored_code"].implode()
    others = rows.filter(~pl.col(CODE).is_in(known)).join(stored, on=NAME_KEY)
    same = others.filter(
        (pl.col("stored_person") == pl.col("subject_legal_representative")) & ~pl.col("stored_status").is_in(GONE)
    )
    right = ~pl.col("remarks").fill_null("").str.contains(f"{CODE}:code_inner", literal=True)
    return rows.join(same.filter(right).select(CODE).unique(), on=CODE, how="semi")


def _region_of(source: Source, code: str) -> str:
    """A district's own registrar says where its firms are, also those that moved in; a higher one does not."""
    region: str = source.organization.region_code
    return region if region and not region.endswith("00") else code[2:8]
