"""Thousands of damaged deliveries through the pure part of intake: a file is refused with a sentence, or every row of
it is judged and the sums add up; nothing else may happen (pitfalls §4).

File number n of a seed is always the same file: what goes wrong once can be looked at again.
"""

import json
import multiprocessing
import random
import zipfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import django
from django.conf import settings

from apps.records.catalogue import ItemSpec
from apps.records.models import CatalogueItem
from apps.records.reading import MAX_FORM, Unreadable, read_table
from apps.records.selectors import spec_of
from apps.records.services.judging import Judged, judge

DELIVERIES: Final = settings.BASE_DIR / "fixtures" / "demo" / "deliveries"
CATALOGUE: Final = settings.BASE_DIR / "fixtures" / "reference" / "records.catalogueitem.json"
RECEIVED_ON: Final = date(2026, 11, 15)
REFUSED, JUDGED = "整份退回", "逐行判定"
_LINES_KEPT: Final = 40
_LARGEST_WORKBOOK: Final = 40_000
_FILES_A_TASK: Final = 250
_SIGNS: Final = [
    b'"',
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b",",
    b"\t",
    b";",
    b"\r",
    b"\n",
    b"\r\n",
    b"\xe2\x80\xae",
    "，".encode(),
    "，".encode("gbk"),
    b"=",
    b"-",
    b"9" * 40,
    b"1e999",
    b"NaN",
    "１".encode(),
    b"\x81",
    b"\\",
    b"{",
]
_XML_SIGNS: Final = [
    b"<",
    b">",
    b"&",
    b'"',
    b"&#0;",
    b"&x;",
    b"<c>",
    b"<row>",
    b"</v>",
    b"999999",
    b"-1",
    b"\xff",
    b"XFD1",
]


class Fault(Exception):
    """What a damaged file must not do."""


def add_arguments(parser: ArgumentParser) -> None:
    """How many files, and how many processes share them."""
    parser.add_argument("--files", type=int, default=1_000, help="损坏文件的份数，缺省 1000")
    parser.add_argument("--processes", type=int, default=1, help="同时使用的进程数，缺省 1")


def run(options: dict[str, Any], say: Callable[[str], Any]) -> list[str]:
    """Try the files; returns what went wrong, a line each."""
    files, seed = options["files"], options["seed"]
    tasks = [(seed, first, min(first + _FILES_A_TASK, files)) for first in range(0, files, _FILES_A_TASK)]
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    for done, (counts, found) in enumerate(_results(tasks, options["processes"]), start=1):
        outcomes += counts
        faults += found
        if done % 20 == 0:
            say(f"已试 {outcomes.total()} 份，异常 {len(faults)} 份")
    told = "，".join(f"{outcome} {count}" for outcome, count in sorted(outcomes.items()))
    say(f"损坏的报送文件 {files} 份（seed {seed}）：{told}；异常 {len(faults)} 份")
    return faults


def _results(tasks: Sequence[tuple[int, int, int]], processes: int) -> Iterator[tuple[Counter[str], list[str]]]:
    if processes <= 1:
        yield from map(try_files, tasks)
        return
    # Polars and fork do not mix.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), django.setup) as pool:
        yield from pool.map(try_files, tasks)


def try_files(task: tuple[int, int, int]) -> tuple[Counter[str], list[str]]:
    """Outcomes and faults of the files `first` to before `last` of a seed."""
    seed, first, last = task
    outcomes: Counter[str] = Counter()
    faults = []
    for number in range(first, last):
        name, item, content = damaged(seed, number)
        try:
            outcomes[outcome_of(content, item)] += 1
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, also a panic of a library, is the finding
            faults.append(f"第{number}份（{name}，{item.code}）{type(error).__name__}：{str(error)[:300]}")
            outcomes["异常"] += 1
    return outcomes, faults


def outcome_of(content: bytes, item: ItemSpec) -> str:
    """What becomes of a file. Raises Fault when its sums do not add up."""
    with TemporaryDirectory(prefix="xinqiao-drill-") as folder:
        try:
            judged = judge(BytesIO(content), item, RECEIVED_ON, Path(folder))
        except Unreadable as refusal:
            if not refusal.message.endswith("。"):
                raise Fault(f"no sentence: {refusal.message}") from refusal
            return REFUSED
        check(judged)
    return JUDGED


def check(judged: Judged) -> None:
    """Every row once, every rejected row with a sentence. Raises Fault."""
    rejected, held = list(judged.rejected()), list(judged.held())
    good = [judged.good(*chunk) for chunk in judged.chunks()]
    rows = [frame.select("sheet", "row_number") for frame in (*rejected, *held, *good)]
    counted = sum(frame.height for frame in rows)
    if judged.read != judged.not_data.total() + judged.repeated + counted:
        raise Fault(f"{judged.read} rows read, {judged.not_data.total()} + {judged.repeated} + {counted} accounted for")
    places = [place for frame in rows for place in frame.iter_rows()]
    if len(places) != len(set(places)):
        raise Fault("a row is there twice")
    if not all(message.endswith("。") for frame in rejected for message in frame["message"]):
        raise Fault("a rejected row without a sentence")
    if len(judged.form) > MAX_FORM:
        raise Fault("a form that no column holds")


def damaged(seed: int, number: int) -> tuple[str, ItemSpec, bytes]:
    """(name, item, bytes) of the damaged file of a number."""
    chance = random.Random(f"{seed}:{number}")
    name, item, content = chance.choice(_originals())
    is_workbook = content.startswith(b"PK")
    if is_workbook and chance.random() < 0.7:
        return name, item, _with_damaged_entry(content, chance)
    for _ in range(chance.choice([1, 1, 2, 3, 10])):
        content = _damaged(content, chance, _SIGNS)
    return name, item, content


def _damaged(content: bytes, chance: random.Random, signs: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(content) + 1)
    to = min(len(content), at + chance.choice([1, 2, 5, 50, 500]))
    match chance.randrange(7):
        case 0:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
        case 1:
            return content[:at] + content[to:]
        case 2:
            return content[:at] or b"\n"
        case 3:
            return content[:to] + content[at:to] * chance.choice([1, 1, 3, 40]) + content[to:]
        case 4:
            return content[:at] + chance.choice(signs) + content[at:]
        case 5:
            return content[:at] + chance.randbytes(chance.choice([1, 4, 30])) + content[to:]
        case _:
            sign = chance.choice(signs)
            return content.replace(sign, chance.choice(signs), chance.choice([1, 3, -1])) or b"\n"


def _with_damaged_entry(content: bytes, chance: random.Random) -> bytes:
    """A sound container whose parts are damaged: what gets past the checksum."""
    written = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        names = source.namelist()
        chosen = {chance.choice(names), chance.choice([name for name in names if "sheet" in name.lower()])}
        for name in names:
            part = source.read(name)
            if name in chosen:
                for _ in range(chance.choice([1, 1, 3])):
                    part = _damaged(part, chance, _XML_SIGNS)
            if name not in chosen or chance.random() > 0.05:
                target.writestr(name, part)
    return written.getvalue()


@cache
def _originals() -> list[tuple[str, ItemSpec, bytes]]:
    """The deliveries of the demonstration, long texts cut, large workbooks left out, each with the items it is of."""
    found = []
    for path in sorted(DELIVERIES.rglob("*")):
        if not path.is_file() or (path.suffix == ".xlsx" and path.stat().st_size > _LARGEST_WORKBOOK):
            continue
        content = path.read_bytes()
        if not content.startswith(b"PK"):
            content = b"".join(content.splitlines(keepends=True)[:_LINES_KEPT])
        found += [(path.name, item, content) for item in _specs() if _is_of(content, item)]
    return found


def _is_of(content: bytes, item: ItemSpec) -> bool:
    try:
        next(read_table(BytesIO(content), item).blocks)
    except Unreadable:
        return False
    return True


@cache
def _specs() -> list[ItemSpec]:
    return [spec_of(CatalogueItem(**row["fields"])) for row in json.loads(CATALOGUE.read_text(encoding="utf-8"))]
