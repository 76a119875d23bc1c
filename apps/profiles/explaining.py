"""A portrait told to its reader: every figure, every point, every list, every reason, in Chinese. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.core.money import round_pct
from apps.profiles.blocks import EFFECTS, USES
from apps.profiles.indicators import FAMILIES, INDICATORS, Indicator, Origin, Unit, family_of
from apps.profiles.scorecard import TOTAL_POINTS, Card, Line

DISCLAIMER = "供金融机构参考，不构成征信/评级"
NOT_RATED = "信息不足，不评级"

_FORMATS = {
    Unit.YUAN: "{:,.2f}",
    Unit.PCT: "{:.2f}%",
    Unit.WEIGHT: "{:.2f}",
    Unit.COUNT: "{:,}",
    Unit.KWH: "{:,}",
    Unit.PERSONS: "{:,}",
    Unit.MU: "{:,.2f}",
    Unit.HEADS: "{:,}",
}
_SUFFIXED = {
    *(Unit.YUAN, Unit.MONTHS, Unit.PERSONS, Unit.KWH, Unit.COUNT),
    *(Unit.YEARS, Unit.TIMES, Unit.MU, Unit.HEADS),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator with its value in table units; None or "" is not known."""

    indicator: Indicator
    value: Any
    text: str

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None and self.value != ""

    @property
    def mark(self) -> str:
        """Whose word it is, where it is not a department's."""
        return "" if self.indicator.origin is Origin.CERTIFIED else self.indicator.origin.value


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one family of records; `share` and `newest` tell how much is known and how recent it is."""

    label: str
    share: Figure | None
    newest: Figure | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """What several figures lack for the same reason."""

    reason: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinePoints:
    """Points of one line; None could not be judged, `gap` says why."""

    line: Line
    points: Decimal | None
    max_points: Decimal
    figures: tuple[Figure, ...]
    gap: str

    @property
    def points_text(self) -> str:
        """Points without idle zeros, empty where the line could not be judged."""
        return "" if self.points is None else _plain(self.points)

    @property
    def max_text(self) -> str:
        """The most that the line gives."""
        return _plain(self.max_points)


@dataclass(frozen=True, slots=True)
class DimensionPoints:
    """A spoke of the radar: share of the points that could be judged, in percent; None if none could."""

    label: str
    points: Decimal
    reachable: Decimal
    max_points: Decimal
    share_pct: Decimal | None
    lines: tuple[LinePoints, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record that a reason or list leads back to: the day of its partition and its number."""

    item: str
    on: str | None
    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the dearest losses: points of the card, the sentence, the advice, the records it came from."""

    line: Line
    lost: Decimal
    records: tuple[Record, ...]
    items: tuple[str, ...]

    @property
    def lost_text(self) -> str:
        """Points lost without idle zeros."""
        return _plain(self.lost)


@dataclass(frozen=True, slots=True)
class Block:
    """A list the firm is on, with what it does to each use."""

    code: str
    name: str
    effects: tuple[tuple[str, str, str], ...]  # use, effect code, effect in Chinese
    document: str
    authority: str
    listed_on: date | None
    until_on: date | None
    record: Record


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole portrait in words."""

    figures: tuple[Figure, ...]
    dimensions: tuple[DimensionPoints, ...]
    reasons: tuple[Reason, ...]
    blocks: tuple[Block, ...]
    families: tuple[Family, ...]
    gaps: tuple[Gap, ...]
    headline: str
    disclaimer: str = DISCLAIMER


def explain(values: Mapping[str, Any], card: Card, labels: Mapping[str, Mapping[str, str]]) -> Explanation:
    """Tell a portrait. `values` are the columns of Profile; `labels` maps slug → code → Chinese for coded text."""
    figures = {indicator.slug: _figure(indicator, values[indicator.slug], labels) for indicator in INDICATORS}
    lines = [_line_points(line, values["points"].get(line.slug), figures) for line in card.lines]
    by_slug = {each.line.slug: each.line for each in lines}
    return Explanation(
        figures=tuple(figures.values()),
        dimensions=tuple(
            _dimension(each.label, each.max_points, [points for points in lines if points.line.dimension == each.slug])
            for each in card.dimensions
        ),
        reasons=tuple(_reason(by_slug[each["slug"]], each) for each in values["reasons"] if each["slug"] in by_slug),
        blocks=tuple(_block(each) for each in values["blocks"]),
        families=_families(figures),
        gaps=_gaps(figures.values()),
        headline=_headline(values),
    )


def _families(figures: Mapping[str, Figure]) -> tuple[Family, ...]:
    measures = {f"coverage_{slug}_pct" for slug in FAMILIES} | {f"newest_{slug}_on" for slug in FAMILIES}
    plain = [each for slug, each in figures.items() if slug not in measures]
    families = [
        Family(
            label,
            figures[f"coverage_{slug}_pct"],
            figures.get(f"newest_{slug}_on"),
            tuple(each for each in plain if family_of(each.indicator) == slug),
        )
        for slug, (label, _) in FAMILIES.items()
    ]
    others = tuple(each for each in plain if not family_of(each.indicator))
    return (*families, Family("其他", None, None, others))


def _gaps(figures: Iterable[Figure]) -> tuple[Gap, ...]:
    labels: dict[str, list[str]] = {}
    for each in figures:
        if not each.is_known:
            labels.setdefault(each.indicator.missing, []).append(each.indicator.label)
    return tuple(Gap(reason, tuple(names)) for reason, names in labels.items())


def _headline(values: Mapping[str, Any]) -> str:
    if values["score"] is None:
        return NOT_RATED
    return f"{values['score']}分，{values['grade']}级（满分{TOTAL_POINTS}分）"


def _figure(indicator: Indicator, value: Any, labels: Mapping[str, Mapping[str, str]]) -> Figure:
    return Figure(indicator, value, _text(indicator, value, labels.get(indicator.slug, {})))


def _text(indicator: Indicator, value: Any, labels: Mapping[str, str]) -> str:
    if value is None or value == "":
        return "未知"
    if indicator.unit is Unit.FLAG:
        return "是" if value else "否"
    if indicator.unit is Unit.CODES:
        return "、".join(labels.get(code, code) for code in value) or "无"
    if indicator.unit is Unit.TEXT:
        return labels.get(value, str(value))
    suffix = indicator.unit.value if indicator.unit in _SUFFIXED else ""
    return _FORMATS.get(indicator.unit, "{}").format(value) + suffix


def _plain(points: Decimal) -> str:
    return f"{points:f}".rstrip("0").rstrip(".") if "." in f"{points:f}" else f"{points:f}"


def _points(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


def _line_points(line: Line, hundredths: int | None, figures: Mapping[str, Figure]) -> LinePoints:
    shown = tuple(figures[indicator.slug] for indicator in line.sources)
    if hundredths is not None:
        gap = ""
    elif not line.sources:
        gap = "目录中还没有这一信息项"
    else:
        gap = next((each.indicator.missing for each in shown if not each.is_known), "")
    points = None if hundredths is None else _points(hundredths)
    return LinePoints(line, points, _points(line.max_points), shown, gap)


def _dimension(label: str, max_points: int, lines: Sequence[LinePoints]) -> DimensionPoints:
    judged = [each for each in lines if each.points is not None]
    points = sum((each.points or Decimal(0) for each in judged), Decimal(0))
    reachable = sum((each.max_points for each in judged), Decimal(0))
    share = round_pct(points * 100 / reachable, 1) if reachable else None
    return DimensionPoints(label, points, reachable, _points(max_points), share, tuple(lines))


def _reason(line: Line, stored: Mapping[str, Any]) -> Reason:
    items = tuple(dict.fromkeys(item for indicator in line.sources for item in indicator.items))
    records = tuple(Record(**each | {"text": each["text"].replace("|", " ")}) for each in stored["records"])
    return Reason(line, _points(stored["lost"]), records, items)


def _block(stored: Mapping[str, Any]) -> Block:
    return Block(
        code=stored["code"],
        name=stored["name"],
        effects=tuple((label, stored["effects"][use], EFFECTS[stored["effects"][use]]) for use, label in USES.items()),
        document=stored["document"],
        authority=stored["authority"],
        listed_on=_day(stored["listed_on"]),
        until_on=_day(stored["until_on"]),
        record=Record(stored["item"], stored["on"], stored["id"], stored["document"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
