"""The first pass over a file: every row judged by itself and against the other rows, block by block onto disk.

A file may be larger than memory; what stays in it is 24 bytes a row to tell repeats and contradictions by. The blocks
and their verdicts follow from the file alone: a worker that takes an intake over comes to the same ones.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl

from apps.core import failpoints
from apps.records.catalogue import CODE, ItemSpec
from apps.records.frames import one_ahead
from apps.records.reading import ROW_NUMBER, SHEET, TEXT, read_table
from apps.records.staging import CONTENT, KEY, REASON, Staged, stage
from apps.records.triage import REPEATED, marks, sort_out

LEAST_CHUNK_ROWS: Final = 2_000
MOST_CHUNK_ROWS: Final = 50_000
CHUNKS_OF_A_DELIVERY: Final = 20
NOTHING_TO_READ: Final = "文件只有表头，没有数据行。"


@dataclass(slots=True)
class Judged:
    """A file of which every row is judged; its rows lie in `folder`.

    `codes` are the different codes of well-formed rows, `new_codes` those that the last block brought, `reasons` those
    of rejected rows, `verdicts` what `sort_out` says of each well-formed row, block by block.
    """

    item: ItemSpec
    folder: Path
    form: str
    notes: list[str]
    not_data: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    read: int = 0
    codes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={CODE: pl.String}))
    new_codes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={CODE: pl.String}))
    verdicts: list[pl.Series] = field(default_factory=list)

    @property
    def repeated(self) -> int:
        """How many rows repeat another one."""
        return sum(int((verdict == REPEATED).sum()) for verdict in self.verdicts)

    def rejected(self) -> Iterator[pl.DataFrame]:
        """The rejected rows, block by block (see Staged)."""
        for number in range(len(self.verdicts)):
            if self._path("rejected", number).exists():
                yield self._read("rejected", number)

    def held(self) -> Iterator[pl.DataFrame]:
        """The rows to hold with their `reason`, block by block."""
        for number, verdict in enumerate(self.verdicts):
            is_held = (verdict != REPEATED).fill_null(False)
            if is_held.any():
                rows = self._read("rows", number).hstack(self._read("texts", number))
                yield rows.with_columns(verdict.alias(REASON)).filter(is_held)

    def chunks(self) -> list[tuple[int, int, int]]:
        """The cut of the good rows: (block, first of its good rows, how many at most)."""
        good = [verdict.null_count() for verdict in self.verdicts]
        size = chunk_rows(sum(good))
        cut = []
        for block, rows in enumerate(good):
            cut += [(block, first, size) for first in range(0, rows, size)]
        return cut

    def good(self, block: int, first: int, count: int) -> pl.DataFrame:
        """Good rows of a chunk, by code: tables that are read by subject want them together (design §5). Their texts
        are left out (see with_texts).
        """
        rows = self._read("rows", block)
        if (verdict := self.verdicts[block]).null_count() < len(verdict):
            rows = rows.filter(verdict.is_null())
        return rows.sort(CODE, SHEET, ROW_NUMBER).slice(first, count)

    def with_texts(self, block: int, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of a block with what is only needed to hold them: the row as written, and its natural key."""
        if rows.is_empty():
            return rows
        names = self._read("rows", block).select(SHEET, ROW_NUMBER).hstack(self._read("texts", block))
        return rows.join(names, on=[SHEET, ROW_NUMBER], how="left", maintain_order="left")

    def _path(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number}.arrow"

    def _read(self, kind: str, number: int) -> pl.DataFrame:
        return pl.read_ipc(self._path(kind, number))

    def add(self, staged: Staged) -> pl.DataFrame:
        """Put a block on disk; returns its marks."""
        number = len(self.verdicts)
        staged.rows.drop(TEXT, KEY, CONTENT).write_ipc(self._path("rows", number))
        staged.rows.select(TEXT, KEY).write_ipc(self._path("texts", number))
        if staged.rejected.height:
            staged.rejected.write_ipc(self._path("rejected", number))
        failpoints.reach("intake.block_on_disk")
        self.verdicts.append(pl.Series(dtype=pl.String))
        self.not_data += staged.not_data
        self.reasons.update(staged.rejected[REASON].to_list())
        self.read += staged.read
        self.new_codes = staged.rows.select(CODE).unique().join(self.codes, on=CODE, how="anti")
        self.codes = pl.concat([self.codes, self.new_codes])
        return marks(staged.rows, self.item)


def judge(
    stream: BinaryIO,
    item: ItemSpec,
    received_on: date,
    folder: Path,
    tell: Callable[[Judged], None] = lambda judged: None,
) -> Judged:
    """Judge a file of `item`; `tell` hears after each block what is judged so far, while the next one is read.

    Raises Unreadable when the file cannot be read as a whole.
    """
    table = read_table(stream, item)
    judged = Judged(item, folder, table.form, table.notes)
    compared = []
    for staged in stage(one_ahead(table.blocks), item, received_on):
        compared.append(judged.add(staged))
        tell(judged)
    if not judged.read:
        judged.notes.append(NOTHING_TO_READ)
    verdicts = sort_out(pl.concat(compared), item)
    first = 0
    for number, block in enumerate(compared):
        judged.verdicts[number] = verdicts.slice(first, block.height)
        first += block.height
    return judged


def chunk_rows(rows: int) -> int:
    """Rows of a chunk: small enough to show progress and to lose little, large enough to carry its fixed cost."""
    return min(MOST_CHUNK_ROWS, max(LEAST_CHUNK_ROWS, rows // CHUNKS_OF_A_DELIVERY))
