"""A worker process that takes an intake up and is killed with SIGKILL on the way: what `kill -9` leaves behind.

Run as `python -m tests.records.killed_worker DATABASE FOLDER JOB PLACE`: PLACE is `between` chunks or `inside` one,
when its rows are copied and not yet committed.
"""

import os
import signal
import sys

import django
from django.conf import settings
from django.db import connection

CHUNK_ROWS = 10
CHUNKS_DONE = 2


def main(database: str, folder: str, job_id: int, place: str) -> None:
    """Take the job up in this process and die."""
    django.setup()
    connection.settings_dict["NAME"] = database
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    }
    from apps.core.jobs import run_now
    from apps.core.models import Job
    from apps.records.models import Delivery
    from apps.records.services import chunks, intake, judging

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    copy_in, progress = chunks.copy_in, intake.Lease.progress

    def copy_then_die(table: str, frame: object) -> int:
        copied = copy_in(table, frame)  # type: ignore[arg-type]
        if place == "inside" and Delivery.objects.filter(job_id=job_id, chunks_done__gte=CHUNKS_DONE).exists():
            die()
        return copied

    def progress_then_die(lease: intake.Lease, done: int, total: int, note: str = "") -> None:
        progress(lease, done, total, note)
        if place == "between" and Delivery.objects.filter(job_id=job_id, chunks_done__gte=CHUNKS_DONE).exists():
            die()

    judging.chunk_rows = lambda rows: CHUNK_ROWS
    chunks.copy_in = copy_then_die
    intake.Lease.progress = progress_then_die  # type: ignore[method-assign]
    run_now(Job.objects.get(pk=job_id))
    raise AssertionError("the worker should be dead")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
