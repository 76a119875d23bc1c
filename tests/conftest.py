"""The strict harness: warnings are errors, undefined template variables fail, unordered querysets come shuffled, the
network is blocked, and the tests use the database as the role that serves pages."""

import contextlib
import fcntl
import os
import random
import socket
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.models.query import ModelIterable, QuerySet
from django.test import Client, TransactionTestCase

from tests.support.cast import Cast
from tests.support.services import absent_line

CHINA = ZoneInfo("Asia/Shanghai")


class _Undefined(str):
    """Django formats `string_if_invalid` with the variable's name: doing so is the failure."""

    def __contains__(self, item: object) -> bool:
        return item == "%s" or super().__contains__(str(item))

    def __mod__(self, name: object) -> str:
        raise AssertionError(f"undefined template variable: {name}")


def pytest_configure(config: pytest.Config) -> None:
    """Make templates strict before the first one is loaded."""
    settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = _Undefined("%s")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process more than there are cores: servers, workers and browsers that tests start make tests wait."""
    return (os.cpu_count() or 1) + 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line which server did not answer."""
    if line := absent_line():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Migrate one test database as its owner and load the reference tables; each parallel process works on a clone of
    it. Then go on as `xq_app`."""
    config = request.config
    keep = bool(config.getvalue("reuse_db")) and not config.getvalue("create_db")
    worker = getattr(config, "workerinput", {})
    with django_db_blocker.unblock():
        with _one_at_a_time():
            base = _made_base(worker.get("testrunuid", ""), keep)
            if worker:
                _clone(base, f"{base}_{worker['workerid']}")
        _become("app")
        _filled_tables.update(_tables_with_rows())
    yield
    with django_db_blocker.unblock():
        _become("owner")
        if worker:
            _drop(connection.settings_dict["NAME"])
        elif not keep:
            connection.creation.destroy_test_db(base, verbosity=0)


# Tables that the fixtures filled; what a transactional test writes is emptied, these stay.
_filled_tables: set[str] = set()


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    settings.HOME.mkdir(parents=True, exist_ok=True)
    with (settings.HOME / "test-database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made_base(run: str, keep: bool) -> str:
    """The migrated database of this run; the first process of the run makes it."""
    marker = settings.HOME / "test-database.run"
    name = f"test_{connection.settings_dict['NAME']}"
    if run and marker.exists() and marker.read_text() == run:
        return name
    _become("owner")
    connection.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=keep)
    call_command("load_fixtures", verbosity=0)
    connection.close()
    marker.write_text(run)
    return name


def _clone(base: str, name: str) -> None:
    _drop(name)
    with _maintenance() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{base}"')
    connection.settings_dict["NAME"] = name


def _drop(name: str) -> None:
    with _maintenance() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _maintenance() -> Iterator[Any]:
    connection.close()
    with connection._nodb_cursor() as cursor:
        yield cursor


def _become(role: str) -> None:
    connection.close()
    connection.settings_dict["ROLE"] = role


def _tables_with_rows() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        names = connection.introspection.table_names(cursor)
        found = set()
        for name in names:
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})")
            if cursor.fetchone()[0]:
                found.add(name)
    connection.close()
    return found - {"core_auditevent"}


def _flush_as_owner(self: TransactionTestCase) -> None:
    """Empty what a transactional test wrote; the audit trail refuses TRUNCATE, so its triggers rest meanwhile."""
    connections.close_all()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET session_replication_role = replica")
        names = sorted(set(connection.introspection.table_names(cursor)) - _filled_tables)
        tables = ", ".join(connection.ops.quote_name(name) for name in names)
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    connection.close()


@pytest.fixture(autouse=True, scope="session")
def _transactional_tests_leave_nothing() -> Iterator[None]:
    original = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = _flush_as_owner  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine may be talked to."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"network access in a test: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _shuffle_unordered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queryset without an order has none: rows come in random order, so that no test can lean on luck."""
    fetch = QuerySet._fetch_all

    def shuffled(self: QuerySet[Any]) -> None:
        fresh = self._result_cache is None
        fetch(self)
        if fresh and not self.ordered and not self.query.is_sliced and self._iterable_class is ModelIterable:
            random.shuffle(self._result_cache)  # type: ignore[arg-type]

    monkeypatch.setattr(QuerySet, "_fetch_all", shuffled)


@pytest.fixture
def now() -> datetime:
    """The instant that tests happen at."""
    return datetime(2026, 11, 15, 10, 0, tzinfo=CHINA)


@pytest.fixture
def business_date() -> date:
    """The day of `now`."""
    return date(2026, 11, 15)


@pytest.fixture
def cast(db: None, now: datetime, business_date: date) -> Cast:
    """One person for every role."""
    return Cast(now, business_date)


@pytest.fixture
def client_for(cast: Cast) -> Callable[[str], Client]:
    """A logged-in HTTP client for a member of the cast, by name."""

    def log_in(name: str) -> Client:
        client = Client()
        client.force_login(cast[name].user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return log_in
