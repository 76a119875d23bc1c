"""The short form of `manage.py drill malformed`."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.operations.drills import malformed


def test_damaged_files_are_refused_or_judged() -> None:
    said = io.StringIO()
    call_command("drill", "malformed", "--files", "60", "--seed", "11", stdout=said)
    assert "损坏的报送文件 60 份（seed 11）" in said.getvalue()
    assert malformed.REFUSED in said.getvalue()
    assert malformed.JUDGED in said.getvalue()


def test_the_same_number_is_the_same_file() -> None:
    assert malformed.damaged(5, 3)[2] == malformed.damaged(5, 3)[2]
    assert malformed.damaged(5, 3)[2] != malformed.damaged(6, 3)[2]


def test_a_lost_row_turns_the_drill_red(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = malformed.judge

    def forgetful(*args: Any) -> Any:
        judged = judge(*args)
        judged.read += 1
        return judged

    monkeypatch.setattr(malformed, "judge", forgetful)
    with pytest.raises(CommandError, match="处异常"):
        call_command("drill", "malformed", "--files", "20", "--seed", "11", stdout=io.StringIO())
