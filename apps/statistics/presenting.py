"""Figures as text: what the page and the export print of a sheet. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.core.money import format_wan, round_yuan
from apps.statistics.figures import DIMENSIONS
from apps.statistics.figures.definition import Measure, Ratio
from apps.statistics.rules import Shown
from apps.subjects.naming import is_formula_like

NOTHING = "—"
PARTS = {**{slug: label for slug, label in DIMENSIONS.items() if slug}, "region": "区划"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the head of the page."""

    label: str
    value: str
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class PartCell:
    """One figure of a row under its column."""

    column: str
    text: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """One value of a dimension."""

    label: str
    cells: tuple[PartCell, ...]


@dataclass(frozen=True, slots=True)
class PartTable:
    """A dimension: bars of the leading figure and a table of all of them."""

    label: str
    bars: list[Mapping[str, Any]]
    bars_caption: str
    columns: tuple[str, ...]
    rows: tuple[PartRow, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that a template shows."""

    tiles: tuple[Tile, ...]
    parts: tuple[PartTable, ...]
    sentences: tuple[tuple[str, str], ...]
    reconciliation: str
    reconciled: bool


def page_of(sheet: Any) -> Page:
    """The page of a sheet."""
    theme = sheet.theme
    wrong = [f"{label}按{found.dimension}" for label, found in sheet.reconciliations if not found.holds]
    return Page(
        tiles=tuple(_tile(sheet, figure) for figure in (*_shown(theme.measures), *theme.ratios)),
        parts=tuple(_part(sheet, dimension) for dimension in PARTS if sheet.parts.get(dimension)),
        sentences=tuple((figure.label, figure.sentence) for figure in (*_shown(theme.measures), *theme.ratios)),
        reconciliation=(
            f"{len(sheet.reconciliations)} 项分项合计与总计全部一致。"
            if not wrong
            else f"以下分项合计与总计不一致：{'、'.join(wrong)}。请联系平台管理员。"
        ),
        reconciled=not wrong,
    )


def rows_of(sheet: Any) -> Iterator[tuple[str, ...]]:
    """The rows of the export: dimension, value, figure, unit, count, amount or ratio."""
    theme = sheet.theme
    for measure in _shown(theme.measures):
        total = sheet.totals[measure.slug]
        yield ("合计", "", measure.label, measure.unit, str(total.count), _plain(total.amount))
    for ratio in theme.ratios:
        yield ("合计", "", ratio.label, ratio.unit, "", _plain(sheet.totals[ratio.slug].value))
    for dimension, label in PARTS.items():
        for part in sheet.parts.get(dimension, ()):
            for measure in _shown(theme.measures):
                if dimension == "region" or dimension in measure.dimensions:
                    cell = part.cells[measure.slug]
                    count = cell.text if cell.count is None else str(cell.count)
                    amount = cell.text or _plain(cell.amount)
                    yield (label, _inert(part.label), measure.label, measure.unit, count, amount)


def _inert(text: str) -> str:
    """A name that a spreadsheet would take for a formula, behind the sign that makes it text (pitfalls F37)."""
    return f"'{text}" if is_formula_like(text) else text


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _shown(measures: tuple[Measure, ...]) -> list[Measure]:
    return [measure for measure in measures if measure.published]


def _tile(sheet: Any, figure: Measure | Ratio) -> Tile:
    total = sheet.totals[figure.slug]
    if isinstance(figure, Ratio):
        return Tile(figure.label, _number(total.value), figure.unit if total.value is not None else "", "")
    if total.amount is None:
        return Tile(figure.label, f"{total.count:,}", figure.unit, "")
    return Tile(figure.label, _wan(total.amount), "", f"{total.count:,} {figure.unit}")


def _wan(amount: Decimal) -> str:
    return format_wan(round_yuan(amount))


def _number(value: Decimal | None) -> str:
    return NOTHING if value is None else f"{value:,f}"


def _with_unit(value: Decimal | None, unit: str) -> str:
    return NOTHING if value is None else f"{_number(value)}{unit}"


def _part(sheet: Any, dimension: str) -> PartTable:
    theme, parts = sheet.theme, sheet.parts[dimension]
    leading = [theme.by_slug[slug] for slug in theme.leading if slug in theme.by_slug]
    measures = [m for m in leading if dimension == "region" or dimension in m.dimensions]
    ratios = [
        r for r in theme.ratios if r.slug in theme.leading and (dimension == "region" or dimension in r.dimensions)
    ]
    lead = measures[0]
    columns = [figure.label for figure in (*measures, *ratios)]
    rows = []
    for part in parts:
        texts = [_cell(part.cells[measure.slug]) for measure in measures]
        texts += [_with_unit(part.ratios[ratio.slug], ratio.unit) for ratio in ratios]
        cells = tuple(PartCell(column, text) for column, text in zip(columns, texts, strict=True))
        rows.append(PartRow(part.label, cells))
    bars = [_bar(part.label, part.cells[lead.slug]) for part in parts]
    bars.sort(key=lambda bar: -bar["value"])
    return PartTable(f"按{PARTS[dimension]}", bars, f"{lead.label}，按{PARTS[dimension]}", tuple(columns), tuple(rows))


def _cell(cell: Shown) -> str:
    if cell.count is None:
        return cell.text
    return f"{cell.count:,}" if cell.amount is None else f"{cell.count:,} / {_wan(cell.amount).removesuffix('万元')}"


def _bar(label: str, cell: Shown) -> Mapping[str, Any]:
    if cell.count is None:
        return {"label": label, "value": Decimal(0), "text": cell.text}
    if cell.amount is None:
        return {"label": label, "value": Decimal(cell.count), "text": f"{cell.count:,}"}
    return {"label": label, "value": cell.amount, "text": _wan(cell.amount)}
