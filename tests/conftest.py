"""The strict harness: warnings are errors, undefined template variables fail, unordered querysets come shuffled, the
network is blocked, and the tests use the database as the role that serves pages."""

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

CHINA = ZoneInfo("Asia/Shanghai")
SERVICES = os.environ.get("XINQIAO_TEST_SERVICES") == "1"


class _Undefined(str):
    """Django formats `string_if_invalid` with the variable's name: doing so is the failure."""

    def __contains__(self, item: object) -> bool:
        return item == "%s" or super().__contains__(str(item))

    def __mod__(self, name: object) -> str:
        raise AssertionError(f"undefined template variable: {name}")


def pytest_configure(config: pytest.Config) -> None:
    """Make templates strict before the first one is loaded."""
    settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = _Undefined("%s")


@pytest.fixture(scope="session")
def django_db_modify_db_settings_parallel_suffix() -> None:
    """One database a run: the suite does not use xdist against the embedded server."""


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Create and migrate the test database as its owner, load the reference tables, then go on as `xq_app`."""
    from django.test.utils import setup_databases, teardown_databases

    keep = bool(request.config.getvalue("reuse_db")) and not request.config.getvalue("create_db")
    with django_db_blocker.unblock():
        _become("owner")
        created = setup_databases(verbosity=0, interactive=False, keepdb=keep)
        call_command("load_fixtures", verbosity=0)
        _become("app")
    yield
    if not keep:
        with django_db_blocker.unblock():
            _become("owner")
            teardown_databases(created, verbosity=0)


def _become(role: str) -> None:
    connection.close()
    connection.settings_dict["ROLE"] = role


def _flush_as_owner(self: TransactionTestCase) -> None:
    """Empty what a transactional test wrote; the audit trail refuses TRUNCATE, so its triggers rest meanwhile."""
    connections.close_all()
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET session_replication_role = replica")
        tables = [name for name in connection.introspection.table_names(cursor) if name not in kept]
        filled = []
        for name in tables:
            if not name.startswith("reference_") and name not in {"records_catalogueitem", "profiles_scorecard"}:
                filled.append(connection.ops.quote_name(name))
        cursor.execute(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE")
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
