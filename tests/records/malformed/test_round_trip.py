"""Random right rows of every item, written in any supported way, come back as the same rows (issue 3)."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.records.catalogue import CODE, EXTRA, OPERATION, TYPED_COLUMNS, FieldSpec, ItemSpec, fold_label
from apps.records.reading import read_table
from apps.records.staging import stage
from tests.records.malformed.support import LONG, workbook
from tests.records.support import CODES, catalogue

RECEIVED_ON = date(2026, 11, 15)
ITEMS = [item for _, item in sorted(catalogue().items())]
LETTERS = "甲乙丙丁公司有限𠮷㛃䶮镕喆·ab1 ，,；;\"'（）"
EXAMPLES = settings(
    max_examples=500 if LONG else 6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=not LONG
)

Cell = tuple[Any, list[str]]
"""A value as it must come out (money in fen, decimals in ten-thousandths), and the spellings in which it may go in."""


def _words(spec: FieldSpec) -> st.SearchStrategy[Cell]:
    inner = LETTERS if spec.type != "text" else LETTERS + "\t\n"
    room = min(spec.max_length, 30) - 2
    return st.text(inner, max_size=room).map(lambda text: (f"甲{text}乙", [f"甲{text}乙"]))


def _identifiers(spec: FieldSpec) -> st.SearchStrategy[Cell]:
    texts = (
        st.from_regex(f"(?a:{spec.pattern})", fullmatch=True)
        if spec.pattern
        else st.from_regex("[0-9]{9}", fullmatch=True)
    )
    return texts.map(lambda text: (text, [text, f" {text}\u3000"]))


def _numbers(spec: FieldSpec) -> st.SearchStrategy[Cell]:
    places = {"money_yuan": 2, "money_wan": 6, "decimal": 4, "integer": 0}[spec.type]

    def spelled(scaled: int) -> Cell:
        whole, part = divmod(scaled, 10**places)
        end = f".{part:0{places}d}" if places else ""
        return scaled, [f"{whole}{end}", f"{whole:,}{end}", f"¥{whole}{end}", f"{whole}{end}".translate(WIDE)]

    return st.integers(0, 10**9).map(spelled)


WIDE = {ord(char): chr(ord(char) + 0xFEE0) for char in "0123456789."}


def _days(spec: FieldSpec) -> st.SearchStrategy[Cell]:
    def spelled(day: date) -> Cell:
        serial = str((day - date(1899, 12, 30)).days)
        plain = [day.isoformat(), f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}"]
        return day, [*plain, f"{day.year}年{day.month}月{day.day}日", serial, f"{day.isoformat()} 00:00:00"]

    return st.dates(date(2015, 1, 1), RECEIVED_ON).map(spelled)


def _months(spec: FieldSpec) -> st.SearchStrategy[Cell]:
    def spelled(day: date) -> Cell:
        return day, [f"{day:%Y%m}", f"{day:%Y-%m}", f"{day.year}年{day.month}月", f"{day:%Y/%m}", day.isoformat()]

    return st.dates(date(2015, 1, 1), RECEIVED_ON).map(lambda day: spelled(day.replace(day=1)))


def _listed(spec: FieldSpec) -> st.SearchStrategy[Cell]:
    return st.sampled_from(sorted(spec.agreed)).map(lambda word: (spec.codes[fold_label(word)], [word, f" {word} "]))


CELLS: dict[str, Callable[[FieldSpec], st.SearchStrategy[Cell]]] = {
    "uscc": lambda spec: st.sampled_from(CODES).map(
        lambda code: (code, [code, code.lower(), f"{code[:8]} {code[8:]}"])
    ),
    "name": _words,
    "text": _words,
    "identifier": _identifiers,
    "document_no": lambda spec: st.integers(1, 999).map(
        lambda n: (f"甲〔2026〕{n}号", [f"甲〔2026〕{n}号", f"甲[2026]{n}号"])
    ),
    "code": _listed,
    "money_yuan": _numbers,
    "money_wan": _numbers,
    "integer": _numbers,
    "decimal": _numbers,
    "date": _days,
    "month": _months,
    "year": lambda spec: st.integers(2015, 2026).map(lambda year: (str(year), [str(year), f"{year}年"])),
}


@st.composite
def rows_of(draw: st.DrawFn, item: ItemSpec) -> list[dict[str, Cell]]:
    """Rows by field name; an optional field may be left out."""
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        row: dict[str, Cell] = {}
        for spec in item.fields:
            left_out = spec.name == OPERATION or (not spec.required and draw(st.booleans()))
            row[spec.name] = (None, ["", "-", "无"]) if left_out else draw(CELLS[spec.type](spec))
            if spec.store == "period_end_on":
                row[spec.name] = row[next(other.name for other in item.fields if other.store == "period_on")]
        rows.append(row)
    return rows


@st.composite
def written(draw: st.DrawFn, item: ItemSpec, rows: list[dict[str, Cell]]) -> bytes:
    """The rows as a file, each cell in one of its spellings."""
    order = draw(st.permutations(item.fields))
    cells = [[draw(st.sampled_from(row[spec.name][1])) for spec in order] for row in rows]
    labels = [draw(st.sampled_from((spec.label, *spec.aliases))) for spec in order]
    form = draw(st.sampled_from(["text", "text", "workbook", "lines"]))
    if form == "workbook":
        return workbook(labels, *cells, strings_to_numbers=False, strings_to_formulas=False, strings_to_urls=False)
    codec = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    if form == "lines":
        return "".join(
            f"{json.dumps(dict(zip(labels, row, strict=True)), ensure_ascii=False)}\n" for row in cells
        ).encode(codec)
    text = StringIO()
    writer = csv.writer(
        text,
        delimiter=draw(st.sampled_from([",", "\t", ";"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    writer.writerows([labels, *cells])
    return text.getvalue().encode(codec)


def _staged(content: bytes, item: ItemSpec) -> tuple[pl.DataFrame, int]:
    blocks = list(stage(read_table(BytesIO(content), item).blocks, item, RECEIVED_ON))
    rejected = pl.concat([block.rejected for block in blocks])
    assert rejected.is_empty(), rejected["message"].to_list()
    return pl.concat([block.rows for block in blocks]), sum(block.read for block in blocks)


def _stored(item: ItemSpec, row: dict[str, Cell]) -> Iterator[tuple[str, Any]]:
    """Column or key of `extra`, and what must stand there."""
    for spec in item.fields:
        value = row[spec.name][0]
        kind = TYPED_COLUMNS[item.shape].get(spec.store, "extra" if spec.store.startswith(EXTRA) else "")
        if not kind or kind == "flag":
            continue
        if kind == "text":
            yield spec.store, value or ""
        elif kind != "extra":
            yield spec.store, value
        elif value is not None:
            yield spec.store, _as_text(spec, value)


def _as_text(spec: FieldSpec, value: Any) -> Any:
    match spec.value_kind:
        case "money":
            return f"{value // 100}.{value % 100:02d}"
        case "decimal":
            return f"{value // 10_000}.{value % 10_000:04d}"
        case "date":
            return value.isoformat()
    return value


@given(data=st.data())
@EXAMPLES
def test_rows_come_back_as_they_were_written(data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(ITEMS), label="item")
    rows = data.draw(rows_of(item), label="rows")
    frame, _ = _staged(data.draw(written(item, rows), label="file"), item)
    assert frame[CODE].to_list() == [row[CODE][0] for row in rows]
    for found, row in zip(frame.iter_rows(named=True), rows, strict=True):
        extra = json.loads(found["extra"])
        for place, value in _stored(item, row):
            if place.startswith(EXTRA):
                assert extra[place.removeprefix(EXTRA)] == value, place
            else:
                assert found[place] == value, place


@given(data=st.data())
@EXAMPLES
def test_order_spelling_and_what_stands_around_never_change_the_facts(data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(ITEMS), label="item")
    rows = data.draw(rows_of(item), label="rows")
    first, read = _staged(data.draw(written(item, rows), label="one"), item)
    second, _ = _staged(data.draw(written(item, data.draw(st.permutations(rows))), label="other"), item)
    facts = ["natural_key", "content"]
    assert read == len(rows)
    assert first.select(facts).sort(facts).equals(second.select(facts).sort(facts))


@given(data=st.data())
@EXAMPLES
def test_blank_rows_titles_and_totals_are_no_facts(data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(ITEMS), label="item")
    lines = [[spec.label for spec in item.fields]]
    lines += [[cell[1][0] for cell in row.values()] for row in data.draw(rows_of(item), label="rows")]
    width = len(item.fields)
    place = data.draw(st.integers(1, len(lines)), label="place")
    around = [["合计"] + [""] * (width - 1), [""] * width, ["注：本表按月统计"] + [""] * (width - 1)]
    untidy = [[item.name], *lines[:place], *data.draw(st.permutations(around)), *lines[place:]]
    facts = ["natural_key", "content"]
    tidy, read = _staged(_csv(lines), item)
    found, more = _staged(_csv(untidy), item)
    assert (found.select(facts).equals(tidy.select(facts)), more - read) == (True, 4)


def _csv(lines: list[list[str]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def test_the_strategies_know_every_type() -> None:
    assert {spec.type for item in ITEMS for spec in item.fields} <= CELLS.keys()
