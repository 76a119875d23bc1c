"""Celery shells."""

from datetime import date, datetime
from typing import Any

from apps.core.jobs import Lease, job
from apps.matching.services import match_open_needs


@job("matching.match_needs", label="匹配融资需求", seen_at=("matching:need_list",))
def match_needs(lease: Lease) -> dict[str, Any]:
    """Match every open need."""
    return match_open_needs(
        lease=lease,
        business_date=date.fromisoformat(lease.payload["business_date"]),
        now=datetime.fromisoformat(lease.payload["now"]),
    )
