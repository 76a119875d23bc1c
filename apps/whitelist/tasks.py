"""Job shells of the whitelist. The business instant is that of the request, so that a second run does the same."""

from datetime import datetime
from typing import Any

from apps.core.jobs import Lease, job
from apps.whitelist import selectors, services


@job("whitelist.screen", label="白名单筛选", seen_at=("whitelist:run_detail", "run_id"))
def screen(lease: Lease) -> dict[str, Any]:
    """Judge every firm of a run's region."""
    return services.screen(lease=lease, run_id=lease.payload["run_id"], now=_instant(lease))


@job("whitelist.push", label="向银行推送白名单", seen_at=("whitelist:programme_list",))
def push(lease: Lease) -> dict[str, Any]:
    """Push the listings of a batch's programme that its bank has not got yet."""
    batch = selectors.batch_for_job(lease.payload["batch_id"])
    listings = selectors.unpushed_listings_for_batch(batch)
    return services.push_listings(actor=lease.actor, batch=batch, listings=listings, now=_instant(lease), lease=lease)


def _instant(lease: Lease) -> datetime:
    return datetime.fromisoformat(lease.payload["now"])
