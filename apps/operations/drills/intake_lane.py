"""Where runs of the drill happen one after the other: a database server, folders and processes of its own."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.accounts.services import create_api_client, create_organization
from apps.core import clock, failpoints
from apps.core.actor import SYSTEM, OrganizationKind, Role
from apps.core.jobs import run_now
from apps.core.models import Job, JobState
from apps.core.postgres import embedded
from apps.operations.drills import intake_files as files
from apps.operations.drills import intake_worker
from apps.operations.drills.intake_plan import DISK_FAULTS, SERVER_FAULTS
from apps.records.models import Source
from apps.records.services import receive_delivery, set_source

WORKERS: Final = 2
DISK_MB: Final = 24
_WARM_SECONDS: Final = 30
_BALLAST: Final = "ballast"


class Lane:
    """Use as a context; then `reset` before every run.

    Without `template` the server is the lane's own; else that migrated database is copied on the server that it is on.
    """

    def __init__(self, *, template: str = "", without_guard: bool = False) -> None:
        self.home = Path(settings.HOME)
        self.folder = self.home / "failpoints"
        self.temp, self.files, self.queue = self.home / "tmp", self.home / "files", self.home / "broker" / "queue"
        self.port = _free_port()
        self.workers: list[int] = []
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.web = 0
        self.credentials = ("", "")
        self.has_disks = False
        self._without_guard = without_guard
        self._data: Path | None = connection.settings_dict.get("EMBEDDED")
        self._given = template
        self.database: str = connection.settings_dict["NAME"]
        self._template = f"{self.database}_drill"
        self._number = 0

    def __enter__(self) -> "Lane":
        folders = (self.temp, self.files, self.queue, self.folder, self.home / "logs", self.home / "broker" / "control")
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        self.has_disks = not self._given and all(_mount(folder) for folder in (self.temp, self.files))
        intake_worker.hasten()
        # No power fails here: what the system has in memory outlives every fault, so the disk need not be waited for.
        options = {"fsync": "off", "full_page_writes": "off", "log_checkpoints": "off"}
        connection.settings_dict["EMBEDDED_OPTIONS"] = options
        try:
            self._prepare_template()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.end_processes()
        self._close()

    def _close(self) -> None:
        connection.close()
        if self._data:
            embedded.stop(self._data)
        else:
            with self.server() as server:
                for name in (self.database, self._template):
                    server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for folder in (self.temp, self.files):
            if self.has_disks:
                subprocess.run(["umount", "-l", str(folder)], check=False)

    @property
    def left_out(self) -> frozenset[str]:
        """Faults that cannot be had here."""
        return (frozenset() if self.has_disks else DISK_FAULTS) | (SERVER_FAULTS if self._given else frozenset())

    # Database

    def _prepare_template(self) -> None:
        if self._given:
            self._create(self.database, self._given)
        else:
            connection.settings_dict["ROLE"] = "owner"
            call_command("migrate", verbosity=0)
            call_command("load_fixtures", verbosity=0)
            connection.close()
        connection.settings_dict["ROLE"] = "batch"
        now = clock.now()
        kind = str(OrganizationKind.DEPARTMENT)
        department = create_organization(actor=SYSTEM, kind=kind, name="演练局", now=now, region_code="610305")
        items = [files.SOCIAL_INSURANCE, files.REGISTRATION]
        source = set_source(actor=SYSTEM, organization=department, item_codes=items, now=now)
        client, secret = create_api_client(
            actor=SYSTEM, organization=department, name="演练", role=Role.DEPARTMENT, now=now
        )
        self.credentials = (client.application.client_id, secret)
        job = receive(source, files.REGISTRATION, "登记.csv", files.firms())
        if (job := run_now(job)).state != JobState.DONE:
            raise RuntimeError(f"the firms of the drill are not registered: {job.error}")
        connection.close()
        with self.server() as server:
            server.execute(f"ALTER DATABASE {self.database} RENAME TO {self._template}")

    @contextlib.contextmanager
    def server(self) -> Iterator[psycopg.Connection]:
        """A connection to the server itself, beside the databases; starts a dead server again."""
        known = {"host", "port", "user", "password"}
        given = {name: value for name, value in connection.settings_dict.items() if name.lower() in known and value}
        where = {name.lower(): value for name, value in given.items()}
        if self._data:
            where = {"host": embedded.socket_directory(self._data, {}), "user": "postgres"}
        with psycopg.connect(**where, dbname="postgres", autocommit=True) as server:
            yield server

    def _create(self, name: str, template: str) -> None:
        connection.close()
        with self.server() as server:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")

    @property
    def server_pid(self) -> int:
        """The postmaster."""
        assert self._data
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def reset(self, *, with_web: bool) -> None:
        """Nothing waits, and the database is as before the first delivery; who was killed before is replaced."""
        self._create(self.database, self._template)
        for folder in (self.temp, self.queue, self.folder):
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.free(self.files)
        self._man(with_web=with_web)

    # Processes

    def _start(self, name: str, words: Sequence[str], role: str) -> int:
        env = os.environ | {
            "XINQIAO_DB_ROLE": role,
            "TMPDIR": str(self.temp),
            failpoints.VARIABLE: str(self.folder),
            intake_worker.GUARD_VARIABLE: "1" if self._without_guard else "0",
            "POLARS_MAX_THREADS": "1",
        }
        with (self.home / "logs" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=settings.BASE_DIR,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # it is killed with what it starts
            )
        self._processes[process.pid] = process
        return process.pid

    def start_worker(self) -> int:
        """One more worker; returns its process id."""
        self._number += 1
        name = f"drill{self._number}"
        return self._start(name, ("manage.py", "drill", "intake", "--worker", name), "batch")

    def start_web(self) -> None:
        """The web process, on `port`."""
        words = ("-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "--threads", "4")
        self.web = self._start("web", words, "app")

    def _man(self, *, with_web: bool) -> None:
        """Workers that are alive and rested, and the web process where it is wanted."""
        self.workers = [pid for pid in self.workers if self._processes[pid].poll() is None]
        self.workers += [self.start_worker() for _ in range(WORKERS - len(self.workers))]
        if with_web and not (self.web and self._processes[self.web].poll() is None):
            self.start_web()

    def kill(self, pid: int) -> None:
        """kill -9 of a worker, or of the web process and all that belong to it, and another in its place."""
        if pid in self.workers:
            self._end(pid)
            self.workers[self.workers.index(pid)] = self.start_worker()
        elif self.web:
            self._end(self.web)
            self.start_web()

    def end_warmly(self, pid: int) -> None:
        """SIGTERM: a worker ends when its task has."""
        process = self._processes[pid]
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_WARM_SECONDS)

    def _end(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        self._processes[pid].wait()

    def end_processes(self) -> None:
        """kill -9 of all of them."""
        for pid in self._processes:
            self._end(pid)
        self.workers, self.web = [], 0

    # Disks

    def fill(self, folder: Path) -> None:
        """Write a file until not a byte more fits on the folder's disk."""
        size_bytes = 1 << 20
        with (folder / _BALLAST).open("ab", buffering=0) as ballast:
            while size_bytes:
                try:
                    ballast.write(b"\0" * size_bytes)
                except OSError:
                    size_bytes //= 2

    def free(self, folder: Path) -> None:
        """Take the file away again."""
        (folder / _BALLAST).unlink(missing_ok=True)


def receive(source: Source, item: str, name: str, content: bytes) -> Job:
    """Hand a file in without the web; returns the job of its intake."""
    delivery = receive_delivery(
        actor=SYSTEM, source=source, item_code=item, file_name=name, content=content, now=clock.now()
    )
    if delivery.job is None:
        raise RuntimeError(f"{name} came before")
    return delivery.job


def _mount(folder: Path) -> bool:
    """A small disk in memory, where this is permitted."""
    if os.geteuid() != 0 or sys.platform != "linux":
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    return os.path.ismount(folder) or subprocess.run(command, check=False, capture_output=True).returncode == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
