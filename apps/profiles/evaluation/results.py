"""A scorecard held against outcomes: as a whole, by band, grade, segment and line, and how its population drifts. Pure.

Figures are Decimal, rounded half up once, at the end; shares in percent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

import polars as pl

from apps.profiles.evaluation import measures
from apps.profiles.scorecard import Card

SCORE: Final = "score"
_PLACES: Final = 4
_PERCENT_PLACES: Final = 2


@dataclass(frozen=True, slots=True)
class Discrimination:
    """How well a value tells bads from goods. Without both kinds AUC and KS are None and `note` says why.

    `auc_low` and `auc_high`: the 95 % interval; `ks_at` the value up to which the two shares are furthest apart.
    """

    cases: int
    bads: int
    bad_rate_pct: Decimal | None
    auc: Decimal | None
    auc_error: Decimal | None
    auc_low: Decimal | None
    auc_high: Decimal | None
    ks_pct: Decimal | None
    ks_at: int | None
    note: str


@dataclass(frozen=True, slots=True)
class BandRow:
    """About a tenth of the cases, from the lowest scores up (gain table), and what the fitted line expects of it.

    `…_so_far_pct`: shares of all cases and of all bads up to here; `lift`: the second over the first.
    """

    band: int
    lowest: int
    highest: int
    cases: int
    bads: int
    bad_rate_pct: Decimal
    expected_pct: Decimal | None
    cases_so_far_pct: Decimal
    bads_so_far_pct: Decimal
    lift: Decimal
    apart_pct: Decimal


@dataclass(frozen=True, slots=True)
class GradeRow:
    """Defaults of a grade with the 95 % interval of their share; None without cases."""

    grade: str
    lowest: int
    cases: int
    bads: int
    bad_rate_pct: Decimal | None
    low_pct: Decimal | None
    high_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The line of log odds through the scores, fitted to these very cases, and how far the bands lie from it."""

    intercept: Decimal
    slope_per_100: Decimal
    brier: Decimal
    chi_square: Decimal
    degrees: int
    p_value: Decimal | None


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """The score within a part of the cases."""

    kind: str
    value: str
    told: Discrimination


@dataclass(frozen=True, slots=True)
class LineRow:
    """The points of one line of the card against the outcomes."""

    slug: str
    label: str
    told: Discrimination


@dataclass(frozen=True, slots=True)
class Stability:
    """Two populations over the grades: (grade, share before, share now) and the index; None where one is empty."""

    label: str
    before: str
    now: str
    cells: tuple[tuple[str, Decimal, Decimal], ...]
    psi: Decimal | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is known of a scorecard against outcomes; `calibration` None where no line can be fitted."""

    overall: Discrimination
    bands: tuple[BandRow, ...]
    calibration: Calibration | None
    grades: tuple[GradeRow, ...]
    segments: tuple[SegmentRow, ...]
    lines: tuple[LineRow, ...]
    stabilities: tuple[Stability, ...]


def evaluate(
    cases: pl.DataFrame, card: Card, *, population: pl.DataFrame, segments: Sequence[tuple[str, str]]
) -> Evaluation:
    """Hold the card against cases.

    `cases`: is_bad, score (not null), outcome_on, `points_<line>` in hundredths (null: not judged), and a text column
    for each of `segments` (label, column). `population`: score of everybody the card is used on. Raises OneClass.
    """
    counted = measures.tally(cases, SCORE)
    measures.require_both(counted)
    banded = measures.bands(counted)
    line = measures.fitted(counted)
    return Evaluation(
        overall=discrimination(counted),
        bands=_band_rows(counted, banded, line),
        calibration=None if line is None else _calibration(measures.fit_of(counted, line, banded)),
        grades=_grade_rows(counted, card),
        segments=tuple(
            SegmentRow(label, str(value), discrimination(measures.tally(part, SCORE)))
            for label, column in segments
            for (value,), part in sorted(cases.group_by(column), key=lambda pair: str(pair[0]))
        ),
        lines=tuple(
            LineRow(each.slug, each.label, discrimination(measures.tally(cases, f"points_{each.slug}")))
            for each in card.lines
            if each.sources
        ),
        stabilities=_stabilities(cases, population, card),
    )


def discrimination(counted: pl.DataFrame) -> Discrimination:
    """What a tally says; nothing is raised where there is only one kind of case."""
    bads, goods = measures.totals(counted)
    rate = _percent(Fraction(bads, bads + goods)) if bads + goods else None
    try:
        area = measures.auc(counted)
    except measures.OneClass as refusal:
        return Discrimination(bads + goods, bads, rate, None, None, None, None, None, None, refusal.message)
    error = measures.auc_error(counted)
    reach = None if error is None else measures.Z_95 * error
    apart, at = measures.ks(counted)
    return Discrimination(
        cases=bads + goods,
        bads=bads,
        bad_rate_pct=rate,
        auc=rounded(area),
        auc_error=None if error is None else rounded(error),
        auc_low=None if reach is None else rounded(max(0.0, float(area) - reach)),
        auc_high=None if reach is None else rounded(min(1.0, float(area) + reach)),
        ks_pct=_percent(apart),
        ks_at=at,
        note="",
    )


def rounded(value: Fraction | float, places: int = _PLACES) -> Decimal:
    """Half up away from zero, from the exact value."""
    exact = Fraction(value) * 10**places
    size = (abs(exact) * 2 + 1) // 2
    return Decimal(int(size) if exact >= 0 else -int(size)).scaleb(-places)


def _percent(share: Fraction | float) -> Decimal:
    return rounded(Fraction(share) * 100, _PERCENT_PLACES)


def _band_rows(counted: pl.DataFrame, banded: pl.DataFrame, line: measures.Line | None) -> tuple[BandRow, ...]:
    every_bad, every_good = measures.totals(counted)
    every = every_bad + every_good
    rows, cases_so_far, bads_so_far = [], 0, 0
    for band, lowest, highest, bads, goods in banded.iter_rows():
        cases = bads + goods
        cases_so_far, bads_so_far = cases_so_far + cases, bads_so_far + bads
        caught, seen = Fraction(bads_so_far, every_bad), Fraction(cases_so_far, every)
        expected = None
        if line is not None:
            expected = _percent(measures.expected_bads(counted, line, lowest, highest) / cases)
        rows.append(
            BandRow(
                band=band,
                lowest=lowest,
                highest=highest,
                cases=cases,
                bads=bads,
                bad_rate_pct=_percent(Fraction(bads, cases)),
                expected_pct=expected,
                cases_so_far_pct=_percent(seen),
                bads_so_far_pct=_percent(caught),
                lift=rounded(caught / seen, 2),
                apart_pct=_percent(abs(caught - Fraction(cases_so_far - bads_so_far, every_good))),
            )
        )
    return tuple(rows)


def _calibration(fit: measures.Fit) -> Calibration:
    return Calibration(
        intercept=rounded(fit.line.intercept),
        slope_per_100=rounded(fit.line.slope * 100),
        brier=rounded(fit.brier),
        chi_square=rounded(fit.chi_square, 2),
        degrees=fit.degrees,
        p_value=None if fit.p_value is None else rounded(fit.p_value),
    )


def _grades_of(counted: pl.DataFrame, card: Card) -> Mapping[str, tuple[int, int]]:
    """Grade → (bads, goods), every grade of the card from the highest down."""
    found = {}
    above: int | None = None
    for grade, lowest in card.grades:
        within = pl.col("value") >= lowest
        part = counted.filter(within if above is None else within & (pl.col("value") < above))
        found[grade], above = measures.totals(part), lowest
    return found


def _grade_rows(counted: pl.DataFrame, card: Card) -> tuple[GradeRow, ...]:
    lowest = dict(card.grades)
    rows = []
    for grade, (bads, goods) in _grades_of(counted, card).items():
        if not bads + goods:
            rows.append(GradeRow(grade, lowest[grade], 0, 0, None, None, None))
            continue
        low, high = measures.share_interval(bads, bads + goods)
        share = Fraction(bads, bads + goods)
        rows.append(GradeRow(grade, lowest[grade], bads + goods, bads, _percent(share), _percent(low), _percent(high)))
    return tuple(rows)


def _stabilities(cases: pl.DataFrame, population: pl.DataFrame, card: Card) -> tuple[Stability, ...]:
    days = cases["outcome_on"].sort()
    cut = days[(days.len() - 1) // 2]
    later = pl.col("outcome_on") > cut
    old, new = cases.filter(~later), cases.filter(later)
    everybody = population.select(SCORE, pl.lit(value=False).alias("is_bad"))
    return (
        _stability("样本与全部已评分主体", "全部主体", "样本", everybody, cases, card),
        _stability("样本按日期的后一半与前一半", f"{cut}及以前", f"{cut}以后", old, new, card),
    )


def _stability(
    label: str, before: str, now: str, expected: pl.DataFrame, actual: pl.DataFrame, card: Card
) -> Stability:
    old, new = (
        {grade: sum(counts) for grade, counts in _grades_of(measures.tally(side, SCORE), card).items()}
        for side in (expected, actual)
    )
    index = measures.psi(list(old.values()), list(new.values()))
    cells = tuple(
        (
            grade,
            _percent(Fraction(old[grade], max(expected.height, 1))),
            _percent(Fraction(count, max(actual.height, 1))),
        )
        for grade, count in new.items()
    )
    return Stability(label, before, now, cells, None if index is None else rounded(index))
