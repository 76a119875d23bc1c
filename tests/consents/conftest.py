"""Pages here happen at `now`, like everything else."""

from datetime import datetime

import pytest

from apps.core import clock


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
