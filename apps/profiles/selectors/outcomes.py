"""The portraits that stood when something became of a loan: never one that was made, or knew anything, later."""

from datetime import date, datetime, time

import polars as pl
from django.db import connection

from apps.core.clock import CHINA
from apps.profiles.models import ProfileHistory
from apps.records.catalogue import CODE
from apps.records.frames import copy_in, frame_of
from apps.records.reading import ROW_NUMBER
from apps.subjects.models import Subject, SubjectCode

_ASKED = "profiles_asked"
_HISTORY = ProfileHistory._meta.db_table
_COLUMNS = (
    "as_of_on, (as_known_at AT TIME ZONE 'Asia/Shanghai')::date AS as_known_on, scorecard_version, indicator_version,"
    " score, payload->>'size_class' AS size_class,"
    " payload->'figures'->>'industry_code' AS industry_code, (payload->'points')::text AS points"
)


def portraits_before_for_batch(outcomes: pl.DataFrame) -> pl.DataFrame:
    """The newest portrait before the day of each outcome, whose data had all been received before that day began.

    `outcomes`: row_number, code, outcome_on. Gives row_number, subject_id, kind, region_code (null: no subject has or
    had the code), and of the portrait as_of_on, as_known_on (the day), scorecard_version, indicator_version, score,
    size_class, industry_code and points (JSON text, hundredths by line); null where there is none. Call it
    inside a transaction.
    """
    days = outcomes.select(ROW_NUMBER, CODE, "outcome_on", _midnight("outcome_on").alias("midnight_at"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_ASKED} ({ROW_NUMBER} bigint, {CODE} text, outcome_on date,"
            " midnight_at timestamptz) ON COMMIT DROP"
        )
        copy_in(_ASKED, days)
        cursor.execute(f"ANALYZE {_ASKED}")
        found = frame_of(
            f"SELECT asked.{ROW_NUMBER}, subject.id AS subject_id, subject.kind, subject.region_code, portrait.*"
            f" FROM {_ASKED} AS asked"
            f" LEFT JOIN {SubjectCode._meta.db_table} AS known ON known.code = asked.{CODE}"
            f" LEFT JOIN {Subject._meta.db_table} AS subject ON subject.id = known.subject_id"
            f" LEFT JOIN LATERAL (SELECT {_COLUMNS} FROM {_HISTORY} AS history"
            "  WHERE history.subject_id = subject.id AND history.as_of_on < asked.outcome_on"
            "  AND history.as_known_at < asked.midnight_at"
            "  ORDER BY as_of_on DESC, as_known_at DESC, id DESC LIMIT 1) AS portrait ON true"
            f" ORDER BY asked.{ROW_NUMBER}"
        )
        cursor.execute(f"DROP TABLE {_ASKED}")
    return found


def scores_before_for_batch(day: date, scorecard_version: str) -> pl.DataFrame:
    """(score) of everybody's newest portrait before a day by this scorecard, as far as rated; known before it too."""
    midnight = datetime.combine(day, time(), CHINA)
    newest = (
        f"SELECT DISTINCT ON (subject_id) score FROM {_HISTORY}"
        " WHERE as_of_on < %s AND as_known_at < %s AND scorecard_version = %s"
        " ORDER BY subject_id, as_of_on DESC, as_known_at DESC, id DESC"
    )
    return frame_of(
        f"SELECT score FROM ({newest}) AS newest WHERE score IS NOT NULL", [day, midnight, scorecard_version]
    )


def _midnight(column: str) -> pl.Expr:
    """The first instant of a day in this country, as text that the server reads."""
    return pl.col(column).cast(pl.String) + " 00:00:00+08"
