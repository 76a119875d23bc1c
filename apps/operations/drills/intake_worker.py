"""A worker of the drill: `celery worker --pool solo` as the demonstration starts it, with shorter times."""

import os
from datetime import timedelta
from typing import Any, Final

from celery import current_app

from apps.core import clock, jobs
from apps.core.models import Job
from apps.records.services import judging

LEASE_SECONDS: Final = 4.0
GUARD_VARIABLE: Final = "XINQIAO_DRILL_WITHOUT_GUARD"
RETRY_AFTER: Final = timedelta(seconds=1)
CHUNK_ROWS: Final = 400


def work(name: str) -> None:
    """Be a worker until SIGTERM."""
    hasten()
    if os.environ.get(GUARD_VARIABLE) == "1":
        _leave_out_guard()
    words = ["worker", "--pool", "solo", "--hostname", f"{name}@local"]
    current_app.worker_main([*words, "--without-gossip", "--without-mingle", "--without-heartbeat"])


def hasten() -> None:
    """For this process: short leases, quick retries, and small chunks, so that a few thousand rows have many."""
    changed: Any = jobs
    changed.LEASE, changed.RETRY_AFTER = timedelta(seconds=LEASE_SECONDS), RETRY_AFTER
    changed = judging
    changed.LEAST_CHUNK_ROWS = CHUNK_ROWS


def _leave_out_guard() -> None:
    """The negative control: a worker whose lease is somebody else's writes on."""

    def renew(lease: jobs.Lease, **values: Any) -> None:
        Job.objects.filter(pk=lease.job_id).update(lease_until=clock.machine_now() + jobs.LEASE, **values)

    changed: Any = jobs.Lease
    changed._renew = renew
