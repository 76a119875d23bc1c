"""From the bytes of a delivery to raw rows: text cells with the row number that a person sees in a spreadsheet.

Pure but for the stream it is given. A file that cannot be read as a whole raises Unreadable with a Chinese sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import polars as pl

from apps.core.texts import plain_line
from apps.records.catalogue import ItemSpec
from apps.records.reading import containers, delimited, jsonlines, workbook
from apps.records.reading.errors import Unreadable
from apps.records.reading.header import ABOVE, ROW_NUMBER, SHEET, SHORTAGE, TEXT, Header

__all__ = ["ABOVE", "ROW_NUMBER", "SHEET", "SHORTAGE", "TEXT", "Header", "RawTable", "Unreadable", "read_table"]

MAX_FORM: Final = 200


@dataclass(frozen=True, slots=True)
class RawTable:
    """The rows of a delivery in blocks of bounded size.

    Each block has `row_number` (a record counts as one row, also when a quoted field holds line feeds; the first row
    of the sheet or file is 1), `sheet`, `text` (the row as written), `shortage` (the record's cells do not fit the
    header, or its line is no JSON object), `above` (the row stands above the header) and one text column per catalogue
    field that the file has, null where the cell is empty. The header row itself is not among them; rows above it are.
    """

    form: str
    blocks: Iterator[pl.DataFrame]
    notes: list[str] = field(default_factory=list)


def read_table(stream: BinaryIO, item: ItemSpec) -> RawTable:
    """Open a delivery of `item`. Raises Unreadable, at once or while the blocks are read."""
    kind = containers.kind_of(stream)
    if kind == "workbook":
        form, blocks, notes = workbook.read(stream, item)
    elif jsonlines.begins(stream):
        form, blocks, notes = jsonlines.read(stream, item)
    else:
        form, blocks, notes = delimited.read(stream, item)
    # Names of sheets and columns are the sender's, and are kept with the delivery.
    form = plain_line(form)
    if len(form) > MAX_FORM:
        form = form[: MAX_FORM - 1] + "…"
    return RawTable(form, blocks, [plain_line(note) for note in notes])
