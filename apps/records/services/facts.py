"""Facts of a subject that turned out to be another one: closed there, added here, so that both answers stay known."""

from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.records.models import EventRecord, HoldingRecord, PaymentRecord

# The natural key beside the subject; a key that the remaining subject has already is only closed.
_KEYS: Final[tuple[tuple[Any, str], ...]] = (
    (PaymentRecord, "AND k.period_on = f.period_on"),
    (EventRecord, ""),
    (HoldingRecord, ""),
)


def move_facts(*, from_id: int, to_id: int, now: datetime) -> int:
    """Close every live row of one subject and add it again under the other, inside the caller's transaction.

    The rows of the subject that stays win where both have the same key. Returns how many were closed.
    """
    closed = 0
    for model, period in _KEYS:
        kept = [field.column for field in model._meta.concrete_fields]
        kept = [name for name in kept if name not in ("id", "subject_id", "recorded_at", "superseded_at")]
        columns = ", ".join(f'"{name}"' for name in kept)
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                WITH moved AS (
                    UPDATE {table} SET superseded_at = %(now)s
                    WHERE subject_id = %(from)s AND superseded_at IS NULL
                    RETURNING {columns})
                INSERT INTO {table} (subject_id, recorded_at, {columns})
                SELECT %(to)s, %(now)s, {columns} FROM moved f
                WHERE NOT EXISTS (
                    SELECT 1 FROM {table} k WHERE k.subject_id = %(to)s AND k.superseded_at IS NULL
                      AND k.item_code = f.item_code AND k.key_text = f.key_text {period})
                """,
                {"now": now, "from": from_id, "to": to_id},
            )
            cursor.execute(f"SELECT count(*) FROM {table} WHERE subject_id = %s AND superseded_at = %s", [from_id, now])
            closed += cursor.fetchone()[0]
    return closed
