"""XLSX workbooks: every visible sheet that has the item's header; title rows above it; typed cells back to text."""

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any, BinaryIO, Final

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from apps.records.catalogue import ItemSpec
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

BLOCK_ROWS: Final = 50_000
MAX_SHEET_NAME: Final = 100  # a spreadsheet allows 31


def read(stream: BinaryIO, item: ItemSpec) -> tuple[str, Iterator[pl.DataFrame], list[str]]:
    """(form, blocks, notes) of a workbook. Raises Unreadable."""
    try:
        book = CalamineWorkbook.from_filelike(stream)
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        tables, notes = [], []
        for sheet in sheets:
            if sheet.visible != SheetVisibleEnum.Visible:
                notes.append(f"隐藏的工作表“{sheet.name}”未读取。")
                continue
            table = book.get_sheet_by_name(sheet.name)
            first = [_texts(row) for row in islice(_rows(table), SEARCHED_ROWS)]
            header = find_header(first, item)
            if header is not None:
                tables.append((sheet.name, header, table))
                notes += notes_of(header, f"工作表“{sheet.name}”：")
            elif any(any(row) for row in first):
                notes.append(f"工作表“{sheet.name}”前{SEARCHED_ROWS}行中没有表头，未读取。")
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("工作簿已损坏或不完整，请重新导出后再报。") from error
    if not tables:
        raise Unreadable(f"工作簿的前{SEARCHED_ROWS}行中找不到“{item.name}”的表头，请核对报送的信息项和列名。")
    names = "、".join(name for name, _, _ in tables)
    single = len(tables) == 1
    return (
        f"工作簿，工作表“{names}”",
        (
            block
            for name, header, table in tables
            for block in _blocks("" if single else name[:MAX_SHEET_NAME], header, table)
        ),
        notes,
    )


def _text(cell: Any) -> str:
    """A cell as its reader sees it: whole numbers without a fraction, dates as 2026-01-31, numbers to 15 digits."""
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return f"{cell:.15g}"
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case _:
            return "" if cell is None else str(cell)


def _rows(table: CalamineSheet) -> Iterator[list[Any]]:
    """Every row from the first of the sheet, every cell from column A."""
    beside = [""] * (table.start[1] if table.start else 0)
    return (beside + row for row in table.iter_rows())


def _texts(row: list[Any]) -> list[str]:
    return [cell if cell.__class__ is str else _text(cell) for cell in row]


def _blocks(sheet: str, header: Header, table: CalamineSheet) -> Iterator[pl.DataFrame]:
    rows, first = _rows(table), 1
    while block := [_texts(row) for row in islice(rows, BLOCK_ROWS)]:
        yield without_header(_frame(sheet, header, block, first), header)
        first += len(block)


def _frame(sheet: str, header: Header, rows: list[list[str]], first: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            ROW_NUMBER: pl.Series(range(first, first + len(rows)), dtype=pl.Int64),
            SHORTAGE: pl.Series([False] * len(rows), dtype=pl.Boolean),
            **{
                name: pl.Series([row[position] or None for row in rows], dtype=pl.String)
                for name, position in header.positions.items()
            },
            TEXT: pl.Series(["\t".join(row) for row in rows], dtype=pl.String),
            SHEET: pl.Series([sheet] * len(rows), dtype=pl.String),
        }
    )
