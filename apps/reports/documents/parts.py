"""The parts that documents are put together from. Pure: every figure is already rounded and is text as printed.

A document is stored as `core.digests.plain` of its value and printed from that, so what was printed can be printed
again and has one digest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

NOTHING = "—"
NEWEST_SHOWN = 10

CHART_WIDTH, CHART_HEIGHT = 520, 84
_LABEL_BAND = 14
_VALUE_BAND = 12
_KEPT_WHOLE = 14


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; `note` says since when or by whom."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column head; figures are set right, `is_short` text (a date) stays on one line."""

    label: str
    is_figure: bool = False
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a row under a column."""

    text: str
    is_figure: bool = False
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; without rows the reader is told `empty` in its place. `is_whole` keeps it on one page."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    note: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart in the chart's own units; `text` is printed above it."""

    label: str
    text: str
    x: int
    y: int
    width: int
    height: int
    centre: int
    text_y: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A row of bars; `summary` says in words what it shows, for those who cannot see it."""

    title: str
    unit: str
    summary: str
    bars: tuple[Bar, ...]
    width: int = CHART_WIDTH
    height: int = CHART_HEIGHT
    label_y: int = CHART_HEIGHT - 4


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter. `as_of` says what day its facts are of, `basis` by which right they are shown."""

    position: str
    title: str
    as_of: str
    basis: str
    facts: tuple[Fact, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    paragraphs: tuple[str, ...] = ()


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str = "", note: str = ""
) -> Table:
    """A table of texts; each cell stands as its column does. Raises ValueError for a row of another width."""
    cells = tuple(
        tuple(
            Cell(text or NOTHING, column.is_figure, column.is_short) for column, text in zip(columns, row, strict=True)
        )
        for row in rows
    )
    return Table(caption, tuple(columns), cells, empty, note, len(cells) <= _KEPT_WHOLE)


def left_out(count: int) -> str:
    """What a table of the newest records says of the older ones."""
    return f"另有 {count - NEWEST_SHOWN} 条较早的记录未列出。" if count > NEWEST_SHOWN else ""


def bar_chart(title: str, unit: str, points: Sequence[tuple[str, Decimal | None, str]]) -> Chart | None:
    """Bars of (label, value, text); None where no value is known. A value that is not known leaves a gap."""
    known = [value for _, value, _ in points if value is not None]
    if not known:
        return None
    largest = max(*known, Decimal(0))
    step = CHART_WIDTH // len(points)
    room = CHART_HEIGHT - _LABEL_BAND - _VALUE_BAND
    bars = []
    for position, (label, value, text) in enumerate(points):
        height = 0 if value is None or not largest else max(round(max(value, Decimal(0)) / largest * room), 1)
        left, top = position * step + step // 5, CHART_HEIGHT - _LABEL_BAND - height
        bars.append(Bar(label, text, left, top, step * 3 // 5, height, position * step + step // 2, top - 3))
    return Chart(title, unit, _in_words(title, unit, points), tuple(bars))


def _in_words(title: str, unit: str, points: Iterable[tuple[str, Decimal | None, str]]) -> str:
    return f"{title}（{unit}）：" + "、".join(f"{label} {text or NOTHING}" for label, _, text in points)
