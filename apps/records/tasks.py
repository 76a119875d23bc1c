"""Celery shells of records."""

from typing import Any

from apps.core import clock
from apps.core.jobs import Lease, job
from apps.records import services


@job("records.intake")
def intake(lease: Lease) -> dict[str, Any]:
    """Take a delivery in."""
    return services.apply_delivery(delivery_id=lease.payload["delivery_id"], lease=lease, now=clock.now())


@job("records.retry_held")
def retry_held(lease: Lease) -> dict[str, Any]:
    """Apply the rows that waited for their subject."""
    return services.retry_held_rows(lease=lease, now=clock.now())
