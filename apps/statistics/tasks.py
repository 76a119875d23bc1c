"""Celery shells of statistics."""

from typing import Any

from apps.core import clock
from apps.core.jobs import Lease, job
from apps.statistics import services


@job("statistics.build_day", label="生成每日统计", seen_at=("statistics:index",))
def build_day(lease: Lease) -> dict[str, Any]:
    """Count one day."""
    assert lease.business_date is not None
    return services.build_day(actor=lease.actor, business_date=lease.business_date, now=clock.now(), lease=lease)
