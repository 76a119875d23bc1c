"""Published figures: totals, parts with small cells withheld, ratios, and whether the parts add up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.accounts.models import Organization
from apps.core.actor import Actor
from apps.core.errors import NotPermitted, NotVisible
from apps.profiles.sizing import SIZE_CLASSES
from apps.reference.selectors import figure, industries, region_as_of
from apps.statistics import policies, rules
from apps.statistics.figures import DIMENSIONS, THEMES, Measure, Ratio, Theme
from apps.statistics.models import BuiltDay, DailyFigure
from apps.statistics.rules import Cell, Reconciliation, Shown

NO_VALUE = {"bank": "其他", "size": SIZE_CLASSES["unknown"], "industry": "行业不明"}


@dataclass(frozen=True, slots=True)
class Total:
    """A figure for the whole scope. `count` None for a ratio; `value` the ratio."""

    slug: str
    label: str
    sentence: str
    unit: str
    count: int | None
    amount: Decimal | None
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a table by a dimension: label, then each figure as it may be shown."""

    label: str
    cells: Mapping[str, Shown]
    ratios: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that a page of figures shows."""

    theme: Theme
    on: date
    built: BuiltDay
    min_firms: int
    totals: Mapping[str, Total]
    parts: Mapping[str, Sequence[Part]]
    reconciliations: Sequence[tuple[str, Reconciliation]]


def built_days(actor: Actor) -> list[date]:
    """Days with figures, newest first; at most a year."""
    _require_reader(actor)
    return list(BuiltDay.objects.order_by("-on").values_list("on", flat=True)[:366])


def sheet(theme_slug: str, on: date | None, *, actor: Actor) -> Sheet | None:
    """The figures of a theme on a day (None: the newest) within the actor's region; None before the first day.

    Raises NotPermitted for a reader without supervision, NotVisible for an unknown theme or a day without figures.
    """
    _require_reader(actor)
    theme = THEMES.get(theme_slug)
    if theme is None:
        raise NotVisible("没有这类统计。")
    days = BuiltDay.objects.order_by("-on")
    built = days.first() if on is None else days.filter(on=on).first()
    if built is None:
        if on is None:
            return None
        raise NotVisible(f"{on} 没有统计数据。")
    cells = _cells(theme, built.on, actor)
    min_firms = int(figure("statistics_min_cell_count", built.on))
    names = _names(cells, built.on)
    return Sheet(
        theme=theme,
        on=built.on,
        built=built,
        min_firms=min_firms,
        totals=_totals(theme, cells),
        parts={
            dimension: _parts(theme, cells, dimension, names[dimension], min_firms)
            for dimension in names
            if dimension == "region" or any(dimension in measure.dimensions for measure in theme.measures)
        },
        reconciliations=_reconciliations(theme, cells),
    )


def _require_reader(actor: Actor) -> None:
    if not policies.can_read(actor):
        raise NotPermitted("统计页面供监管部门、主管部门和平台使用。")


# (figure, dimension) → value → cell, added up over the regions in scope.
Cells = dict[tuple[str, str], dict[str, Cell]]


def _cells(theme: Theme, on: date, actor: Actor) -> Cells:
    added: Cells = defaultdict(dict)
    slugs = [measure.slug for measure in theme.measures]
    rows = DailyFigure.objects.visible_to(actor).filter(on=on, figure__in=slugs)
    for row in rows.order_by("figure", "dimension", "value", "region_code"):
        group = added[row.figure, row.dimension]
        before = group.get(row.value) or Cell(row.value, 0, None if row.amount is None else Decimal(0), 0)
        amount = None if row.amount is None else (before.amount or Decimal(0)) + row.amount
        group[row.value] = Cell(row.value, before.count + row.count, amount, before.firms + row.firms)
        if not row.dimension:
            region = added[row.figure, "region"]
            region[row.region_code] = Cell(row.region_code, row.count, row.amount, row.firms)
    return added


def _names(cells: Cells, on: date) -> dict[str, dict[str, str]]:
    """Value → label for each dimension that occurs, in the order in which tables list them."""
    values: dict[str, set[str]] = defaultdict(set)
    for (_, dimension), group in cells.items():
        if dimension:
            values[dimension] |= group.keys()
    banks = Organization.objects.filter(pk__in=[int(pk) for pk in values["bank"]]).order_by("name", "pk")
    sections = industries(on).names
    regions = {code: region_as_of(code, on) for code in sorted(values["region"])}
    return {
        "bank": {str(bank.pk): bank.short_name or bank.name for bank in banks},
        "size": {size: label for size, label in SIZE_CLASSES.items() if size in values["size"]},
        "industry": {
            code: f"{code} {sections[code]}" if code in sections else NO_VALUE["industry"]
            for code in sorted(values["industry"])
        },
        "region": {code: region.name if region else code for code, region in regions.items()},
    }


def _totals(theme: Theme, cells: Cells) -> dict[str, Total]:
    totals = {}
    for measure in theme.measures:
        if not measure.published:
            continue
        cell = _total(cells, measure)
        totals[measure.slug] = Total(
            measure.slug, measure.label, measure.sentence, measure.unit, cell.count, cell.amount, None
        )
    for ratio in theme.ratios:
        value = _ratio(ratio, {slug: _total(cells, measure) for slug, measure in theme.by_slug.items()})
        totals[ratio.slug] = Total(ratio.slug, ratio.label, ratio.sentence, ratio.unit, None, None, value)
    return totals


def _total(cells: Cells, measure: Measure) -> Cell:
    empty = Cell("", 0, None if measure.amount is None else Decimal(0), 0)
    return cells.get((measure.slug, ""), {}).get("", empty)


def _ratio(ratio: Ratio, by_slug: Mapping[str, Cell]) -> Decimal | None:
    numerator, denominator = by_slug[ratio.numerator], by_slug[ratio.denominator]
    return rules.ratio(
        _side(numerator, ratio.numerator_of),
        _side(denominator, ratio.denominator_of),
        scale=ratio.scale,
        places=ratio.places,
    )


def _side(cell: Cell, side: str) -> Decimal | int:
    return cell.count if side == "count" else cell.amount or Decimal(0)


def _parts(theme: Theme, cells: Cells, dimension: str, names: Mapping[str, str], min_firms: int) -> list[Part]:
    shown: dict[str, dict[str, Shown]] = {}
    raw: dict[str, dict[str, Cell]] = {}
    for measure in theme.measures:
        group = cells.get((measure.slug, dimension), {})
        zero = None if measure.amount is None else Decimal(0)
        row = [group.get(value, Cell(value, 0, zero, 0)) for value in names]
        raw[measure.slug] = dict(zip(names, row, strict=True))
        shown[measure.slug] = dict(zip(names, rules.publish(row, min_firms), strict=True))
    return [
        Part(
            label,
            {slug: column[value] for slug, column in shown.items()},
            _part_ratios(theme, {slug: raw[slug][value] for slug in raw}, {slug: shown[slug][value] for slug in shown}),
        )
        for value, label in names.items()
    ]


def _part_ratios(theme: Theme, raw: Mapping[str, Cell], shown: Mapping[str, Shown]) -> dict[str, Decimal | None]:
    """Ratios of one part; one whose numerator or denominator is withheld is withheld too."""
    return {
        ratio.slug: None
        if shown[ratio.numerator].count is None or shown[ratio.denominator].count is None
        else _ratio(ratio, raw)
        for ratio in theme.ratios
    }


def _reconciliations(theme: Theme, cells: Cells) -> list[tuple[str, Reconciliation]]:
    found = []
    for measure in theme.measures:
        for dimension in (*measure.dimensions, "region"):
            if dimension:
                group: Iterable[Cell] = cells.get((measure.slug, dimension), {}).values()
                label = "区划" if dimension == "region" else DIMENSIONS[dimension]
                found.append((measure.label, rules.reconcile(label, list(group), _total(cells, measure))))
    return found
