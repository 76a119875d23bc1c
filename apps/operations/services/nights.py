"""The night's jobs: begun by the beat, chained step by step, run again by hand."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.core import audit
from apps.core.actor import SYSTEM, Actor, Role
from apps.core.audit import Target
from apps.core.errors import DomainError, InvalidInput, NotPermitted, StateConflict
from apps.core.jobs import Lease, enqueue, reopen, target_of
from apps.core.models import Job, JobState
from apps.operations.night import STEP_BY_SLUG, STEP_KIND, STEPS, Step, step_after

audit.register("operations", {"begin_step": "夜间处理：{target}", "retry_job": "重新执行失败的任务：{target}"})


def begin_night(*, business_date: date, now: datetime) -> Job | None:
    """Put the first step of a night that is not there yet into the queue; None when every step has had its turn.

    Called at the hour of the night and again later: a night that was missed or broke off goes on where it stopped.
    """
    for step in STEPS:
        job = Job.objects.filter(kind=STEP_KIND, key=_key(step, business_date)).first()
        if job is None:
            return enqueue_step(actor=SYSTEM, slug=step.slug, business_date=business_date, now=now)
        if not job.is_over:
            return job
    return None


def enqueue_step(*, actor: Actor, slug: str, business_date: date, now: datetime) -> Job:
    """The job of one step of one night; the same again returns the same job, a failed one back in the queue.

    Raises InvalidInput for an unknown step.
    """
    if slug not in STEP_BY_SLUG:
        raise InvalidInput(f"没有这个步骤：{slug}。可选：{'、'.join(STEP_BY_SLUG)}。")
    with transaction.atomic():
        job = enqueue(
            actor=SYSTEM,
            kind=STEP_KIND,
            key=_key(STEP_BY_SLUG[slug], business_date),
            payload={"step": slug, "business_date": business_date.isoformat(), "now": now.isoformat()},
            now=now,
            business_date=business_date,
        )
        if job.state == JobState.FAILED:
            return retry_job(actor=actor, job=job, now=now)
        if job.attempt == 0 and job.state == JobState.QUEUED:
            audit.record(actor=actor, verb="operations.begin_step", target=_target(job), now=now)
    return job


def run_step(*, lease: Lease) -> dict[str, Any]:
    """Do a step under its lease and queue the next one, also when this one has failed for good.

    Raises what the step raises: the job's row keeps it.
    """
    slug = str(lease.payload["step"])
    business_date = date.fromisoformat(lease.payload["business_date"])
    now = datetime.fromisoformat(lease.payload["now"])
    try:
        result = STEP_BY_SLUG[slug].work(lease, business_date, now)
    except DomainError:
        _go_on(lease, slug, business_date, now)
        raise
    except Exception:
        if Job.objects.filter(pk=lease.job_id, attempt__gte=F("max_attempts")).exists():
            _go_on(lease, slug, business_date, now)
        raise
    _go_on(lease, slug, business_date, now)
    return result


def _go_on(lease: Lease, slug: str, business_date: date, now: datetime) -> None:
    lease.guard()
    following = step_after(slug)
    if following is not None and not Job.objects.filter(kind=STEP_KIND, key=_key(following, business_date)).exists():
        enqueue_step(actor=lease.actor, slug=following.slug, business_date=business_date, now=now)


def retry_job(*, actor: Actor, job: Job, now: datetime) -> Job:
    """Put a failed job of any kind back into the queue with fresh attempts.

    Raises NotPermitted, and StateConflict when it has not failed or somebody else was quicker.
    """
    if not actor.has(Role.OPERATOR, Role.SYSTEM):
        raise NotPermitted("只有平台管理员可以重新执行任务。")
    with transaction.atomic():
        audit.record(
            actor=actor, verb="operations.retry_job", target=_target(job), now=now, before={"error": job.error}
        )
        if not reopen(job):
            raise StateConflict("只有失败的任务可以重新执行，请刷新后查看。")
    return job


def _target(job: Job) -> Target:
    step = STEP_BY_SLUG.get(job.payload.get("step", "")) if job.kind == STEP_KIND else None
    return target_of(job, step.label if step else "")


def _key(step: Step, business_date: date) -> str:
    return f"{business_date} {step.slug}"
