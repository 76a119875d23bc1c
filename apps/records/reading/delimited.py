"""Delimited text: comma, tab or semicolon, quoted fields that may hold line feeds, ragged and broken records.

Lines without unbalanced quotes go through the vector reader; only the odd ones are put together by hand. A quote that
never closes costs its own line, not the rest of the file (pitfalls M23).
"""

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import polars as pl

from apps.records.catalogue import ItemSpec
from apps.records.reading import encoding
from apps.records.reading.errors import Unreadable
from apps.records.reading.header import (
    ROW_NUMBER,
    SEARCHED_ROWS,
    SHEET,
    SHORTAGE,
    TEXT,
    Header,
    find_header,
    notes_of,
    without_header,
)

DELIMITERS: Final = {",": "逗号分隔", "\t": "制表符分隔", ";": "分号分隔"}
MAX_RECORD_LINES: Final = 100
_QUOTED: Final = r'"[^"]*"'


def read(stream: BinaryIO, item: ItemSpec) -> tuple[str, Iterator[pl.DataFrame], list[str]]:
    """(form, blocks, notes) of a text file."""
    codec, codec_name = encoding.detect(stream)
    delimiter, header = _sniff(_first_lines(stream, codec), item)
    form = f"文本，{codec_name}，{DELIMITERS[delimiter]}"
    return form, _blocks(stream, codec, delimiter, header), notes_of(header)


def _first_lines(stream: BinaryIO, codec: str) -> list[str]:
    text = ""
    for block in encoding.text_blocks(stream, codec):
        text += block
        lines = _lines(text)
        if len(lines) > SEARCHED_ROWS:
            return lines[:SEARCHED_ROWS]
    return _lines(text)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _sniff(lines: list[str], item: ItemSpec) -> tuple[str, Header]:
    for delimiter in DELIMITERS:
        rows = [_fields(line, delimiter) or [line] for line in lines[:SEARCHED_ROWS]]
        header = find_header(rows, item)
        if header is not None:
            return delimiter, header
    if not any(line.strip() for line in lines):
        raise Unreadable("文件中没有任何内容。")
    raise Unreadable(
        f"前{SEARCHED_ROWS}行中找不到“{item.name}”的表头，请核对报送的信息项、列名和分隔符（逗号、制表符或分号）。"
    )


def _fields(record: str, delimiter: str) -> list[str] | None:
    """The cells of one record; None when its quotes do not close."""
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _blocks(stream: BinaryIO, codec: str, delimiter: str, header: Header) -> Iterator[pl.DataFrame]:
    """Blocks of records; a block keeps back its last lines, which may belong to a record that goes on."""
    kept: list[str] = []
    number = 1
    for fresh, final in _line_blocks(stream, codec):
        lines = kept + fresh
        frame, used = _parse(lines, delimiter, header, number, final=final)
        kept = lines[used:]
        number += frame.height
        yield without_header(frame, header)


def _line_blocks(stream: BinaryIO, codec: str) -> Iterator[tuple[list[str], bool]]:
    """Whole lines in blocks, and whether the block is the last one."""
    waiting: list[str] | None = None
    partial = ""
    ended_with_cr = False
    for block in encoding.text_blocks(stream, codec):
        text = block.removeprefix("\n") if ended_with_cr else block
        ended_with_cr = block.endswith("\r")
        if waiting is not None:
            yield waiting, False
        waiting = _lines(partial + text)
        partial = waiting.pop()
    yield [*(waiting or []), *([partial] if partial else [])], True


def _parse(
    lines: list[str], delimiter: str, header: Header, first_number: int, *, final: bool
) -> tuple[pl.DataFrame, int]:
    """Frame of the records that are complete, and how many lines they took."""
    quotes = pl.Series(lines, dtype=pl.String).str.count_matches('"', literal=True)
    records, unclosed, used = _records(lines, (quotes % 2 == 1).arg_true().to_list(), delimiter, final=final)
    text = pl.Series(TEXT, records, dtype=pl.String)
    frame = pl.DataFrame({TEXT: text}).with_row_index(ROW_NUMBER, first_number)
    plain = _is_plain(text, delimiter, header.width)
    rows = frame.filter(plain).with_columns(pl.lit(False).alias(SHORTAGE))
    rows = rows.hstack(_cells_at_once(rows[TEXT], delimiter, header))
    by_hand = (~plain).arg_true().to_list()
    if by_hand:
        cells = [_cells_by_hand(records[i], i in unclosed, delimiter, header) for i in by_hand]
        rest = frame[by_hand].with_columns(
            pl.Series(SHORTAGE, [short for _, short in cells], dtype=pl.Boolean),
            *(
                pl.Series(name, [row[position] or None for row, _ in cells], dtype=pl.String)
                for name, position in header.positions.items()
            ),
        )
        rows = pl.concat([rows, rest.select(rows.columns)]).sort(ROW_NUMBER)
    return rows.with_columns(pl.lit("").alias(SHEET), pl.col(ROW_NUMBER).cast(pl.Int64)), used


def _records(lines: list[str], odd: list[int], delimiter: str, *, final: bool) -> tuple[list[str], set[int], int]:
    """Put the lines of a record together: (records, positions of those with an unclosed quote, lines used)."""
    records: list[str] = []
    unclosed: set[int] = set()
    line, turn = 0, 0
    while turn < len(odd):
        first = odd[turn]
        if not final and first + MAX_RECORD_LINES >= len(lines):
            return [*records, *lines[line:first]], unclosed, first
        records += lines[line:first]
        if _fields(lines[first], delimiter) is not None:  # a quote sign inside an unquoted cell
            records.append(lines[first])
            line, turn = first + 1, turn + 1
            continue
        last = next(
            (
                end
                for end in odd[turn + 1 : turn + 3]
                if end - first < MAX_RECORD_LINES and _fields("\n".join(lines[first : end + 1]), delimiter) is not None
            ),
            None,
        )
        if last is None:
            unclosed.add(len(records))
            records.append(lines[first])
            line, turn = first + 1, turn + 1
        else:
            records.append("\n".join(lines[first : last + 1]))
            line = last + 1
            turn = next((i for i in range(turn + 1, len(odd)) if odd[i] > last), len(odd))
    return [*records, *lines[line:]], unclosed, len(lines)


def _is_plain(text: pl.Series, delimiter: str, width: int) -> pl.Series:
    """Records that the vector reader splits exactly as the rule book says, into as many cells as the header has."""
    right_width = text.str.count_matches(delimiter, literal=True) == width - 1
    quoted = text.str.contains('"', literal=True)
    if not quoted.any():
        return right_width & (text != "")
    sign = re.escape(delimiter)
    well_quoted = rf'^(?:[^"{sign}]*|"(?:[^"]|"")*")(?:{sign}(?:[^"{sign}]*|"(?:[^"]|"")*"))*$'
    some = text.filter(quoted)
    bare_width = some.str.replace_all(_QUOTED, "").str.count_matches(delimiter, literal=True)
    sound = some.str.contains(well_quoted) & (bare_width == width - 1)
    return right_width.zip_with(~quoted, pl.Series([False]).new_from_index(0, len(text))).scatter(
        quoted.arg_true(), sound
    ) & (text != "")


def _cells_at_once(text: pl.Series, delimiter: str, header: Header) -> pl.DataFrame:
    if text.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(header.positions, pl.String))
    frame = pl.read_csv(
        text.str.join("\n").item().encode(),
        has_header=False,
        separator=delimiter,
        infer_schema=False,
        columns=sorted(header.positions.values()),
    ).rename({f"column_{position}": name for name, position in header.positions.items()})
    if frame.height != len(text):
        raise AssertionError(f"{frame.height} records read of {len(text)}")
    return frame


def _cells_by_hand(record: str, unclosed: bool, delimiter: str, header: Header) -> tuple[list[str], bool]:
    """Cells padded to the header's width, and whether the record does not fit the header."""
    cells = None if unclosed else _fields(record, delimiter)
    if cells is None:
        cells, short = record.split(delimiter), True
    else:
        extra = cells[header.width :]
        short = bool(record.strip()) and (len(cells) < header.width or any(cell.strip() for cell in extra))
    return (cells + [""] * header.width)[: header.width], short
