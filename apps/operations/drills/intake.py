"""Faults in the middle of an intake: whatever dies, fills up or stands still, no row is lost and none is doubled.

Deliveries with rows of every kind go through real workers over a database server of the drill's own; one fault strikes
at a named fail point or at a random moment; afterwards everything must be as after an undisturbed intake. Run number n
of a seed is always the same strike.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from django.conf import settings

from apps.operations.bench.database import address
from apps.operations.drills import intake_worker
from apps.operations.drills.intake_lane import Lane
from apps.operations.drills.intake_plan import FAULTS, PLACES, strike
from apps.operations.drills.intake_run import Result, disturbed, undisturbed

INSIDE: Final = "XINQIAO_DRILL"
_NO_DISKS: Final = "这里不能挂载小磁盘，两种磁盘写满的故障从略 (disk faults skipped)"

Say = Callable[[str], Any]


def add_arguments(parser: ArgumentParser) -> None:
    """How many runs, how many at once, and the negative control."""
    parser.add_argument("--runs", type=int, default=20, help="次数，缺省 20；200 次时每个失效点至少 5 次")
    parser.add_argument("--first", type=int, default=0, help="从第几次开始，缺省 0")
    parser.add_argument("--at-once", type=int, default=1, help="同时进行的道数，缺省 1")
    parser.add_argument("--without-guard", action="store_true", help="反证：关掉租约检查，演练必须发现异常")
    parser.add_argument("--json", type=Path, dest="json_file", help="把逐次结果写入这个文件")
    parser.add_argument("--template", default="", help=argparse.SUPPRESS)
    parser.add_argument("--lane", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--worker", help=argparse.SUPPRESS)


def run(options: Mapping[str, Any], say: Say) -> list[str]:
    """Run the strikes; returns what went wrong, a line each."""
    if options["worker"]:
        intake_worker.work(options["worker"])
        return []
    if os.environ.get(INSIDE) == "1":
        _run_lane(options, say)
        return []
    results, failures = _results(options, say)
    for line in table(results):
        say(line)
    if options["json_file"]:
        told = {"seed": options["seed"], "runs": [result.as_json() for result in results], "failures": failures}
        options["json_file"].write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    missing = options["runs"] - len(results)
    return [
        *failures,
        *([f"有 {missing} 次没有结果"] if missing else []),
        *(f"第{result.number}次 {result.fault} {fault}" for result in results for fault in result.faults),
    ]


def line_of(result: Result) -> str:
    """A run in one line."""
    if not result.is_good:
        outcome = f"丢失 {result.lost} 行，多出 {result.doubled} 行，不一致 {len(result.faults)} 处"
    else:
        outcome = "与无故障时一致" if result.struck else "未及发生，一致"
    mark = "✓" if result.is_good else "✗"
    where = f"{result.seed}:{result.number} {FAULTS[result.fault]}｜{result.told}"
    return f"{mark} {where}｜{outcome}｜{result.seconds:.1f} 秒"


def table(results: Iterable[Result]) -> list[str]:
    """How often each fault and each fail point was struck, and what came of it."""
    results = list(results)
    struck = [result for result in results if result.struck]
    bad = Counter(result.fault for result in results if not result.is_good)
    at_place: Counter[str] = Counter()
    at_moment: Counter[str] = Counter()
    for result in struck:
        (at_place if result.place else at_moment)[result.fault] += 1
    lines = ["", "故障｜失效点｜随机时刻｜异常"]
    lines += [f"{label}｜{at_place[name]}｜{at_moment[name]}｜{bad[name]}" for name, label in FAULTS.items()]
    hits = Counter(result.place for result in struck if result.place)
    wrong = Counter(result.place for result in results if result.place and not result.is_good)
    lines += ["", "失效点｜击中｜异常"]
    lines += [f"{place.name}｜{hits[place.name]}｜{wrong[place.name]}" for place in PLACES]
    lost, doubled = sum(result.lost for result in results), sum(result.doubled for result in results)
    left = sum(result.left_folders for result in results)
    good = sum(result.is_good for result in results)
    summary = f"共 {len(results)} 次，发生故障 {len(struck)} 次，一致 {good} 次；丢失 {lost} 行，多出 {doubled} 行"
    fewest = min(hits[place.name] for place in PLACES)
    return [*lines, "", f"{summary}；失效点最少击中 {fewest} 次；留下临时文件夹 {left} 个"]


def _results(options: Mapping[str, Any], say: Say) -> tuple[list[Result], list[str]]:
    """Every lane is this command once more, in a data folder of its own that goes when it ends."""
    lanes = max(1, min(options["at_once"], options["runs"]))
    heard: SimpleQueue[tuple[int, str]] = SimpleQueue()
    for lane in range(lanes):
        threading.Thread(target=_hear, args=(lane, _words(options), heard), daemon=True).start()
    results, failures, ended = [], [], 0
    while ended < lanes:
        lane, line = heard.get()
        if line.startswith("{"):
            result = Result(**json.loads(line))
            results.append(result)
            say(line_of(result))
            for fault in result.faults:
                say(f"    {fault}")
        elif line.startswith("exit "):
            ended += 1
            if line != "exit 0":
                failures.append(f"第{lane + 1}道没有做完（退出码 {line.removeprefix('exit ')}）")
        else:
            say(line)
    return sorted(results, key=lambda result: result.number), failures


def _words(options: Mapping[str, Any]) -> list[str]:
    named = ("seed", "runs", "first", "at_once")
    words = [word for name in named for word in (f"--{name.replace('_', '-')}", str(options[name]))]
    given = ["--template", options["template"]] if options["template"] else []
    return ["drill", "intake", *words, *(["--without-guard"] if options["without_guard"] else []), *given]


def _hear(lane: int, words: Sequence[str], heard: "SimpleQueue[tuple[int, str]]") -> None:
    folder = settings.HOME / f"drill-intake-{lane + 1}"
    own = {INSIDE: "1", "XINQIAO_HOME": str(folder), "CELERY_BROKER_URL": "spool://", "PYTHONUNBUFFERED": "1"}
    env = os.environ | own
    if "--template" in words:  # a migrated database on a server that is there: what the tests have
        env["DATABASE_URL"] = address(f"xinqiao_drill_{os.getpid()}_{lane}")
    else:
        env.pop("DATABASE_URL", None)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words, "--lane", str(lane)]
    shutil.rmtree(folder, ignore_errors=True)  # of a drill that was killed
    try:
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                heard.put((lane, line.rstrip("\n")))
            code = process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    heard.put((lane, f"exit {code}"))


def _run_lane(options: Mapping[str, Any], say: Say) -> None:
    """Every how manyth run is this lane's; a line of JSON for each."""
    lanes = max(1, min(options["at_once"], options["runs"]))
    first = options["first"]
    # In pairs: even runs go through the fail points, odd ones through random moments.
    numbers = [n for n in range(first, first + options["runs"]) if n // 2 % lanes == options["lane"]]
    with Lane(template=options["template"], without_guard=options["without_guard"]) as lane:
        if not lane.has_disks and options["lane"] == 0:
            say(_NO_DISKS)
        calm = undisturbed(lane)
        for number in numbers:
            planned = strike(options["seed"], number, left_out=lane.left_out, without_guard=options["without_guard"])
            result = disturbed(lane, planned, options["seed"], calm)
            say(json.dumps(result.as_json(), ensure_ascii=False))
