"""Celery shells of the night."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.core.jobs import Lease, job
from apps.operations import services


@shared_task(name="operations.nightly")
def nightly() -> int | None:
    """Begin, or go on with, the night of today's business date; returns the id of the job whose turn it is."""
    now = clock.now()
    begun = services.begin_night(business_date=clock.business_date(now), now=now)
    return begun.pk if begun else None


@job("operations.night_step", label="夜间处理", seen_at=("operations:status",))
def night_step(lease: Lease) -> dict[str, Any]:
    """Do one step of a night."""
    return services.run_step(lease=lease)
