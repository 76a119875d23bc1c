"""The door between tables and frames: COPY out and COPY in (design §4). Other apps read their frames through it too."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, Final, TypeVar

import polars as pl
from django.db import connection

T = TypeVar("T")
SLICE_ROWS: Final = 10_000
_BOOL, _TIMESTAMPTZ = 16, 1184
_TYPES: Final[dict[int, Any]] = {
    _BOOL: pl.Boolean,
    20: pl.Int64,
    21: pl.Int64,
    23: pl.Int64,
    700: pl.Float64,
    701: pl.Float64,
    1082: pl.Date,
}
"""PostgreSQL type number → type in the frame; every other type comes as text (money is cast to whole fen)."""


def frame_of(sql: str, params: Sequence[Any] = ()) -> pl.DataFrame:
    """The rows of a query as a frame; integers, dates, booleans and text keep their type, anything else is text.

    `sql` must be one SELECT without a closing semicolon; a `numeric` column comes as text.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) AS rows LIMIT 0", params)
        columns = {column.name: column.type_code for column in cursor.description}
        buffer = BytesIO()
        # Below Django's wrapper: the one for query logging takes no parameters.
        with cursor.cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", params) as copy:
            for block in copy:
                buffer.write(block)
    buffer.seek(0)
    types = {name: _TYPES.get(number, pl.String) for name, number in columns.items()}
    if not buffer.getbuffer().nbytes:
        return pl.DataFrame(schema=types)
    read = {name: pl.String if kind == pl.Boolean else kind for name, kind in types.items()}
    frame = pl.read_csv(buffer, has_header=False, schema=read)
    return frame.with_columns(pl.col(name) == "t" for name, kind in types.items() if kind == pl.Boolean)


def copy_in(table: str, frame: pl.DataFrame) -> int:
    """Append the rows of a frame to a table, column by name, inside the running transaction. Returns how many.

    A slice is put into words in a thread of its own while the server works on the one before. PostgreSQL stores no NUL:
    where a text that is kept as it came holds one, its picture ␀ is kept.
    """
    if frame.is_empty():
        return 0
    columns = ", ".join(connection.ops.quote_name(name) for name in frame.columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {connection.ops.quote_name(table)} ({columns}) FROM STDIN (FORMAT csv)") as copy,
    ):
        for words in one_ahead(map(_words, frame.iter_slices(SLICE_ROWS))):
            copy.write(words)
    return frame.height


def _words(part: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    part.write_csv(buffer, include_header=False)
    return buffer.getvalue().replace(b"\x00", "␀".encode())


def one_ahead(things: Iterator[T]) -> Iterator[T]:
    """The things, each while the next one is being made in a thread of its own, which must not touch the database."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        following = maker.submit(next, things, None)
        while (thing := following.result()) is not None:
            following = maker.submit(next, things, None)
            yield thing


def yuan(column: str) -> pl.Expr:
    """Whole fen as yuan with two decimals, for `copy_in`."""
    return (pl.col(column).cast(pl.Decimal(38, 2)) / 100).alias(column)


def instant(column: str) -> pl.Expr:
    """Whole microseconds since 1970 as an instant in UTC: how `frame_of` carries a time without losing digits."""
    return pl.from_epoch(column, "us").dt.replace_time_zone("UTC").alias(column)
