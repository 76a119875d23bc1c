import os
import re
import threading
from pathlib import Path

import pytest
from django.conf import settings

from apps.core import failpoints
from apps.operations.drills.intake_plan import PLACES


def test_nothing_happens_outside_a_drill(tmp_path: Path) -> None:
    (tmp_path / failpoints.ARMED).write_text("here")
    failpoints.reach("here")
    assert (tmp_path / failpoints.ARMED).exists()


def test_the_first_to_reach_the_armed_place_waits_until_it_may_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_folder", str(tmp_path))
    (tmp_path / failpoints.ARMED).write_text("here")
    failpoints.reach("elsewhere")
    work = threading.Thread(target=failpoints.reach, args=["here"])
    work.start()
    reached = tmp_path / failpoints.REACHED
    while not reached.exists():
        assert work.is_alive()
    assert reached.read_text() == str(os.getpid())
    assert not (tmp_path / failpoints.ARMED).exists()
    failpoints.reach("here")
    assert work.is_alive()
    reached.unlink()
    work.join()


def test_the_drill_knows_every_place_and_no_other() -> None:
    sources = [*(settings.BASE_DIR / "apps" / "core").glob("*.py")]
    sources += (settings.BASE_DIR / "apps" / "records").rglob("*.py")
    found = re.findall(r'failpoints\.reach\("([a-z_.]+)"\)', "\n".join(path.read_text() for path in sources))
    assert sorted(found) == sorted(place.name for place in PLACES)
