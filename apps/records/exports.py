"""Rejected rows as a workbook that the sender mends and delivers again as it is."""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any, Final

import polars as pl
import xlsxwriter

from apps.core import files
from apps.records.catalogue import ItemSpec
from apps.records.models import Delivery, RejectedRow
from apps.records.reading import ROW_NUMBER, SHEET, read_table
from apps.records.reasons import LABELS
from apps.records.selectors import spec_of

MOST_ROWS: Final = 100_000
# Labels that no item has, so that intake passes over these columns.
_ABOUT: Final = ("退回行号", "退回的列", "退回原因", "退回说明")
_BROKEN, _RAW = "broken_record", "退回原文"
_MOST_TEXT: Final = 32_767


def rejected_rows_workbook(delivery: Delivery, rows: Iterable[RejectedRow]) -> bytes:
    """XLSX of the first 100 000 rejected rows: row number and reason, then the item's columns as they were delivered.

    Mended and delivered again, its own columns are passed over. Every cell but the row number is text, also when it is
    edited, so that nothing delivered becomes a formula (pitfalls F37). Rows whose columns could not be told apart carry
    the text as delivered in a last column.
    """
    item = spec_of(delivery.item)
    wanted = {(row.sheet, row.row_number): row for row, _ in zip(rows, range(MOST_ROWS), strict=False)}
    labels = [spec.label for spec in item.fields]
    broken = any(row.reason == _BROKEN for row in wanted.values())
    buffer = BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"constant_memory": True, "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet("退回的行")
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": 49})
        sheet.set_column(0, len(_ABOUT) + len(labels), 18, text)
        sheet.freeze_panes(1, 1)
        for column, heading in enumerate((*_ABOUT, *labels, *([_RAW] if broken else []))):
            sheet.write_string(0, column, heading, bold)
        for number, (row, cells) in enumerate(_with_cells(delivery, item, wanted), start=1):
            sheet.write_number(number, 0, row.row_number)
            about = [row.column, LABELS[row.reason], row.message]
            raw = [row.original_text if row.reason == _BROKEN else ""] if broken else []
            written = [*about, *(cells.get(spec.name) or "" for spec in item.fields), *raw]
            for column, value in enumerate(written, start=1):
                if value:
                    sheet.write_string(number, column, value[:_MOST_TEXT], text)
    return buffer.getvalue()


def _with_cells(
    delivery: Delivery, item: ItemSpec, wanted: Mapping[tuple[str, int], RejectedRow]
) -> Iterator[tuple[RejectedRow, dict[str, Any]]]:
    """Each row with its cells, read from the file once more, in the order of the file."""
    numbers = pl.Series(sorted({number for _, number in wanted}), dtype=pl.Int64)
    left = len(wanted)
    with files.open_file(delivery.file) as stream:
        for block in read_table(stream, item).blocks if left else ():
            found = block.filter(pl.col(ROW_NUMBER).is_in(numbers.implode()))
            for cells in found.iter_rows(named=True):
                row = wanted.get((cells[SHEET], cells[ROW_NUMBER]))
                if row is not None:
                    yield row, cells
                    left -= 1
            if not left:
                return
