"""Jobs: one row a key, one worker at a time, nothing lost when a worker or the broker dies."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from apps.accounts.models import Organization
from apps.core import clock, jobs
from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput
from apps.core.models import Job, JobState, Outbox

KIND = "trial.work"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the machine's clock on."""
    shift = timedelta()
    real = clock.machine_now

    def ahead(by: timedelta) -> None:
        nonlocal shift
        shift += by

    monkeypatch.setattr(clock, "machine_now", lambda: real() + shift)
    return ahead


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Any]]]:
    """What the broker was given."""
    messages: list[tuple[str, list[Any]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args: messages.append((name, args)))
    return messages


@pytest.fixture
def work() -> Iterator[list[Any]]:
    """A kind of job whose work is what the test puts into the list."""
    steps: list[Any] = []

    def first_step(lease: jobs.Lease) -> dict[str, Any] | None:
        return steps[0](lease)

    jobs._work[KIND] = first_step
    yield steps
    del jobs._work[KIND]


def queue(now: datetime, key: str = "1", **values: Any) -> Job:
    """A job in the queue."""
    return jobs.enqueue(actor=SYSTEM, kind=KIND, key=key, payload={"n": 1}, now=now, **values)


def test_enqueue_gives_the_same_job_for_the_same_key(db, now):
    first = queue(now)
    assert queue(now + timedelta(hours=1)) == first
    assert queue(now, "2") != first
    assert Outbox.objects.count() == 2


def test_run_now_puts_result_and_end_on_the_row(db, now, work):
    seen = []
    work.append(lambda lease: seen.append((lease.payload, lease.actor)) or {"rows": 3})
    job = jobs.run_now(queue(now))
    assert (job.state, job.result, job.attempt) == (JobState.DONE, {"rows": 3}, 1)
    assert job.finished_at is not None
    assert seen == [({"n": 1}, SYSTEM)]
    assert job.progress_pct == 100


def test_run_now_does_nothing_when_the_job_is_over(db, now, work):
    work.append(lambda lease: {"once": True})
    job = jobs.run_now(queue(now))
    work[0] = lambda lease: pytest.fail("ran twice")
    assert jobs.run_now(job).attempt == 1


def test_domain_error_fails_the_job_at_once_with_its_sentence(db, now, work):
    def refuse(lease: jobs.Lease) -> None:
        raise InvalidInput("文件是空的。")

    work.append(refuse)
    job = jobs.run_now(queue(now))
    assert (job.state, job.error) == (JobState.FAILED, "文件是空的。")


def test_fault_is_tried_again_until_the_attempts_are_used_up(db, now, work, sent, machine, caplog):
    def fault(lease: jobs.Lease) -> None:
        raise OSError("disk")

    work.append(fault)
    job = queue(now)
    for attempt in range(1, job.max_attempts + 1):
        jobs.run_now(job)
        assert (job.state, job.attempt, job.error) == (JobState.RUNNING, attempt, "OSError: disk")
        assert jobs.sweep() == 0
        machine(jobs.RETRY_AFTER + timedelta(seconds=1))
        jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "OSError: disk")
    assert jobs.claim(job.pk) is None


def test_a_database_error_leaves_no_values_of_the_row_in_the_job(db, cast, now, work, sent, caplog):
    def fault(lease: jobs.Lease) -> None:
        with transaction.atomic():
            Organization.objects.filter(pk=cast.authority.organization.pk).update(kind="firm")

    work.append(fault)
    job = jobs.run_now(queue(now))
    assert job.error == "IntegrityError 23514 organization_firm_has_subject"


def test_sweep_brings_a_dead_workers_job_back_and_fences_the_worker_out(db, now, work, sent, machine):
    job = queue(now)
    dead = jobs.claim(job.pk)
    dead.progress(5, 10, "第一段")
    assert jobs.sweep() == 0
    machine(jobs.LEASE + timedelta(seconds=1))
    assert jobs.sweep() == 1
    job.refresh_from_db()
    assert (job.state, job.progress_done, job.progress_pct) == (JobState.QUEUED, 5, 50)
    successor = jobs.claim(job.pk)
    for act in (dead.guard, lambda: dead.progress(6, 10)):
        with pytest.raises(jobs.LeaseLost):
            act()
    successor.guard()
    assert successor.token > dead.token


def test_reopen_gives_a_failed_job_fresh_attempts_and_leaves_others_alone(db, now, work, sent):
    work.append(lambda lease: (_ for _ in ()).throw(InvalidInput("缺列。")))
    job = queue(now)
    assert not jobs.reopen(job)
    jobs.run_now(job)
    Outbox.objects.all().delete()
    assert jobs.reopen(job)
    assert (job.state, job.attempt, job.finished_at) == (JobState.QUEUED, 0, None)
    assert Outbox.objects.get().args == [job.pk]
    work[0] = lambda lease: {"rows": 1}
    assert jobs.run_now(job).state == JobState.DONE
    assert not jobs.reopen(job)


def test_worker_that_lost_its_lease_writes_no_result(db, now, work, caplog):
    def overtaken(lease: jobs.Lease) -> dict[str, Any]:
        Job.objects.filter(pk=lease.job_id).update(lease_token=lease.token + 1)
        return {"stale": True}

    work.append(overtaken)
    job = jobs.run_now(queue(now))
    assert (job.state, job.result) == (JobState.RUNNING, None)
    work[0] = lambda lease: (_ for _ in ()).throw(jobs.LeaseLost("gone"))
    other = jobs.run_now(queue(now, "2"))
    assert (other.state, other.error) == (JobState.RUNNING, "")


def test_claim_takes_a_job_once(db, now):
    job = queue(now)
    assert jobs.claim(job.pk) is not None
    assert jobs.claim(job.pk) is None
    assert jobs.claim(0) is None


def test_sweep_sends_a_job_again_whose_message_got_lost(db, now, sent, machine):
    job = queue(now)
    Outbox.objects.all().delete()
    assert jobs.sweep() == 0
    machine(jobs.RETRY_AFTER + timedelta(seconds=1))
    assert jobs.sweep() == 1
    jobs.relay()
    assert sent == [(KIND, [job.pk])]


def test_relay_keeps_the_message_while_the_broker_is_down(db, now, sent, monkeypatch, caplog):
    job = queue(now)
    broker = current_app.send_task

    def down(name: str, args: list[Any]) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(current_app, "send_task", down)
    assert jobs.relay() == 0
    row = Outbox.objects.get()
    assert (row.tries, row.last_error) == (1, "connection refused")
    monkeypatch.setattr(current_app, "send_task", broker)
    assert jobs.relay() == 1
    assert sent == [(KIND, [job.pk])]
    assert not Outbox.objects.exists()
    assert jobs.relay() == 0


@pytest.mark.django_db(transaction=True)
def test_sweep_does_not_wait_for_a_worker_that_stands_still_inside_a_chunk(now, sent, machine):
    stuck, dead = queue(now, "stuck"), queue(now, "dead")
    lease = jobs.claim(stuck.pk)
    jobs.claim(dead.pk)
    chunk = connection.copy()
    try:
        chunk.set_autocommit(False)
        with chunk.cursor() as cursor:
            cursor.execute("SELECT 1 FROM core_job WHERE id = %s FOR UPDATE", [stuck.pk])
            machine(jobs.LEASE + timedelta(seconds=1))
            assert jobs.sweep() == 1
        dead.refresh_from_db()
        stuck.refresh_from_db()
        assert (dead.state, stuck.state) == (JobState.QUEUED, JobState.RUNNING)
    finally:
        chunk.close()
    lease.guard()


@pytest.mark.django_db(transaction=True)
def test_enqueue_sends_on_commit_only(now, sent):
    with transaction.atomic():
        queue(now, "lost")
        transaction.set_rollback(True)
    assert sent == []
    assert not Job.objects.exists()
    with transaction.atomic():
        job = queue(now, "kept")
        assert sent == []
    assert sent == [(KIND, [job.pk])]


def test_jobs_are_visible_to_their_organisation_and_to_administrators(cast, now):
    job = jobs.enqueue(actor=cast.department.actor, kind=KIND, key="d", payload={}, now=now)
    for name, sees in (("department", True), ("operator", True), ("owner", False), ("bank_officer", False)):
        assert Job.objects.visible_to(cast[name].actor).filter(pk=job.pk).exists() == sees, name


def test_every_kind_that_is_queued_has_its_task():
    for kind in jobs.kinds():
        assert kind in current_app.tasks
