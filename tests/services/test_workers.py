"""A job's way through a real broker and a real worker process, and what a killed worker leaves behind."""

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery, _state
from django.conf import settings

from apps.core import clock, jobs
from apps.core.actor import SYSTEM
from apps.core.models import Job, JobState, Outbox
from tests.services.conftest import BROKERS

pytestmark = pytest.mark.services
PATIENCE_SECONDS = 120


@pytest.fixture(params=BROKERS)
def broker(request, require) -> str:
    """The address of each broker in turn."""
    require("PostgreSQL", request.param)
    return BROKERS[request.param]


@pytest.fixture
def queue(broker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A queue of this test alone; what the outbox relay sends goes there."""
    # Never the same name twice: the library believes that a queue it once declared still stands.
    name = f"xinqiao-services-{uuid.uuid4()}"
    monkeypatch.setenv("CELERY_BROKER_URL", broker)  # Celery reads it before its own settings
    sender = Celery("services", broker=broker, set_as_current=False)
    sender.conf.update(task_default_queue=name, broker_connection_timeout=5, task_publish_retry=False)
    if broker.startswith("amqp"):
        sender.conf.broker_transport_options = {"confirm_publish": True}  # as in settings/base.py
    before = _state._tls.current_app
    sender.set_current()
    Job.objects.all().delete()
    yield name
    _state._tls.current_app = before
    with sender.connection_for_write() as connection:
        channel = connection.default_channel
        channel.queue_delete(name)
        if broker.startswith("redis"):
            channel.client.delete(*channel.client.keys(f"*{name}*"), name)
    sender.close()


@contextmanager
def worker(address: str, broker: str, queue: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process over the scratch database."""
    env = os.environ | {
        "DATABASE_URL": address,
        "CELERY_BROKER_URL": broker,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "XINQIAO_DB_ROLE": "batch",
        "XINQIAO_HOME": str(home),
        "POLARS_MAX_THREADS": "1",
    }
    words = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.services.work", "worker", "--pool", "solo"]
    words += [
        "--queues",
        queue,
        "--hostname",
        f"services-{os.getpid()}@local",
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "INFO",
    ]
    log = home / "worker.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            words, cwd=settings.BASE_DIR, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    except AssertionError as error:
        raise AssertionError(f"{error}\n{log.read_text()[-3000:]}") from error
    finally:
        process.kill()
        process.wait()


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that another process brings about."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    tick = threading.Event()
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        tick.wait(0.05)


def is_in(job: Job, state: JobState) -> bool:
    """Whether the row says so now."""
    job.refresh_from_db()
    return job.state == state


def test_a_job_goes_through_outbox_broker_and_worker(scratch, broker, queue, tmp_path, now):
    job = jobs.enqueue(actor=SYSTEM, kind="tests.double", key=broker, payload={"number": 21}, now=now)
    assert Outbox.objects.count() == 0, "the relay sent it at commit"
    with worker(scratch, broker, queue, tmp_path):
        until(lambda: is_in(job, JobState.DONE), "the job to be done")
    assert job.result == {"answer": 42, "actor": "系统"}
    assert (job.attempt, job.progress_pct) == (1, 100)


def test_a_killed_workers_job_is_brought_back_once(scratch, broker, queue, tmp_path, now):
    started = tmp_path / "started"
    job = jobs.enqueue(
        actor=SYSTEM, kind="tests.hang_once", key=f"{broker} kill", payload={"started": str(started)}, now=now
    )
    with worker(scratch, broker, queue, tmp_path) as process:
        until(started.exists, "the first attempt to begin")
        process.kill()
        process.wait()
    assert is_in(job, JobState.RUNNING)
    first_token = job.lease_token
    assert jobs.sweep() == 0, "a lease that runs is left alone"
    # The lease outlives the worker by up to a minute; the test does not wait for it.
    Job.objects.filter(pk=job.pk).update(lease_until=clock.machine_now() - timedelta(seconds=1))
    assert jobs.sweep() == 1
    with worker(scratch, broker, queue, tmp_path):
        until(lambda: is_in(job, JobState.DONE), "the second attempt to end")
    assert job.attempt == 2
    assert job.result == {"token": job.lease_token}
    assert job.lease_token > first_token


def test_what_a_dead_broker_did_not_take_waits_in_the_outbox(scratch, require, now, monkeypatch):
    require("PostgreSQL")
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    nobody = Celery("nobody", set_as_current=False)
    nobody.conf.update(broker_connection_timeout=1, task_publish_retry=False)
    before = _state._tls.current_app
    nobody.set_current()
    try:
        job = jobs.enqueue(actor=SYSTEM, kind="tests.double", key="no broker", payload={"number": 1}, now=now)
        row = Outbox.objects.get()
        assert (row.args, row.tries) == ([job.pk], 1)
        assert row.last_error
    finally:
        _state._tls.current_app = before
        nobody.close()
        Outbox.objects.all().delete()
