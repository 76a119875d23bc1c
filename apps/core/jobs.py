"""Long work: a row in the database is the truth, the broker's message only a hint, and any task may run twice.

A worker claims a job by a conditional UPDATE, which gives it a lease and a fencing token. Every chunk of the work
calls `lease.guard()` inside its transaction; a worker whose lease was given to another writes nothing more.
"""

import functools
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from celery import shared_task
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils.module_loading import autodiscover_modules
from kombu.exceptions import OperationalError

from apps.core import clock, failpoints
from apps.core.actor import Actor
from apps.core.audit import Target
from apps.core.errors import DomainError
from apps.core.models import Job, JobState, Outbox

LEASE = timedelta(seconds=60)
RETRY_AFTER = timedelta(seconds=15)

log = structlog.get_logger(__name__)
_work: dict[str, "Callable[[Lease], dict[str, Any] | None]"] = {}
_told: dict[str, "Told"] = {}


@dataclass(frozen=True, slots=True)
class Told:
    """What people read of a kind: its name, and where its result is seen (url name, then keys of the payload)."""

    label: str
    seen_at: tuple[str, ...] = ()


class LeaseLost(Exception):
    """Another worker owns the job now; whatever this one still holds must not be written."""


class Postponed(Exception):
    """The work cannot begin yet; its message says what it waits for. The job stays queued and costs no attempt: who
    ends the wait calls `wake`, and the sweeper looks again in any case.
    """


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job until it expires; `token` is the fencing number."""

    job_id: int
    token: int
    kind: str
    payload: dict[str, Any]
    actor: Actor
    business_date: date | None

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far the work is and renew the lease. Raises LeaseLost."""
        self._renew(progress_done=done, progress_total=total, progress_note=note)

    def guard(self) -> None:
        """Inside a chunk's transaction: renew the lease and hold the job's row until commit. Raises LeaseLost."""
        self._renew()

    def _renew(self, **values: Any) -> None:
        held = Job.objects.filter(pk=self.job_id, lease_token=self.token, state=JobState.RUNNING)
        if held.update(lease_until=clock.machine_now() + LEASE, **values) != 1:
            raise LeaseLost(f"job {self.job_id} is no longer held with token {self.token}")


def enqueue(
    *,
    actor: Actor,
    kind: str,
    key: str,
    payload: dict[str, Any],
    now: datetime,
    total: int = 0,
    business_date: date | None = None,
) -> Job:
    """Create the job and its outbox row in the running transaction; the same (kind, key) again gives the first job."""
    with transaction.atomic():
        job, created = Job.objects.get_or_create(
            kind=kind,
            key=key,
            defaults={
                "payload": payload,
                "actor": actor.as_json(),
                "organization_id": actor.organization_id,
                "business_date": business_date,
                "progress_total": total,
                "created_at": now,
                "lease_until": clock.machine_now() + RETRY_AFTER,
            },
        )
        if created:
            _post(job)
    return job


def _post(job: Job) -> None:
    Outbox.objects.create(task=job.kind, args=[job.pk], created_at=clock.machine_now())
    transaction.on_commit(relay, robust=True)


def wake(job: Job) -> None:
    """Send a queued job to a worker again; one in any other state does not need it."""
    if Job.objects.filter(pk=job.pk, state=JobState.QUEUED).exists():
        _post(job)


def reopen(job: Job) -> bool:
    """Put a failed job back into the queue with fresh attempts; False when it has not failed, or not any more."""
    with transaction.atomic():
        moved = Job.objects.filter(pk=job.pk, state=JobState.FAILED).update(
            state=JobState.QUEUED,
            attempt=0,
            finished_at=None,
            lease_token=F("lease_token") + 1,
            lease_until=clock.machine_now() + RETRY_AFTER,
        )
        if moved != 1:
            return False
        _post(job)
    job.refresh_from_db()
    return True


def relay(limit: int = 100) -> int:
    """Hand waiting outbox rows to the broker; a row leaves only after the broker took it. Returns how many went."""
    from celery import current_app

    sent = 0
    failpoints.reach("job.committed")
    with transaction.atomic():
        rows = Outbox.objects.select_for_update(skip_locked=True, of=("self",)).order_by("id")[:limit]
        for row in rows:
            try:
                current_app.send_task(row.task, args=row.args)
            except (OSError, OperationalError) as error:
                Outbox.objects.filter(pk=row.pk).update(tries=F("tries") + 1, last_error=str(error)[:500])
                log.warning("outbox_not_sent", task=row.task, error=str(error))
                break
            failpoints.reach("job.message_sent")
            row.delete()
            sent += 1
    return sent


def sweep() -> int:
    """Re-queue every open job whose lease ran out and that no message will bring back; returns how many."""
    swept = 0
    open_states = [JobState.RUNNING, JobState.QUEUED]
    expired = Job.objects.filter(state__in=open_states, lease_until__lt=clock.machine_now())
    for pk in list(expired.order_by("id").values_list("pk", flat=True)):
        with transaction.atomic():
            # A row that is locked has a worker inside a chunk; if that one stands still, the others must not wait.
            job = expired.select_for_update(skip_locked=True, of=("self",), no_key=True).filter(pk=pk).first()
            if job is None:
                continue
            if job.attempt >= job.max_attempts:
                _give_up(job)
                continue
            moved = Job.objects.filter(pk=job.pk, state=job.state, lease_token=job.lease_token).update(
                state=JobState.QUEUED, lease_token=F("lease_token") + 1, lease_until=clock.machine_now() + RETRY_AFTER
            )
            if moved:
                _post(job)
                swept += 1
    return swept


def _give_up(job: Job) -> None:
    Job.objects.filter(pk=job.pk, state=job.state, lease_token=job.lease_token).update(
        state=JobState.FAILED,
        error=job.error or "多次尝试均未完成，处理进程可能被中断。",
        lease_token=F("lease_token") + 1,
        finished_at=clock.now(),
    )


def claim(job_id: int) -> Lease | None:
    """Take a queued job; None when somebody else has it, it is over, or it does not exist."""
    moved = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        lease_token=F("lease_token") + 1,
        lease_until=clock.machine_now() + LEASE,
        started_at=clock.now(),
    )
    if moved != 1:
        return None
    failpoints.reach("job.claimed")
    job = Job.objects.get(pk=job_id)
    return Lease(job.pk, job.lease_token, job.kind, job.payload, Actor.from_json(job.actor), job.business_date)


def job(
    kind: str, *, label: str, seen_at: tuple[str, ...] = ()
) -> Callable[[Callable[[Lease], dict[str, Any] | None]], Callable[[int], None]]:
    """Make `work(lease)` the Celery task of a kind of job: claim, work, and put the end on the row.

    `label` and `seen_at` are what people read of it (see Told).
    """

    def decorate(work: Callable[[Lease], dict[str, Any] | None]) -> Callable[[int], None]:
        _work[kind] = work
        _told[kind] = Told(label, seen_at)

        @shared_task(name=kind)
        @functools.wraps(work)
        def task(job_id: int) -> None:
            _run(job_id, work)

        return task  # type: ignore[no-any-return]

    return decorate


def kinds() -> frozenset[str]:
    """Every kind that some task answers for."""
    return frozenset(_work)


def told_of(kind: str) -> Told:
    """What people read of a kind; of one that no task answers for any more, the kind itself."""
    _know_tasks(kind)
    return _told.get(kind, Told(kind))


def target_of(job: Job, label: str = "") -> Target:
    """A job as the audit trail names it: by `label`, else by its kind, with the business date where it has one."""
    return Target(
        job._meta.label_lower, str(job.pk), f"{label or told_of(job.kind).label} {job.business_date or ''}".strip()
    )


def _know_tasks(kind: str) -> None:
    """A worker has imported every tasks.py, a command or the web has not."""
    if kind not in _work:
        autodiscover_modules("tasks")


def run_now(job: Job) -> Job:
    """Do a queued job in this process (commands and tests); the row tells how it ended."""
    _know_tasks(job.kind)
    _run(job.pk, _work[job.kind])
    job.refresh_from_db()
    return job


def _run(job_id: int, work: Callable[[Lease], dict[str, Any] | None]) -> None:
    lease = claim(job_id)
    if lease is None:
        return
    mine = Job.objects.filter(pk=job_id, lease_token=lease.token, state=JobState.RUNNING)
    try:
        result = work(lease)
    except LeaseLost:
        log.warning("lease_lost", job=job_id, kind=lease.kind)
    except Postponed as error:
        mine.update(
            state=JobState.QUEUED,
            attempt=F("attempt") - 1,
            progress_note=str(error),
            lease_until=clock.machine_now() + RETRY_AFTER,
        )
    except DomainError as error:
        mine.update(state=JobState.FAILED, error=error.message, finished_at=clock.now())
    except Exception as error:
        # The row keeps the reason; the sweeper tries again until the attempts are used up.
        log.exception("job_failed", job=job_id, kind=lease.kind)
        mine.update(error=_summary(error), lease_until=clock.machine_now() + RETRY_AFTER)
    else:
        mine.update(state=JobState.DONE, result=result, error="", finished_at=clock.now())


def _summary(error: Exception) -> str:
    """What went wrong in one line; of a database error only its code, since it quotes values of rows."""
    if isinstance(error, DatabaseError):
        cause = error.__cause__
        diagnosis = getattr(cause, "diag", None)
        parts = (type(error).__name__, getattr(cause, "sqlstate", None), getattr(diagnosis, "constraint_name", None))
        return " ".join(part for part in parts if part)
    return "".join(traceback.format_exception_only(error)).strip().replace("\x00", "")
