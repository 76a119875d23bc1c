"""XLSX workbooks: every visible sheet that has the item's header; title rows above it; typed cells back to text."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, BinaryIO, Final

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

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
            rows = [[_text(cell) for cell in row] for row in book.get_sheet_by_name(sheet.name).to_python(False)]
            header = find_header(rows, item)
            if header is not None:
                tables.append((sheet.name, header, rows))
                notes += notes_of(header, f"工作表“{sheet.name}”：")
            elif any(any(row) for row in rows):
                notes.append(f"工作表“{sheet.name}”前{SEARCHED_ROWS}行中没有表头，未读取。")
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("工作簿已损坏或不完整，请重新导出后再报。") from error
    if not tables:
        raise Unreadable(f"工作簿的前{SEARCHED_ROWS}行中找不到“{item.name}”的表头，请核对报送的信息项和列名。")
    names = "、".join(name for name, _, _ in tables)
    single = len(tables) == 1
    return (
        f"工作簿，工作表“{names}”",
        (_frame("" if single else name[:MAX_SHEET_NAME], h, rows) for name, h, rows in tables),
        notes,
    )


def _text(cell: Any) -> str:
    """A cell as its reader sees it: whole numbers without a fraction, dates as 2026-01-31, numbers to 15 digits."""
    match cell:
        case str():
            return cell
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


def _frame(sheet: str, header: Header, rows: list[list[str]]) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            ROW_NUMBER: pl.Series(range(1, len(rows) + 1), dtype=pl.Int64),
            SHORTAGE: pl.Series([False] * len(rows), dtype=pl.Boolean),
            **{
                name: pl.Series([row[position] or None for row in rows], dtype=pl.String)
                for name, position in header.positions.items()
            },
            TEXT: pl.Series(["\t".join(row) for row in rows], dtype=pl.String),
            SHEET: pl.Series([sheet] * len(rows), dtype=pl.String),
        }
    )
    return without_header(frame, header)
