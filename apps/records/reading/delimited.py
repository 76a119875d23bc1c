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
FIRST_BYTES: Final = 200_000
_NO_SEPARATOR: Final = "\x01"
_QUOTED: Final = r'"[^"]*"'


def read(stream: BinaryIO, item: ItemSpec) -> tuple[str, Iterator[pl.DataFrame], list[str]]:
    """(form, blocks, notes) of a text file."""
    codec, codec_name = encoding.detect(stream)
    delimiter, header = _sniff(_first_lines(stream, codec), item)
    form = f"文本，{codec_name}，{DELIMITERS[delimiter]}"
    return form, _blocks(stream, codec, delimiter, header), notes_of(header)


def _first_lines(stream: BinaryIO, codec: str) -> list[str]:
    text = ""
    for block in encoding.text_blocks(stream, codec, FIRST_BYTES):
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
    kept = ""
    number = 1
    for fresh, final in _whole_lines(stream, codec):
        frame, kept = _parse(kept + fresh, delimiter, header, number, final=final)
        number += frame.height
        yield without_header(frame, header)


def _whole_lines(stream: BinaryIO, codec: str) -> Iterator[tuple[str, bool]]:
    """Text of whole lines, each ending with a line feed whatever ended it, and whether it is the last."""
    waiting: str | None = None
    partial = ""
    ended_with_cr = False
    for block in encoding.text_blocks(stream, codec):
        text = block.removeprefix("\n") if ended_with_cr else block
        ended_with_cr = block.endswith("\r")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if waiting is not None:
            yield waiting, False
        end = text.rfind("\n") + 1
        waiting, partial = (partial + text[:end], text[end:]) if end else ("", partial + text)
    yield (waiting or "") + (f"{partial}\n" if partial else ""), True


def _parse(text: str, delimiter: str, header: Header, first_number: int, *, final: bool) -> tuple[pl.DataFrame, str]:
    """Frame of the records that are complete, and the text that is left."""
    records = _lines_at_once(text)
    unclosed: set[int] = set()
    left = ""
    odd = (records.str.count_matches('"', literal=True) % 2 == 1).arg_true().to_list() if '"' in text else []
    if odd:
        lines = records.to_list()
        joined, unclosed, used = _records(lines, odd, delimiter, final=final)
        records = pl.Series(TEXT, joined, dtype=pl.String)
        left = "".join(f"{line}\n" for line in lines[used:])
    frame = pl.DataFrame({TEXT: records}).with_row_index(ROW_NUMBER, first_number)
    plain = _is_plain(records, delimiter, header.width)
    if plain.all() and not odd:
        cells = _cells_at_once(text, frame.height, delimiter, header)
        rows = frame.with_columns(pl.lit(False).alias(SHORTAGE)).hstack(cells)
    else:
        rows = _odd_and_plain(frame, plain, unclosed, delimiter, header)
    return rows.with_columns(pl.lit("").alias(SHEET), pl.col(ROW_NUMBER).cast(pl.Int64)), left


def _lines_at_once(text: str) -> pl.Series:
    """The lines of a text that ends with a line feed, without a Python string for each."""
    if not text:
        return pl.Series(TEXT, [], dtype=pl.String)
    if _NO_SEPARATOR not in text and not text.startswith("\n") and "\n\n" not in text:
        lines = pl.read_csv(
            text.encode(),
            has_header=False,
            new_columns=[TEXT],
            separator=_NO_SEPARATOR,
            quote_char=None,
            infer_schema=False,
        )[TEXT]
        if len(lines) == text.count("\n"):
            return lines
    return pl.Series(TEXT, [text.removesuffix("\n")], dtype=pl.String).str.split("\n").explode()


def _odd_and_plain(
    frame: pl.DataFrame, plain: pl.Series, unclosed: set[int], delimiter: str, header: Header
) -> pl.DataFrame:
    """Plain records at once, the others by hand, in their order."""
    rows = frame.filter(plain).with_columns(pl.lit(False).alias(SHORTAGE))
    text = rows[TEXT].str.join("\n").item() if rows.height else ""
    rows = rows.hstack(_cells_at_once(text, rows.height, delimiter, header))
    by_hand = (~plain).arg_true().to_list()
    if not by_hand:
        return rows
    cells = [_cells_by_hand(frame[TEXT][i], i in unclosed, delimiter, header) for i in by_hand]
    rest = frame[by_hand].with_columns(
        pl.Series(SHORTAGE, [short for _, short in cells], dtype=pl.Boolean),
        *(
            pl.Series(name, [row[position] or None for row, _ in cells], dtype=pl.String)
            for name, position in header.positions.items()
        ),
    )
    return pl.concat([rows, rest.select(rows.columns)]).sort(ROW_NUMBER)


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


def _cells_at_once(text: str, count: int, delimiter: str, header: Header) -> pl.DataFrame:
    """The cells of a text all of whose lines are plain records."""
    if not count:
        return pl.DataFrame(schema=dict.fromkeys(header.positions, pl.String))
    frame = pl.read_csv(
        text.encode(),
        has_header=False,
        separator=delimiter,
        quote_char='"' if '"' in text else None,
        infer_schema=False,
        columns=sorted(header.positions.values()),
    )
    if frame.height != count:
        raise AssertionError(f"{frame.height} records read of {count}")
    return frame.rename({f"column_{position}": name for name, position in header.positions.items()})


def _cells_by_hand(record: str, unclosed: bool, delimiter: str, header: Header) -> tuple[list[str], bool]:
    """Cells padded to the header's width, and whether the record does not fit the header."""
    cells = None if unclosed else _fields(record, delimiter)
    if cells is None:
        cells, short = record.split(delimiter), True
    else:
        extra = cells[header.width :]
        short = bool(record.strip()) and (len(cells) < header.width or any(cell.strip() for cell in extra))
    return (cells + [""] * header.width)[: header.width], short
