"""Rejected rows as a workbook for the sender to correct."""

from collections.abc import Iterable
from io import BytesIO

import xlsxwriter

from apps.records.models import RejectedRow
from apps.records.reasons import LABELS

_HEADINGS = ("工作表", "行号", "列", "原因", "说明", "原文")


def rejected_rows_workbook(rows: Iterable[RejectedRow]) -> bytes:
    """XLSX of rejected rows. Every cell but the row number is text, so that nothing delivered becomes a formula."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet("退回的行")
        bold = book.add_format({"bold": True})
        for column, heading in enumerate(_HEADINGS):
            sheet.write_string(0, column, heading, bold)
        for number, row in enumerate(rows, start=1):
            sheet.write_number(number, 1, row.row_number)
            texts = {0: row.sheet, 2: row.column, 3: LABELS[row.reason], 4: row.message, 5: row.original_text}
            for column, text in texts.items():
                sheet.write_string(number, column, text[:32_767])
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return buffer.getvalue()
