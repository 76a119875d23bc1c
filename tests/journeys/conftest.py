"""The journeys happen on the day of `now`."""

import io
from datetime import datetime

import pytest
from django.core.management import call_command

from apps.core import clock

OPERATOR, PASSWORD = "platform.admin", "fengxiang-2026-xinqiao"


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def operator(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The first administrator, made as on a new installation; the user's name."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    call_command("create_operator", OPERATOR, "吴管理", "--password-stdin", stdout=io.StringIO())
    return OPERATOR
