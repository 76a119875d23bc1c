"""The short form of `manage.py drill intake`: real workers on a copy of the tests' database, and faults that spare the
server; then the negative control."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.operations.drills import intake
from apps.operations.drills.intake_plan import (
    BACKEND_END,
    DISK_FAULTS,
    FAULTS,
    PLACES,
    SERVER_FAULTS,
    WORKER_KILL,
    WORKER_STOP,
    strike,
)
from apps.operations.drills.intake_run import Result
from apps.operations.drills.intake_state import State, difference

LEFT_OUT = DISK_FAULTS | SERVER_FAULTS


def test_in_200_runs_every_fail_point_is_struck_five_times_and_every_fault_at_random_moments() -> None:
    for seed in (1, 7, 2026):
        plan = [strike(seed, number, left_out=frozenset(), without_guard=False) for number in range(200)]
        places = Counter(planned.place for planned in plan if planned.place)
        moments = Counter(planned.fault for planned in plan if not planned.place)
        assert places.keys() == {place.name for place in PLACES}
        assert min(places.values()) >= 5
        assert moments.keys() == FAULTS.keys()


def test_the_same_number_is_the_same_strike() -> None:
    planned = [strike(3, number, left_out=LEFT_OUT, without_guard=False) for number in range(40)]
    assert planned == [strike(3, number, left_out=LEFT_OUT, without_guard=False) for number in range(40)]
    assert not LEFT_OUT & {one.fault for one in planned}


def test_rows_lost_and_doubled_are_told() -> None:
    calm = State(Counter({"a": 1, "b": 1}), {"outbox": 0})
    found = difference(calm, State(Counter({"a": 2}), {"outbox": 1}))
    assert (found.lost, found.doubled) == (1, 1)
    assert found.faults == ["缺 b", "多 a", "outbox：0 → 1"]
    assert not difference(calm, calm).faults


def test_a_bad_run_is_a_fault_of_the_drill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good = Result(0, 1, WORKER_KILL, "intake.judged #1", "intake.judged", struck=True)
    bad = Result(1, 1, WORKER_STOP, "随机时刻 1:0.50", "", struck=True, doubled=3, faults=["多 a"])
    monkeypatch.setattr(intake, "_results", lambda options, say: ([good, bad], []))
    said, report = io.StringIO(), tmp_path / "drill.json"
    with pytest.raises(CommandError, match="1 处异常"):
        call_command("drill", "intake", "--runs", "2", "--json", str(report), stdout=said)
    assert "共 2 次，发生故障 2 次，一致 1 次；丢失 0 行，多出 3 行" in said.getvalue()
    assert "intake.judged｜1｜0" in said.getvalue()
    assert [run["doubled"] for run in json.loads(report.read_text())["runs"]] == [0, 3]


@pytest.fixture
def drilled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Any:
    """The drill on a copy of this process's database; returns what it said and its report."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    monkeypatch.setenv("XINQIAO_NO_BOOTSTRAP", "1")
    settings.HOME = tmp_path

    def run(*words: str) -> tuple[str, list[dict[str, Any]]]:
        template = connection.settings_dict["NAME"]
        connection.close()
        said, report = io.StringIO(), tmp_path / "drill.json"
        try:
            call_command("drill", "intake", "--template", template, "--json", str(report), *words, stdout=said)
        except CommandError as error:
            said.write(str(error))
        return said.getvalue(), json.loads(report.read_text())["runs"]

    return run


@pytest.mark.django_db(transaction=True)
def test_no_row_is_lost_or_doubled_whatever_dies(drilled: Any) -> None:
    said, runs = drilled("--seed", "9", "--first", "30", "--runs", "3")
    assert [run["lost"] + run["doubled"] for run in runs] == [0, 0, 0], said
    assert [run["faults"] for run in runs] == [[], [], []]
    assert {WORKER_KILL, BACKEND_END} <= {run["fault"] for run in runs if run["struck"]}, said


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_the_drill_goes_red(drilled: Any) -> None:
    said, runs = drilled("--seed", "5", "--runs", "1", "--without-guard")
    assert runs[0]["struck"], said
    assert runs[0]["faults"]
    assert "处异常" in said
