"""Whose portrait a run has to compute again: everybody else's is the same to the last digit (`profiles.changing`)."""

from collections.abc import Collection
from datetime import datetime

import polars as pl
from django.db.models import Min

from apps.profiles.models import Profile, ProfileRun
from apps.profiles.portrait import basis_digest
from apps.profiles.selectors.inputs import Basis
from apps.records.frames import frame_of, instant
from apps.records.selectors import changed_subjects_for_batch
from apps.subjects.models import Subject

_IDENTITY = ("code", "name", "kind", "region_code")


def subjects_due_for_batch(basis: Basis, as_known: datetime, *, among: Collection[int] | None = None) -> list[int]:
    """Ids of subjects (all, or of those `among`) whose stored portrait may differ from one computed as of the day of
    `basis` and as known at `as_known`, ascending.

    Due are those without a portrait, with one of another basis, of a later day or of a later knowledge; those whose
    day has come; those who bear another name or code now; and those whose records came, were corrected or deleted.
    """
    digest, day = basis_digest(basis.setting, basis.rules), basis.setting.as_of
    renamed = " OR ".join(f"p.{name} <> s.{name}" for name in _IDENTITY)
    stale = frame_of(
        f"SELECT s.id FROM {Subject._meta.db_table} s LEFT JOIN {Profile._meta.db_table} p ON p.subject_id = s.id"
        " WHERE p.subject_id IS NULL OR p.basis_digest <> %s OR p.as_of_on > %s OR p.as_known_at > %s"
        f" OR p.next_change_on <= %s OR {renamed}",
        [digest, day, as_known, day],
    )
    due = set(stale["id"]) | set(_with_other_records(basis.items, digest, as_known))
    return sorted(due if among is None else due & set(among))


def _with_other_records(items: Collection[str], digest: str, as_known: datetime) -> pl.Series:
    since = Profile.objects.filter(basis_digest=digest).aggregate(at=Min("as_known_at"))["at"]
    if since is None or since > as_known:
        return pl.Series("subject_id", [], dtype=pl.Int64)
    changed = changed_subjects_for_batch(items, since, as_known)
    if changed.is_empty():
        return changed["subject_id"]
    stored = frame_of(
        "SELECT subject_id, (extract(epoch FROM as_known_at) * 1000000)::bigint AS as_known_at,"
        " (extract(epoch FROM computed_at) * 1000000)::bigint AS computed_at"
        f" FROM {Profile._meta.db_table} WHERE basis_digest = %s",
        [digest],
    ).with_columns(instant("as_known_at"), instant("computed_at"))
    # A deletion of the very instant of a run came after it: the night computes first.
    differs = (pl.col("changed_at") > pl.col("as_known_at")) | (pl.col("deleted_at") >= pl.col("computed_at"))
    return changed.join(stored, on="subject_id").filter(differs)["subject_id"]


def undone_in_run_for_batch(basis: Basis, now: datetime, *, among: Collection[int] | None = None) -> list[int]:
    """Ids of subjects whose portrait the run that began at `now` has not stored yet, ascending."""
    done = Profile.objects.filter(computed_at=now, as_of_on=basis.setting.as_of)
    done = done.filter(basis_digest=basis_digest(basis.setting, basis.rules))
    left = Subject.objects.order_by("pk").exclude(pk__in=done.values("subject_id"))
    ids = set(left.values_list("pk", flat=True))
    return sorted(ids if among is None else ids & set(among))


def latest_run() -> ProfileRun | None:
    """The newest run over everybody that came to its end."""
    return ProfileRun.objects.order_by("-as_of_on", "-as_known_at", "-pk").first()
