"""Finding the header row: the row among the first ten whose cells are the labels of the item's fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from apps.records.catalogue import CODE, ItemSpec, fold_label
from apps.records.reading.errors import Unreadable

ROW_NUMBER, SHEET, TEXT, SHORTAGE, ABOVE = "row_number", "sheet", "text", "shortage", "above"
SEARCHED_ROWS: Final = 10
MAX_COLUMNS: Final = 500


@dataclass(frozen=True, slots=True)
class Header:
    """`index` is the position of the header row, `positions` the column of each field by name, `width` the number of
    columns, `ignored` the labels that no field knows.
    """

    index: int
    width: int
    positions: dict[str, int]
    ignored: tuple[str, ...]


def find_header(rows: Sequence[Sequence[str]], item: ItemSpec) -> Header | None:
    """The header among the first rows, or None when no row looks like one.

    Raises Unreadable when a row looks like one but lacks a mandatory column or has a column twice.
    """
    names = {label: spec.name for spec in item.fields for label in spec.labels}
    best: tuple[int, int] = (0, 0)
    for index, row in enumerate(rows[:SEARCHED_ROWS]):
        matched = len({names[fold_label(cell)] for cell in row if fold_label(cell) in names})
        if matched > best[0]:
            best = (matched, index)
    matched, index = best
    if matched < max(2, len(item.required) / 2):
        return None
    return _header(rows[index], index, names, item)


def _header(row: Sequence[str], index: int, names: dict[str, str], item: ItemSpec) -> Header:
    width = len(row)
    while width and not row[width - 1].strip():
        width -= 1
    if width > MAX_COLUMNS:
        raise Unreadable(f"表头有{width}列，超过{MAX_COLUMNS}列的上限。")
    positions: dict[str, int] = {}
    ignored = []
    for position, cell in enumerate(row[:width]):
        name = names.get(fold_label(cell))
        if name is None:
            if cell.strip():
                ignored.append(cell.strip()[:50])
        elif name in positions:
            raise Unreadable(f"表头中“{item.field(name).label}”一列出现了两次，无法判断以哪一列为准。")
        else:
            positions[name] = position
    if missing := [spec.label for spec in item.required if spec.name not in positions]:
        raise Unreadable(f"表头缺少必填列：{'、'.join(missing)}。")
    if CODE not in positions:
        raise Unreadable(f"表头缺少“{item.field(CODE).label}”一列。")
    return Header(index, width, positions, tuple(ignored))


def without_header(frame: pl.DataFrame, header: Header) -> pl.DataFrame:
    """The frame without its header row; the rows above it are marked."""
    row = header.index + 1
    return frame.filter(pl.col(ROW_NUMBER) != row).with_columns((pl.col(ROW_NUMBER) < row).alias(ABOVE))


def notes_of(header: Header, where: str = "") -> list[str]:
    """What the sender should know about the columns."""
    return ignored_note(header.ignored, where)


def ignored_note(labels: Sequence[str], where: str = "") -> list[str]:
    """The sentence about labels that no field of the item knows."""
    return [f"{where}未读取目录以外的列：{'、'.join(labels)}。"] if labels else []
