"""From the bytes of a delivery to raw rows: text cells with the row number that a person sees in a spreadsheet.

Pure but for the stream it is given. A file that cannot be read as a whole raises Unreadable with a Chinese sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import polars as pl

from apps.records.catalogue import ItemSpec
from apps.records.reading import containers, delimited, jsonlines, workbook
from apps.records.reading.errors import Unreadable
from apps.records.reading.header import ABOVE, ROW_NUMBER, SHEET, SHORTAGE, TEXT, Header

__all__ = ["ABOVE", "ROW_NUMBER", "SHEET", "SHORTAGE", "TEXT", "Header", "RawTable", "Unreadable", "read_table"]


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
        return RawTable(*workbook.read(stream, item))
    if jsonlines.begins(stream):
        return RawTable(*jsonlines.read(stream, item))
    return RawTable(*delimited.read(stream, item))
