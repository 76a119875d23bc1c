"""The scorecard: reviewed data that turns indicators into points, and the one way to apply it. Pure.

Points are hundredths as integers; the score is rounded half up once, at the end. What is not known takes part neither
in the points nor in the maximum (missing is not zero); `coverage` says how much of the card could be judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import polars as pl

from apps.core.digests import canonical_json, sha256_of
from apps.profiles.frames import divide_half_up
from apps.profiles.indicators import BY_SLUG, Indicator, Unit

TOTAL_POINTS = 1000

Direction = Literal["rising", "falling", "any"]


class ScorecardError(ValueError):
    """The data contradict themselves; the text names the line."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Values in [low, high) get `points`; None is open. Values in the unit of the indicator."""

    low: Decimal | None
    high: Decimal | None
    points: int


@dataclass(frozen=True, slots=True)
class Line:
    """One sub-indicator. `indicator` "" means that no item that would tell it is in the catalogue yet.

    Points in hundredths. `bins` for numbers, `values` for grades, flags (yes, no) and codes (the best one counts),
    `deductions` (indicator → points taken per unit) for what is taken off the maximum. `unseen` are the points of a
    value outside `values`, or of no code at all (None: as missing).
    """

    slug: str
    label: str
    dimension: str
    max_points: int
    indicator: str
    bins: tuple[Bin, ...]
    values: Mapping[str, int]
    deductions: Mapping[str, int]
    direction: Direction
    missing: int | None
    unseen: int | None
    reason: str
    advice: str

    @property
    def sources(self) -> tuple[Indicator, ...]:
        """Indicators that the line looks at."""
        slugs = self.deductions or ((self.indicator,) if self.indicator else ())
        return tuple(BY_SLUG[slug] for slug in slugs)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A group of lines, one spoke of the radar."""

    slug: str
    label: str
    max_points: int


@dataclass(frozen=True, slots=True)
class Card:
    """A scorecard version as data; `grades` from the highest down as (grade, lowest score)."""

    version: str
    label: str
    dimensions: tuple[Dimension, ...]
    lines: tuple[Line, ...]
    grades: tuple[tuple[str, int], ...]
    digest: str


def parse(data: Mapping[str, Any]) -> Card:
    """Build and check a card. Raises ScorecardError where it is incoherent."""
    dimensions = []
    lines: list[Line] = []
    for dimension in data["dimensions"]:
        mine = [_line(line, dimension["slug"]) for line in dimension["lines"]]
        points = _hundredths(dimension["max_points"])
        if sum(line.max_points for line in mine) != points:
            raise ScorecardError(f"{dimension['slug']}: lines do not add up to {dimension['max_points']}")
        dimensions.append(Dimension(dimension["slug"], dimension["label"], points))
        lines += mine
    if sum(dimension.max_points for dimension in dimensions) != TOTAL_POINTS * 100:
        raise ScorecardError(f"dimensions do not add up to {TOTAL_POINTS}")
    if len({line.slug for line in lines}) != len(lines):
        raise ScorecardError("a line occurs twice")
    grades = tuple((grade, int(lowest)) for grade, lowest in data["grades"])
    bounds = [lowest for _, lowest in grades]
    if bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0:
        raise ScorecardError("grades must descend to 0")
    return Card(
        version=data["version"],
        label=data["label"],
        dimensions=tuple(dimensions),
        lines=tuple(lines),
        grades=grades,
        digest=sha256_of(canonical_json(data)),
    )


def _hundredths(points: int | str) -> int:
    value = Decimal(points) * 100
    if value != int(value):
        raise ScorecardError(f"points finer than a hundredth: {points}")
    return int(value)


def _optional(points: int | str | None) -> int | None:
    return None if points is None else _hundredths(points)


def _line(data: Mapping[str, Any], dimension: str) -> Line:
    line = Line(
        slug=data["slug"],
        label=data["label"],
        dimension=dimension,
        max_points=_hundredths(data["max_points"]),
        indicator=data.get("indicator", ""),
        bins=tuple(Bin(_bound(low), _bound(high), _hundredths(points)) for low, high, points in data.get("bins", ())),
        values={value: _hundredths(points) for value, points in data.get("values", {}).items()},
        deductions={slug: _hundredths(points) for slug, points in data.get("deductions", {}).items()},
        direction=data.get("direction", "any"),
        missing=_optional(data["missing"]),
        unseen=_optional(data.get("unseen")),
        reason=data["reason"],
        advice=data["advice"],
    )
    _check(line)
    return line


def _bound(value: int | str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _check(line: Line) -> None:
    kinds = [bool(line.bins), bool(line.values), bool(line.deductions)]
    unknown = [slug for slug in (line.indicator, *line.deductions) if slug and slug not in BY_SLUG]
    if unknown:
        raise ScorecardError(f"{line.slug}: no indicator {unknown[0]}")
    if kinds.count(True) != (1 if line.indicator or line.deductions else 0):
        raise ScorecardError(f"{line.slug}: needs bins, values or deductions, and only one of them")
    given = [*(each.points for each in line.bins), *line.values.values()]
    if given and (max(given) != line.max_points or min(given) < 0):
        raise ScorecardError(f"{line.slug}: best bin must give {line.max_points / 100}, none below 0")
    _check_bins(line)


def _check_bins(line: Line) -> None:
    if not line.bins:
        return
    edges = [(each.low, each.high) for each in line.bins]
    joined = all(before[1] == after[0] is not None for before, after in zip(edges, edges[1:], strict=False))
    rising = all(low is None or high is None or low < high for low, high in edges)
    if not joined or not rising or edges[0][0] is not None or edges[-1][1] is not None:
        raise ScorecardError(f"{line.slug}: bins must join from -∞ to +∞")
    points = [each.points for each in line.bins]
    if line.direction != "any" and points != sorted(points, reverse=line.direction == "falling"):
        raise ScorecardError(f"{line.slug}: points are not {line.direction}")


def points_of(line: Line) -> pl.Expr:
    """Points of a line in hundredths over the columns of the indicators; null = could not be judged."""
    if line.deductions:
        return _points_left(line)
    if not line.indicator:
        return pl.lit(None, pl.Int64)
    indicator = BY_SLUG[line.indicator]
    value = pl.col(indicator.column)
    if indicator.unit is Unit.CODES:
        each = pl.element().replace_strict(dict(line.values), default=line.unseen, return_dtype=pl.Int64)
        known = value.list.eval(each).list.max().fill_null(line.unseen)
    elif line.values:
        text = pl.when(value).then(pl.lit("yes")).otherwise(pl.lit("no")) if indicator.unit is Unit.FLAG else value
        known = text.replace_strict(dict(line.values), default=line.unseen, return_dtype=pl.Int64)
    else:
        known = pl.lit(line.bins[-1].points, pl.Int64)
        for step in reversed(line.bins[:-1]):
            known = pl.when(value < _scaled(step.high, indicator)).then(step.points).otherwise(known)
    return pl.when(value.is_null()).then(pl.lit(line.missing, pl.Int64)).otherwise(known).cast(pl.Int64)


def _scaled(bound: Decimal | None, indicator: Indicator) -> int:
    if bound is None:
        raise ScorecardError(f"{indicator.slug}: open bound inside")
    value = bound.scaleb(indicator.decimals)
    if value != int(value):
        raise ScorecardError(f"{indicator.slug}: bound {bound} finer than the indicator")
    return int(value)


def _points_left(line: Line) -> pl.Expr:
    """The maximum less what each unit takes off, never below zero; one rounding for each indicator."""
    taken = pl.lit(0, pl.Int64)
    for slug, points in line.deductions.items():
        indicator = BY_SLUG[slug]
        taken += divide_half_up(pl.col(indicator.column), pl.lit(10**indicator.decimals), scale=points)
    return (line.max_points - taken).clip(lower_bound=0)


def apply(card: Card, figures: pl.DataFrame, *, min_coverage_pct: Decimal) -> pl.DataFrame:
    """(subject_id, points_<line>…, earned, reachable, coverage_bps, score, grade), points in hundredths.

    score = earned ÷ reachable × 1000, half up. Below the least coverage: score null, grade "" («信息不足,不评级»).
    """
    columns = {line.slug: f"points_{line.slug}" for line in card.lines}
    scored = figures.select(
        "subject_id", *(points_of(line).alias(columns[line.slug]) for line in card.lines)
    ).with_columns(
        pl.sum_horizontal(columns.values()).alias("earned"),
        pl.sum_horizontal(
            pl.when(pl.col(columns[line.slug]).is_not_null()).then(line.max_points).otherwise(0).cast(pl.Int64)
            for line in card.lines
        ).alias("reachable"),
    )
    # reachable is hundredths of points of 1000: a tenth of it is the coverage in hundredths of a percent.
    covered = scored.with_columns(
        divide_half_up(pl.col("reachable"), pl.lit(TOTAL_POINTS * 100), scale=10_000).alias("coverage_bps")
    )
    enough = pl.col("coverage_bps") >= int(min_coverage_pct * 100)
    rated = covered.with_columns(
        pl.when(enough).then(divide_half_up(pl.col("earned"), pl.col("reachable"), scale=TOTAL_POINTS)).alias("score")
    )
    grade = pl.lit("")
    for name, lowest in reversed(card.grades):
        grade = pl.when(pl.col("score") >= lowest).then(pl.lit(name)).otherwise(grade)
    return rated.with_columns(grade.alias("grade"))


def losses(card: Card, scored: pl.DataFrame, *, at_most: int = 5) -> pl.DataFrame:
    """The lines that cost a subject most: (subject_id, rank, slug, lost), `lost` in hundredths of the line's scale.

    Ties go by the order of the card.
    """
    order = {line.slug: position for position, line in enumerate(card.lines)}
    maxima = {line.slug: line.max_points for line in card.lines}
    long = (
        scored.select("subject_id", *(pl.col(f"points_{slug}").alias(slug) for slug in order))
        .unpivot(index="subject_id", variable_name="slug", value_name="points")
        .filter(pl.col("points").is_not_null())
        .with_columns(
            (pl.col("slug").replace_strict(maxima, return_dtype=pl.Int64) - pl.col("points")).alias("lost"),
            pl.col("slug").replace_strict(order, return_dtype=pl.Int64).alias("order"),
        )
        .filter(pl.col("lost") > 0)
        .sort("subject_id", "lost", "order", descending=[False, True, False])
    )
    return (
        long.with_columns(pl.int_range(1, pl.len() + 1).over("subject_id").alias("rank"))
        .filter(pl.col("rank") <= at_most)
        .select("subject_id", "rank", "slug", "lost")
    )
