"""The cast with an open programme and the codes that the services look up."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.whitelist.services import load_decline_reasons
from tests.support.cast import Cast
from tests.whitelist.factories import Lists, open_programme

REASONS = Path(__file__).parents[2] / "fixtures" / "reference" / "whitelist.declinereason.json"


@pytest.fixture
def lists(cast: Cast, now: datetime) -> Lists:
    """See `factories.Lists`."""
    load_decline_reasons(actor=SYSTEM, rows=json.loads(REASONS.read_text(encoding="utf-8")), now=now)
    return Lists(cast, now, open_programme(cast, now))


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Pages happen at the instant of the tests."""
    monkeypatch.setattr(clock, "now", lambda: now)
