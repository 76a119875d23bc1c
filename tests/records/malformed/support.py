"""What the tests of the sixty classes share: workbooks that were tampered with, fates of rows, peaks of memory."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from django.conf import settings

from apps.records.models import Delivery
from tests.records.support import CODES, SOCIAL_INSURANCE, payment, social_insurance

LONG = os.environ.get("XINQIAO_TEST_LONG") == "1"
FIRST, SECOND, THIRD = CODES
MAX_MB = 512
HEADER = SOCIAL_INSURANCE.split(",")
SHEET = "xl/worksheets/sheet1.xml"
SHARED = "xl/sharedStrings.xml"


def row(period: str = "202610", **cells: Any) -> str:
    """A right row of 甲有限公司."""
    return payment(period, **cells).replace("CODE", FIRST)


def text(*rows: str) -> str:
    """A delivery of 社会保险缴费明细 of 甲有限公司."""
    return social_insurance(*rows, code=FIRST)


GOOD = text(row("202609"), row("202610"))


def counts(delivery: Delivery) -> tuple[int, int, int, int, int, int]:
    """read, not_data, accepted, rejected, held, duplicate; the rows kept beside them agree."""
    delivery.refresh_from_db()
    fates = (delivery.not_data, delivery.accepted, delivery.rejected, delivery.held, delivery.duplicate)
    assert delivery.read == sum(fates)
    assert delivery.rejected_rows.count() == delivery.rejected
    assert delivery.held_rows.filter(state="open").count() == delivery.held
    return (delivery.read, *fates)


def reasons(delivery: Delivery) -> dict[int, str]:
    """Row number → why it went back; every one has a sentence."""
    rows = list(delivery.rejected_rows.order_by("row_number"))
    assert all(each.message.endswith("。") for each in rows)
    return {each.row_number: each.reason for each in rows}


def refused(delivery: Delivery) -> str:
    """The sentence with which the whole file went back; nothing of it was taken in."""
    assert delivery.state == "refused", delivery.state
    assert counts(delivery) == (0, 0, 0, 0, 0, 0)
    assert delivery.refusal.endswith("。")
    return delivery.refusal


def workbook(
    *rows: Sequence[object],
    names: Sequence[str] = ("明细",),
    hidden: str = "",
    **options: Any,
) -> bytes:
    """The same rows on every sheet."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd", **options}) as book:
        for name in names:
            sheet = book.add_worksheet(name)
            if name == hidden:
                sheet.hide()
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return buffer.getvalue()


def book_of(*rows: str) -> bytes:
    """A workbook of lines of text."""
    return workbook(HEADER, *(each.split(",") for each in rows))


def tampered(content: bytes, entry: str, change: Callable[[bytes], bytes], **more: bytes) -> bytes:
    """The container with one entry changed, and with more entries."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(source.read(name)) if name == entry else source.read(name))
        for name, part in more.items():
            target.writestr(name, part)
    return buffer.getvalue()


def container(entries: Mapping[str, bytes]) -> bytes:
    """A zip of these entries."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in entries.items():
            target.writestr(name, part)
    return buffer.getvalue()


def measured(folder: Path, files: Mapping[str, bytes], item: str = "social_insurance") -> dict[str, dict[str, Any]]:
    """What became of each file in a process of its own that never held more than 512 MB."""
    paths = []
    for name, content in files.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "tests.records.malformed.measured", item, *map(str, paths)],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "POLARS_MAX_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    outcomes = {outcome.pop("file"): outcome for outcome in map(json.loads, done.stdout.splitlines())}
    assert outcomes.keys() == files.keys()
    assert {name: outcome["peak_mb"] for name, outcome in outcomes.items() if outcome["peak_mb"] > MAX_MB} == {}
    return outcomes
