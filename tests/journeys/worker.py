"""The worker's part of a journey, done in this process."""

import io

from django.core.management import call_command
from django.db import connection, transaction

from apps.core import audit
from apps.core.jobs import run_now
from apps.core.models import Job, JobState


def work() -> None:
    """Do every waiting job, also those that a job leaves behind, in the order in which they were asked for."""
    while job := Job.objects.filter(state=JobState.QUEUED).order_by("pk").first():
        run_now(job)
        assert job.state == JobState.DONE, f"{job.kind}: {job.error}"


def seal_and_verify() -> int:
    """Chain every event, as the sealer does under its own role, and find the chains whole; how many were sealed."""
    sealed = audit.unsealed()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE xq_batch")
        while audit.seal():
            pass
        cursor.execute("SET LOCAL ROLE xq_app")
    assert audit.unsealed() == 0
    said = io.StringIO()
    call_command("verify_audit", stdout=said)
    assert "审计链完整" in said.getvalue()
    return sealed
