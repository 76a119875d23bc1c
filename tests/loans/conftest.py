"""The cast with a product on offer and the codes that the services look up."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.whitelist.services import load_decline_reasons
from tests.loans.factories import Loans, publish
from tests.support.cast import Cast

REASONS = Path(__file__).parents[2] / "fixtures" / "reference" / "whitelist.declinereason.json"


@pytest.fixture
def loans(cast: Cast, now: datetime) -> Loans:
    """See `factories.Loans`."""
    load_decline_reasons(actor=SYSTEM, rows=json.loads(REASONS.read_text(encoding="utf-8")), now=now)
    return Loans(cast, now, publish(cast.bank_officer, cast.bank_approver, now))


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Pages happen at the instant of the tests."""
    monkeypatch.setattr(clock, "now", lambda: now)
