"""A database of the bench's own: migrated once, copied fresh for every row of the table, dropped at the end."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from apps.core.jobs import run_now
from apps.core.models import Job, JobState
from apps.operations.bench.measure import Spent, spending

NAME = "xinqiao_bench"
TEMPLATE = "xinqiao_bench_template"
BASE = Path(__file__).with_name("base.sql")


class BenchFault(Exception):
    """A piece of measured work did not end well."""


@contextmanager
def template() -> Iterator[None]:
    """Migrate a template with reference data and base tables; drop it when the block ends."""
    was = connection.settings_dict["NAME"], connection.settings_dict["ROLE"]
    _recreate(TEMPLATE, "template0")
    try:
        _become(TEMPLATE, "owner")
        call_command("migrate", verbosity=0)
        call_command("load_fixtures", verbosity=0)
        lay_base()
        yield
    finally:
        _become(*was)
        _drop(TEMPLATE)


@contextmanager
def fresh() -> Iterator[None]:
    """A copy of the template to work in as `xq_batch`."""
    was = connection.settings_dict["NAME"], connection.settings_dict["ROLE"]
    connection.close()
    _recreate(NAME, TEMPLATE)
    try:
        _become(NAME, "batch")
        yield
    finally:
        _become(*was)
        _drop(NAME)


def lay_base() -> None:
    """Make the frozen base tables; needs the owner's role."""
    with connection.cursor() as cursor:
        cursor.execute(BASE.read_text(encoding="utf-8"))


def _become(name: str, role: str) -> None:
    connection.close()
    connection.settings_dict["NAME"], connection.settings_dict["ROLE"] = name, role


def _parameters() -> dict[str, object]:
    known = {"host", "port", "user", "password", "sslmode", "passfile", "sslrootcert"}
    return {key: value for key, value in connection.get_connection_params().items() if key in known}


@contextmanager
def _server() -> Iterator[psycopg.Connection]:
    with psycopg.connect(**_parameters(), dbname="postgres", autocommit=True) as server:  # type: ignore[arg-type]
        yield server


def _recreate(name: str, copied: str) -> None:
    _drop(name)
    how = " ENCODING 'UTF8' LOCALE 'C.UTF-8'" if copied == "template0" else ""
    with _server() as server:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}" + how).format(sql.Identifier(name), sql.Identifier(copied))
        )


def _drop(name: str) -> None:
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def address(name: str = NAME) -> str:
    """A database of this server as a URL, the bench's own if not named, for processes beside this one."""
    given = _parameters()
    user = quote(str(given.pop("user", "")), safe="")
    rest = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in given.items() if value)
    return f"postgresql://{user}@/{name}?{rest}"


def environment(role: str) -> dict[str, str]:
    """The environment of a process beside this one, working on the bench's database."""
    return os.environ | {"DATABASE_URL": address(), "XINQIAO_DB_ROLE": role, "POLARS_MAX_THREADS": "1"}


def start_worker(job: Job) -> subprocess.Popen[str]:
    """A worker process of its own that does one job and prints what it spent."""
    words = [sys.executable, "manage.py", "bench", "--job", str(job.pk)]
    return subprocess.Popen(words, cwd=settings.BASE_DIR, env=environment("batch"), stdout=subprocess.PIPE, text=True)


def spent_by(worker: "subprocess.Popen[str]", job: Job) -> Spent:
    """Wait for a worker. Raises BenchFault when its job did not end well."""
    out, _ = worker.communicate()
    job.refresh_from_db()
    if worker.returncode or job.state != JobState.DONE:
        raise BenchFault(f"{job.kind}：{job.error or out}")
    return Spent(**json.loads(out.splitlines()[-1]))


def work(job: Job) -> Spent:
    """Do a job in a fresh worker process; inside a test's transaction, where no other process sees it, here."""
    if connection.in_atomic_block:
        return work_here(job)
    return spent_by(start_worker(job), job)


def work_here(job: Job) -> Spent:
    """Do a job in this process."""
    with spending() as spent:
        job = run_now(job)
    if job.state != JobState.DONE:
        raise BenchFault(f"{job.kind}：{job.error}")
    return spent
