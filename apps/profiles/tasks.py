"""Celery shell of profiles."""

from datetime import date, datetime
from typing import Any

from apps.core.jobs import Lease, job
from apps.profiles import services


@job("profiles.refresh", label="计算信用画像")
def refresh(lease: Lease) -> dict[str, Any]:
    """Compute the portraits of a day."""
    payload = lease.payload
    return services.compute_profiles(
        lease=lease,
        business_date=date.fromisoformat(payload["business_date"]),
        as_known=datetime.fromisoformat(payload["as_known"]),
        now=datetime.fromisoformat(payload["now"]),
        subject_ids=payload["subject_ids"],
        whole=payload.get("whole", False),
    )
