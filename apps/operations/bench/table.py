"""The table as text."""

from collections.abc import Iterable, Iterator

from apps.operations.bench.measure import Row, Size

MARKS = {True: "✓", False: "✗", None: "·"}


def lines_of(row: Row) -> Iterator[str]:
    """One row: verdict, figure and budget, then every part of the measurement."""
    yield f"{MARKS[row.passed]} {row.label}"
    yield f"    结果 {row.figure}    预算 {row.budget}"
    if row.parts:
        yield "    " + "；".join(f"{name} {_said(value)}" for name, value in row.parts.items())
    for note in row.notes:
        yield f"    注：{note}"


def _said(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def summary(rows: Iterable[Row], size: Size) -> str:
    """How many hold, and what the size means."""
    verdicts = [row.passed for row in rows]
    told = f"{verdicts.count(True)} 项达到，{verdicts.count(False)} 项未达到，{verdicts.count(None)} 项无法比较。"
    if size.name == "full":
        return told
    return told + "本次为小规模（small），数据多半在内存里；预算以 --size full 为准。"
