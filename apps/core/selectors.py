"""Reads of jobs and of the audit trail."""

from django.db.models import QuerySet

from apps.core.actor import Actor, Role
from apps.core.errors import NotPermitted, NotVisible
from apps.core.models import AuditEvent, Job


def job_visible_to(actor: Actor, job_id: int) -> Job:
    """One job. Raises NotVisible when it is missing or foreign."""
    job = Job.objects.visible_to(actor).filter(pk=job_id).first()
    if job is None:
        raise NotVisible
    return job


def trail_for(actor: Actor) -> QuerySet[AuditEvent]:
    """The audit trail, newest first; only the auditor reads it."""
    if not actor.has(Role.AUDITOR):
        raise NotPermitted
    return AuditEvent.objects.order_by("-id")
