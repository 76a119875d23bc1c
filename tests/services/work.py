"""A worker's application with two tiny kinds of job: `celery -A tests.services.work worker`."""

import threading
from pathlib import Path
from typing import Any

import django

django.setup()

from apps.core.jobs import Lease, job  # noqa: E402  (models need Django first)
from config.celery import app  # noqa: E402

__all__ = ["app"]


@job("tests.double", label="翻倍")
def double(lease: Lease) -> dict[str, Any]:
    """Twice the number."""
    lease.progress(1, 1)
    return {"answer": lease.payload["number"] * 2, "actor": lease.actor.name}


@job("tests.hang_once", label="挂起一次")
def hang_once(lease: Lease) -> dict[str, Any]:
    """Hang at the first attempt, after saying so; finish at the next one."""
    started = Path(lease.payload["started"])
    if not started.exists():
        started.touch()
        threading.Event().wait()
    return {"token": lease.token}
