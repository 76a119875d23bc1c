"""The faults. Each is a generator: it strikes at once, yields while it lasts, and ends when its cause is gone.

It gets the process that waits at the fail point, or 0 at a random moment, and lets that process go on (or kills it).
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from django.db import connection

from apps.core.models import Job
from apps.operations.drills import intake_plan as plan
from apps.operations.drills.intake_worker import LEASE_SECONDS

if TYPE_CHECKING:
    from apps.operations.drills.intake_run import Run

_FLUSH_SECONDS: Final = 1.5
_FULL_SECONDS: Final = 3.0
_STOPPED_SECONDS: Final = LEASE_SECONDS + 4
_TAKEN_OVER_SECONDS: Final = LEASE_SECONDS + 40

_SESSIONS: Final = """
SELECT pid FROM pg_stat_activity
WHERE datname = %s AND backend_type = 'client backend' AND NOT pid = ANY(%s)
ORDER BY state = 'active' DESC, state LIKE 'idle in%%' DESC, state_change DESC
"""


def worker_kill(run: "Run", pid: int) -> Iterator[None]:
    """kill -9; another worker is started at once."""
    run.lane.kill(pid or run.chance.choice(run.lane.workers))
    run.release()
    yield


def web_kill(run: "Run", pid: int) -> Iterator[None]:
    """kill -9 of the web process."""
    run.lane.kill(run.lane.web)
    run.release()
    yield


def worker_stop(run: "Run", pid: int) -> Iterator[None]:
    """SIGSTOP until somebody else has the job, or nobody got it in time; SIGCONT at a random moment after that."""
    pid = pid or run.chance.choice(run.lane.workers)
    held = dict(Job.objects.filter(state="running").values_list("pk", "lease_token"))
    os.kill(pid, signal.SIGSTOP)
    run.release()
    between = run.strike is not None and run.strike.place == plan.BETWEEN_CHUNKS
    patience = _TAKEN_OVER_SECONDS if between else _STOPPED_SECONDS
    until = time.monotonic() + (patience if held else 1)

    def taken_over() -> bool:
        again = Job.objects.filter(pk__in=held, state__in=("running", "done"))
        now = dict(again.values_list("pk", "lease_token"))
        return any(now.get(job, token) != token for job, token in held.items())

    while time.monotonic() < until and not run.tried(taken_over):
        yield
    until = time.monotonic() + run.chance.random() * 1.5
    while time.monotonic() < until:
        yield
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    if pid in run.lane.workers:
        run.resumed(pid)


def backend_end(run: "Run", pid: int) -> Iterator[None]:
    """pg_terminate_backend of every session of workers and web."""
    with run.lane.server() as server:
        for session in _sessions(server):
            server.execute("SELECT pg_terminate_backend(%s)", [session])
    run.release()
    yield


def backend_kill(run: "Run", pid: int) -> Iterator[None]:
    """kill -9 of a session's process: the server ends all sessions and recovers."""
    with run.lane.server() as server:
        sessions = _sessions(server)
    if sessions:
        with suppress(ProcessLookupError):
            os.kill(sessions[0], signal.SIGKILL)
    run.release()
    yield


def _sessions(server: psycopg.Connection) -> list[int]:
    own = [connection.connection.info.backend_pid] if connection.connection else []
    return [pid for (pid,) in server.execute(_SESSIONS, [connection.settings_dict["NAME"], own]).fetchall()]


def server_kill(run: "Run", pid: int) -> Iterator[None]:
    """kill -9 of the postmaster; whoever connects first starts it again."""
    os.kill(run.lane.server_pid, signal.SIGKILL)
    yield from _server_back(run)


def server_quit(run: "Run", pid: int) -> Iterator[None]:
    """Immediate shutdown."""
    os.kill(run.lane.server_pid, signal.SIGQUIT)
    yield from _server_back(run)


def _server_back(run: "Run") -> Iterator[None]:
    run.release()
    yield

    def is_back() -> bool:
        with run.lane.server() as server:
            server.execute("SELECT 1")
        return True

    while not run.tried(is_back):
        yield


def broker_flush(run: "Run", pid: int) -> Iterator[None]:
    """Every message is gone, and those that come in the next moments too."""
    until = time.monotonic() + _FLUSH_SECONDS
    _flush(run.lane.queue)
    run.release()
    while time.monotonic() < until:
        _flush(run.lane.queue)
        yield


def _flush(queue: Path) -> None:
    for message in queue.iterdir():
        if message.is_dir():
            shutil.rmtree(message, ignore_errors=True)
        else:
            message.unlink(missing_ok=True)


def temp_full(run: "Run", pid: int) -> Iterator[None]:
    """The workers' temporary disk is full until a job complains of it."""
    run.lane.fill(run.lane.temp)
    run.release()
    until = time.monotonic() + _FULL_SECONDS
    while time.monotonic() < until and not run.tried(lambda: Job.objects.exclude(error="").exists()):
        yield
    run.lane.free(run.lane.temp)


def files_full(run: "Run", pid: int) -> Iterator[None]:
    """The storage is full until an upload is refused."""
    refused = run.refused
    run.lane.fill(run.lane.files)
    run.release()
    until = time.monotonic() + _FULL_SECONDS
    while time.monotonic() < until and run.refused == refused:
        yield
    run.lane.free(run.lane.files)


FAULTS: Final[dict[str, Callable[["Run", int], Iterator[None]]]] = {
    plan.WORKER_KILL: worker_kill,
    plan.WORKER_STOP: worker_stop,
    plan.WEB_KILL: web_kill,
    plan.BACKEND_END: backend_end,
    plan.BACKEND_KILL: backend_kill,
    plan.SERVER_KILL: server_kill,
    plan.SERVER_QUIT: server_quit,
    plan.BROKER: broker_flush,
    plan.TEMP_FULL: temp_full,
    plan.FILES_FULL: files_full,
}
