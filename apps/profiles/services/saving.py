"""Rows of portraits into the tables: COPY into a temporary table, one upsert, and COPY into the history."""

import polars as pl
from django.db import connection

from apps.profiles.models import Profile, ProfileHistory
from apps.records.frames import copy_in, frame_of

_INCOMING = "profiles_incoming"
_PROFILE = Profile._meta.db_table
_HISTORY = ProfileHistory._meta.db_table
_PROFILE_COLUMNS = [field.attname for field in Profile._meta.concrete_fields]
_HISTORY_COLUMNS = [field.attname for field in ProfileHistory._meta.concrete_fields if not field.primary_key]
_UPSERT = (
    f"INSERT INTO {_PROFILE} ({', '.join(_PROFILE_COLUMNS)})"
    f" SELECT {', '.join(_PROFILE_COLUMNS)} FROM {_INCOMING}"
    f" ON CONFLICT (subject_id) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in _PROFILE_COLUMNS[1:])}"
    f" WHERE {_PROFILE}.as_of_on <= EXCLUDED.as_of_on"
)


def save(rows: pl.DataFrame) -> int:
    """Upsert the rows and add to the history those whose inputs or results differ; returns how many did.

    A portrait of an earlier day never replaces a later one.
    """
    if rows.is_empty():
        return 0
    key = ["subject_id", "input_digest", "payload_digest"]
    stored = _stored(rows)
    changed = rows.join(stored, on=key, how="anti")
    if not changed.is_empty() and (stored["as_of_on"] > rows["as_of_on"][0]).any():
        changed = changed.join(_stored_history(changed), on=key, how="anti")
    copy_in(_HISTORY, changed.select(_HISTORY_COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {_INCOMING} (LIKE {_PROFILE}) ON COMMIT DROP")
        copy_in(_INCOMING, rows.select(_PROFILE_COLUMNS))
        cursor.execute(_UPSERT)
        cursor.execute(f"DROP TABLE {_INCOMING}")
    return changed.height


def _stored(rows: pl.DataFrame) -> pl.DataFrame:
    return frame_of(
        f"SELECT subject_id, input_digest, payload_digest, as_of_on FROM {_PROFILE} WHERE subject_id BETWEEN %s AND %s",
        [rows["subject_id"].min(), rows["subject_id"].max()],
    )


def _stored_history(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the history of the very same day and knowledge: a run of a past day leaves no other trace of itself."""
    return frame_of(
        f"SELECT subject_id, input_digest, payload_digest FROM {_HISTORY}"
        " WHERE subject_id = ANY(%s) AND as_of_on = %s AND as_known_at = %s",
        [rows["subject_id"].to_list(), *rows.select("as_of_on", "as_known_at").row(0)],
    )
