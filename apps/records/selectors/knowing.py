"""What was known at an instant: the one filter on the second time axis, for rows of the ORM and for frames.

A delivery becomes known at one instant, `Delivery.known_at`, however many chunks and workers write it: all its rows
bear it as `recorded_at`, all rows that they correct as `superseded_at`. While it is being written, «as known at» any
instant from then on is still growing; `known_until` is the newest instant whose answer is final. Whoever keeps an
answer, to give it again, asks as known at that instant.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q, QuerySet

from apps.core.models import Job, JobState
from apps.records.models import Delivery

# Jobs that write facts. Each dates them by an instant that it reads after it was claimed, and everybody sees the claim.
_WRITING = ("records.intake", "records.retry_held", "records.decide_held")


def as_known(rows: QuerySet[Any], at: datetime | None) -> QuerySet[Any]:
    """The facts as they were known at an instant; None: as they are known now."""
    if at is None:
        return rows.filter(superseded_at__isnull=True)
    return rows.filter(Q(superseded_at__isnull=True) | Q(superseded_at__gt=at), recorded_at__lte=at)


def known_sql(at: datetime | None) -> tuple[str, list[datetime]]:
    """`as_known` as an SQL condition on the columns of a fact, with its parameters."""
    if at is None:
        return "superseded_at IS NULL", []
    return "recorded_at <= %s AND (superseded_at IS NULL OR superseded_at > %s)", [at, at]


def changed_sql(since: datetime, until: datetime) -> tuple[str, list[datetime], str, list[datetime]]:
    """Facts that are not the same as known at the two instants: when each changed, as an SQL expression, and the
    condition on the columns of a fact; each followed by its parameters.
    """
    changed_at = "GREATEST(recorded_at, CASE WHEN superseded_at <= %s THEN superseded_at END)"
    is_changed = "recorded_at <= %s AND (recorded_at > %s OR superseded_at > %s AND superseded_at <= %s)"
    return changed_at, [until], is_changed, [until, since, since, until]


def known_until(now: datetime) -> datetime:
    """The newest instant, `now` at most, about which nothing that is being written will say anything more."""
    begun: list[datetime | None] = [
        Delivery.objects.filter(state="reading").aggregate(at=Min("known_at"))["at"],
        Job.objects.filter(kind__in=_WRITING, state=JobState.RUNNING).aggregate(at=Min("started_at"))["at"],
    ]
    return min([now, *(at - timedelta(microseconds=1) for at in begun if at is not None)])
