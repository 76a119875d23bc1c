"""Housekeeping that the beat calls: outbox, leases, seals."""

from celery import shared_task

from apps.core import audit, jobs


@shared_task(name="core.relay_outbox")
def relay_outbox() -> int:
    """Send what a dead process left in the outbox."""
    return jobs.relay()


@shared_task(name="core.sweep_jobs")
def sweep_jobs() -> int:
    """Re-queue jobs whose worker is gone."""
    return jobs.sweep()


@shared_task(name="core.seal_audit")
def seal_audit() -> int:
    """Chain the audit events of the last seconds."""
    return audit.seal()
