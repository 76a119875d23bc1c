"""Tests against a PostgreSQL server, Redis and RabbitMQ on loopback.

They run where the services answer; the last lines of the run say which did not. With `manage.py test --services` an
absent service is a failure.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from tests.support.services import DEMANDED, PORTS, answers

BROKERS = {"Redis": "redis://127.0.0.1:6379/5", "RabbitMQ": "amqp://guest:guest@127.0.0.1:5672//"}
SERVER = "postgresql://postgres@127.0.0.1:5432"


@pytest.fixture
def require() -> Callable[..., None]:
    """Go on only where the services answer."""

    def check(*services: str) -> None:
        for service in services:
            if not answers(service):
                (pytest.fail if DEMANDED else pytest.skip)(f"{service} does not answer on 127.0.0.1:{PORTS[service]}")

    return check


@pytest.fixture(scope="module")
def scratch(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of its own on the server, migrated as its owner; the default connection serves it as `xq_app`.

    Yields its address; the connection is given back afterwards.
    """
    if not answers("PostgreSQL"):
        (pytest.fail if DEMANDED else pytest.skip)("PostgreSQL does not answer on 127.0.0.1:5432")
    name = f"xinqiao_services_{os.getpid()}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
        server.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        )
    before = connection.settings_dict
    place = {"NAME": name, "USER": "postgres", "PASSWORD": "", "HOST": "127.0.0.1", "PORT": "5432", "ROLE": "owner"}
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict = {key: value for key, value in before.items() if key != "EMBEDDED"} | place
        try:
            call_command("migrate", verbosity=0)
            become("app")
            yield f"{SERVER}/{name}"
        finally:
            connection.close()
            connection.settings_dict = before
            with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def become(role: str) -> None:
    """Go on as another of the three roles."""
    connection.close()
    connection.settings_dict["ROLE"] = role
