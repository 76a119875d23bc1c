"""The demonstration's processes: worker, beat and web server over the embedded database, started and ended together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from django.conf import settings

STOP_SECONDS = 10
WORKERS = min(2, os.cpu_count() or 1)


class PortTaken(Exception):
    """Somebody else listens on the port."""


def require_free_port(port: int) -> None:
    """Raise PortTaken before any long work when the site could not be served."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken from error


class Supervisor:
    """Starts processes and, on leaving the context, ends all of them; their output goes to log files."""

    def __init__(self, home: Path) -> None:
        self.logs = home / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        for folder in ("queue", "control"):
            (home / "broker" / folder).mkdir(parents=True, exist_ok=True)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Supervisor":
        # A service manager ends us with SIGTERM: end the processes then as after Ctrl-C, leave none behind.
        self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        signal.signal(signal.SIGTERM, self._before)

    def start_workers(self) -> None:
        """One solo worker a core, since frames and fork do not mix (design §4), and the beat."""
        celery = ("-m", "celery", "--quiet", "-A", "config.celery")
        for number in range(1, WORKERS + 1):
            words = (*celery, "worker", "--pool", "solo", "--hostname", f"demo{number}@local", "--without-gossip")
            self._start(f"worker{number}", words, role="batch")
        self._start("beat", (*celery, "beat", "--pidfile="), role="batch")

    def start_web(self, port: int) -> None:
        """The site on 127.0.0.1."""
        words = ("-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--workers", "2")
        self._start("web", words, role="app")

    def dead(self) -> list[str]:
        """Names of processes that ended by themselves."""
        return [name for name, process in self._processes.items() if process.poll() is not None]

    def log_of(self, name: str) -> Path:
        """Where a process writes."""
        return self.logs / f"{name}.log"

    def _start(self, name: str, words: Sequence[str], *, role: str) -> None:
        env = os.environ | {
            "XINQIAO_DB_ROLE": role,
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "POLARS_MAX_THREADS": "1",
        }
        with self.log_of(name).open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *words],
                cwd=settings.BASE_DIR,
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends them in order
            )
