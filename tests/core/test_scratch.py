import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from apps.core.scratch import scratch_folder

PREFIX = "xinqiao-scratch-test-"
KILLED = f"""
import os, signal
from apps.core.scratch import scratch_folder
with scratch_folder({PREFIX!r}) as folder:
    (folder / "rows.arrow").write_text("rows")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of this test and its processes."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_a_folder_goes_with_its_block(temporary: Path) -> None:
    with scratch_folder(PREFIX) as folder:
        (folder / "rows.arrow").write_text("rows")
        assert folder.parent == temporary
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_a_living_one_needs_stays(temporary: Path) -> None:
    with scratch_folder(PREFIX) as living:
        ended = subprocess.run([sys.executable, "-c", KILLED], cwd=settings.BASE_DIR, env=os.environ, check=False)
        assert ended.returncode == -signal.SIGKILL
        assert len(list(temporary.iterdir())) == 2
        with scratch_folder(PREFIX) as folder:
            assert sorted(temporary.iterdir()) == sorted([living, folder])
        assert list(temporary.iterdir()) == [living]


def test_a_file_of_that_name_is_not_touched(temporary: Path) -> None:
    file = temporary / f"{PREFIX}notes"
    file.write_text("mine")
    with scratch_folder(PREFIX):
        pass
    assert file.read_text() == "mine"
