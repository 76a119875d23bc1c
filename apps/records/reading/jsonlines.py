"""JSON lines: one flat object a line, its keys are labels or aliases of the item's fields.

A line that is no such object costs itself only. What JSON leaves open is refused line by line (pitfalls M10): a key
twice, two keys for one field, NaN and Infinity, values that are objects or lists, depth beyond the parser, half
surrogates and NUL in texts, lines without end.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

import polars as pl

from apps.records.catalogue import CODE, ItemSpec, fold_label
from apps.records.reading import encoding
from apps.records.reading.errors import Unreadable
from apps.records.reading.header import ABOVE, ROW_NUMBER, SEARCHED_ROWS, SHEET, SHORTAGE, TEXT, ignored_note

MAX_LINE_CHARS: Final = 1_000_000
KEPT_OF_LONG_LINES: Final = 2_000
BLOCK_LINES: Final = 50_000
# In UTF-16 a brace is two bytes: the first byte alone also begins 类 (U+7C7B), a common column.
_BEGINS: Final = re.compile(
    rb"^(?:(?:\xef\xbb\xbf)?\s*(?P<plain>\{(?=[\s\"}])|\[)"
    rb"|(?:\xff\xfe)?(?:\s\x00)*(?P<little>[{\[])\x00|(?:\xfe\xff)?(?:\x00\s)*\x00(?P<big>[{\[]))"
)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class _Line(NamedTuple):
    """A line as read: `cells` by field name, None where it is no flat object; `unknown` keys."""

    text: str
    cells: Mapping[str, str] | None
    unknown: tuple[str, ...] = ()


class _Refused(ValueError):
    """The line is not one flat object."""


def begins(stream: BinaryIO) -> bool:
    """Whether a text file begins like JSON. Raises Unreadable for one list of everything."""
    stream.seek(0)
    found = _BEGINS.match(stream.read(4_096))
    stream.seek(0)
    if found and b"[" in found.groups():
        return _refuse_a_list(stream)
    return found is not None


def _refuse_a_list(stream: BinaryIO) -> bool:
    head = stream.read(4_096).replace(b"\x00", b"").partition(b"[")[2].lstrip()
    stream.seek(0)
    if head.startswith((b"{", b"]")):
        raise Unreadable("文件是一个JSON数组，请改为每行一个JSON对象（JSON Lines）后重报。")
    return False


def read(stream: BinaryIO, item: ItemSpec) -> tuple[str, Iterator[pl.DataFrame], list[str]]:
    """(form, blocks, notes) of a file of JSON lines. Raises Unreadable."""
    codec, codec_name = encoding.detect(stream)
    names = {label: spec.name for spec in item.fields for label in spec.labels}
    return f"JSON行，{codec_name}", _blocks(stream, codec, names), ignored_note(_checked(stream, codec, names, item))


def _checked(stream: BinaryIO, codec: str, names: Mapping[str, str], item: ItemSpec) -> list[str]:
    """The keys of the first objects that no field knows. Raises Unreadable when the objects are not of the item."""
    matched: set[str] = set()
    unknown: dict[str, None] = {}
    objects = 0
    for text in next(line_blocks(stream, codec), []):
        line = _parsed(text, names)
        if line.cells is not None:
            matched |= line.cells.keys()
            unknown |= dict.fromkeys(key.strip()[:50] for key in line.unknown)
            objects += 1
        if objects == SEARCHED_ROWS:
            break
    if CODE not in matched or len(matched) < max(2, len(item.required) / 2):
        raise Unreadable(f"前{SEARCHED_ROWS}个JSON对象中找不到“{item.name}”的字段，请核对报送的信息项和字段名。")
    return list(unknown)


def read_object(text: str, names: Mapping[str, str]) -> Mapping[str, str] | None:
    """Raw cells by field name of one line, `names` giving the field of each folded label; None for no flat object."""
    return _parsed(text, names).cells


def _blocks(stream: BinaryIO, codec: str, names: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    number = 1
    for texts in line_blocks(stream, codec):
        lines = [_parsed(text, names) for text in texts]
        yield pl.DataFrame(
            {
                ROW_NUMBER: pl.Series(range(number, number + len(lines)), dtype=pl.Int64),
                SHEET: pl.Series([""] * len(lines), dtype=pl.String),
                TEXT: pl.Series([line.text for line in lines], dtype=pl.String),
                SHORTAGE: pl.Series([line.cells is None for line in lines], dtype=pl.Boolean),
                ABOVE: pl.Series([False] * len(lines), dtype=pl.Boolean),
                **{
                    name: pl.Series([(line.cells or {}).get(name) or None for line in lines], dtype=pl.String)
                    for name in dict.fromkeys(names.values())
                },
            }
        )
        number += len(lines)


def line_blocks(stream: BinaryIO, codec: str) -> Iterator[list[str]]:
    """Lines in blocks; of a line beyond the limit only the beginning is kept, so that it cannot fill the memory."""
    partial = ""
    for block in encoding.text_blocks(stream, codec):
        first, *others = block.split("\n")
        partial += first[: max(0, MAX_LINE_CHARS + 1 - len(partial))]
        if others:
            *whole, last = others
            whole.insert(0, partial)
            for start in range(0, len(whole), BLOCK_LINES):
                yield whole[start : start + BLOCK_LINES]
            partial = last[: MAX_LINE_CHARS + 1]
    if partial:
        yield [partial]


def _parsed(text: str, names: Mapping[str, str]) -> _Line:
    if len(text) > MAX_LINE_CHARS:
        return _Line(f"{text[:KEPT_OF_LONG_LINES]}……", None)
    text = text.rstrip("\r").replace("\x00", "")
    if not text.strip():
        return _Line(text, {})
    try:
        pairs = json.loads(
            text,
            object_pairs_hook=tuple,
            parse_float=str,
            parse_int=str,
            parse_constant=_refused,
        )
        return _Line(text, *_cells(pairs, names))
    except (ValueError, RecursionError):
        return _Line(text, None)


def _cells(pairs: Any, names: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    if not isinstance(pairs, tuple) or len(dict(pairs)) != len(pairs):
        raise _Refused
    cells: dict[str, str] = {}
    unknown = []
    for key, value in pairs:
        name = names.get(fold_label(key))
        if name is None:
            unknown.append(key)
        elif name in cells:
            raise _Refused
        else:
            cells[name] = _cell(value)
    return cells, tuple(unknown)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() if not _UNSTORABLE.search(value):
            return value
        case _:
            raise _Refused


def _refused(constant: str) -> None:
    raise _Refused(constant)
