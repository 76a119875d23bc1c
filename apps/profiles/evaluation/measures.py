"""The statistics of a scorecard against outcomes. Pure.

Everything starts from a tally: one row for each different value with how many bads and goods have it, so that ties are
counted exactly and a million cases become at most a thousand rows. A low value stands for high risk. Counts are
integers to the last division; AUC and KS are exact fractions.

Sources: AUC as Mann-Whitney probability with ties half; its standard error by DeLong, DeLong and Clarke-Pearson (1988);
Hosmer and Lemeshow (1980); interval of a share by Wilson (1927).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import polars as pl

from apps.core.errors import InvalidInput

TALLY: Final = {"value": pl.Int64, "bads": pl.Int64, "goods": pl.Int64}
Z_95: Final = 1.959963984540054
_MOST_STEPS: Final = 50
_NEAR_ENOUGH: Final = 1e-10


class OneClass(InvalidInput):
    """All cases defaulted, or none did: nothing can be told apart."""

    code = "one-class-outcomes"
    title = "无法评估评分卡"


@dataclass(frozen=True, slots=True)
class Line:
    """Log odds of default as `intercept + slope × value`, the likeliest for the tally it was fitted to."""

    intercept: float
    slope: float

    def chance(self, value: int) -> float:
        """The probability of default of a case with this value."""
        return _logistic(self.intercept + self.slope * value)


@dataclass(frozen=True, slots=True)
class Fit:
    """How far defaults lie from what `line` expects: Brier score, χ² over bands and the chance of a larger one."""

    line: Line
    brier: float
    chi_square: float
    degrees: int
    p_value: float | None


def tally(cases: pl.DataFrame, value: str) -> pl.DataFrame:
    """(value, bads, goods) by ascending value, of a frame with `is_bad` and an integer column; null values left out."""
    return (
        cases.lazy()
        .filter(pl.col(value).is_not_null())
        .group_by(pl.col(value).cast(pl.Int64).alias("value"))
        .agg(
            pl.col("is_bad").sum().cast(pl.Int64).alias("bads"), (~pl.col("is_bad")).sum().cast(pl.Int64).alias("goods")
        )
        .sort("value")
        .collect()
    )


def totals(counted: pl.DataFrame) -> tuple[int, int]:
    """(bads, goods) of a tally."""
    return int(counted["bads"].sum()), int(counted["goods"].sum())


def require_both(counted: pl.DataFrame) -> tuple[int, int]:
    """(bads, goods), both above zero. Raises OneClass with a sentence that says which one is missing."""
    bads, goods = totals(counted)
    if not bads and not goods:
        raise OneClass("没有可以评估的样本。")
    if not bads or not goods:
        which = "没有违约的" if not bads else "全部违约"
        raise OneClass(f"可评估的 {bads + goods} 个样本中{which}，无法判断评分能否区分违约与未违约。")
    return bads, goods


def auc(counted: pl.DataFrame) -> Fraction:
    """Chance that a good case has the higher value of a random pair of good and bad; equal values count half.

    Raises OneClass.
    """
    bads, goods = require_both(counted)
    below = pl.col("bads").cum_sum() - pl.col("bads")
    wins = pl.col("goods").cast(pl.Int128) * (below * 2 + pl.col("bads"))
    return Fraction(int(counted.select(wins.sum()).item()), 2 * bads * goods)


def auc_error(counted: pl.DataFrame) -> float | None:
    """Standard error of the AUC (DeLong); None with fewer than two bads or goods. Raises OneClass."""
    bads, goods = require_both(counted)
    if bads < 2 or goods < 2:
        return None
    area = float(auc(counted))
    goods_above = pl.lit(goods) - pl.col("goods").cum_sum()
    bads_below = pl.col("bads").cum_sum() - pl.col("bads")
    spread = counted.select(
        (pl.col("bads") * ((goods_above + pl.col("goods") / 2) / goods - area) ** 2).sum().alias("bads"),
        (pl.col("goods") * ((bads_below + pl.col("bads") / 2) / bads - area) ** 2).sum().alias("goods"),
    ).row(0)
    return math.sqrt(spread[0] / (bads - 1) / bads + spread[1] / (goods - 1) / goods)


def ks(counted: pl.DataFrame) -> tuple[Fraction, int]:
    """The largest distance between the two cumulative shares, and the lowest value (included) at which it is reached.

    Raises OneClass.
    """
    bads, goods = require_both(counted)
    apart = (pl.col("bads").cum_sum().cast(pl.Int128) * goods - pl.col("goods").cum_sum().cast(pl.Int128) * bads).abs()
    distances = counted.select("value", apart.alias("apart"))
    best = distances.row(int(distances["apart"].arg_max() or 0), named=True)
    return Fraction(int(best["apart"]), bads * goods), int(best["value"])


def bands(counted: pl.DataFrame, count: int = 10) -> pl.DataFrame:
    """(band, lowest, highest, bads, goods) from the lowest values up: about equal shares of the cases.

    A value is never cut in two: it goes where the middle of its cases lies, so that bands may differ in size and some
    numbers may be missing.
    """
    every = sum(totals(counted))
    size = pl.col("bads") + pl.col("goods")
    middle = (size.cum_sum() - size) * 2 + size
    return (
        counted.with_columns((middle * count // (2 * max(every, 1)) + 1).alias("band"))
        .group_by("band", maintain_order=True)
        .agg(
            pl.col("value").min().alias("lowest"),
            pl.col("value").max().alias("highest"),
            pl.col("bads").sum(),
            pl.col("goods").sum(),
        )
    )


def fitted(counted: pl.DataFrame) -> Line | None:
    """The logistic line through the tally (Newton's method); None where the value does not vary or splits the cases.

    Where every bad lies on one side of every good (one shared value included) the likeliest slope is infinite.
    Raises OneClass.
    """
    require_both(counted)
    bad, good = counted.filter(pl.col("bads") > 0)["value"], counted.filter(pl.col("goods") > 0)["value"]
    edges = [int(each) for each in (bad.min(), bad.max(), good.min(), good.max()) if isinstance(each, int)]
    if edges[1] <= edges[2] or edges[3] <= edges[0]:
        return None
    rows = list(_counts(counted))
    every = sum(bads + goods for _, bads, goods in rows)
    centre = sum(value * (bads + goods) for value, bads, goods in rows) / every
    scale = math.sqrt(sum((value - centre) ** 2 * (bads + goods) for value, bads, goods in rows) / every)
    shifted = [((value - centre) / scale, bads, bads + goods) for value, bads, goods in rows]
    start = sum(bads for _, bads, _ in rows) / every
    level, slope = _newton(shifted, math.log(start / (1 - start)))
    return Line(level - slope * centre / scale, slope / scale)


def _newton(rows: Sequence[tuple[float, int, int]], level: float) -> tuple[float, float]:
    """Level and slope at which the likelihood of (x, bads, cases) is largest."""
    slope = 0.0
    for _ in range(_MOST_STEPS):
        gradient_level = gradient_slope = across = along = cross = 0.0
        for x, bads, cases in rows:
            chance = _logistic(level + slope * x)
            residual, weight = bads - cases * chance, cases * chance * (1 - chance)
            gradient_level += residual
            gradient_slope += residual * x
            across += weight
            along += weight * x * x
            cross += weight * x
        determinant = across * along - cross * cross
        if determinant <= 0:
            break
        step_level = (along * gradient_level - cross * gradient_slope) / determinant
        step_slope = (across * gradient_slope - cross * gradient_level) / determinant
        # A long step may overshoot where defaults are rare: the odds change at most e-fold per step and deviation.
        shorter = max(abs(step_level), abs(step_slope), 1.0)
        level, slope = level + step_level / shorter, slope + step_slope / shorter
        if max(abs(step_level), abs(step_slope)) < _NEAR_ENOUGH:
            break
    return level, slope


def _logistic(odds: float) -> float:
    if odds >= 0:
        return 1 / (1 + math.exp(-odds))
    return math.exp(odds) / (1 + math.exp(odds))


def _counts(counted: pl.DataFrame) -> Iterator[tuple[int, int, int]]:
    for value, bads, goods in counted.iter_rows():
        yield int(value), int(bads), int(goods)


def expected_bads(counted: pl.DataFrame, line: Line, lowest: int, highest: int) -> float:
    """How many of the cases with values from `lowest` to `highest` the line expects to default."""
    within = counted.filter(pl.col("value").is_between(lowest, highest))
    return sum(((bads + goods) * line.chance(value) for value, bads, goods in _counts(within)), 0.0)


def fit_of(counted: pl.DataFrame, line: Line, banded: pl.DataFrame) -> Fit:
    """How well the line fits the tally; `banded` are its bands, whose number less two gives the degrees of freedom."""
    misses = sum(
        bads * (1 - line.chance(value)) ** 2 + goods * line.chance(value) ** 2
        for value, bads, goods in _counts(counted)
    )
    chi_square = 0.0
    for _, lowest, highest, bads, goods in banded.iter_rows():
        expected = expected_bads(counted, line, lowest, highest)
        chi_square += (bads - expected) ** 2 / (expected * (1 - expected / (bads + goods)))
    degrees = banded.height - 2
    p_value = chi_square_above(chi_square, degrees) if degrees > 0 else None
    return Fit(line, misses / sum(totals(counted)), chi_square, degrees, p_value)


def chi_square_above(value: float, degrees: int) -> float:
    """Chance that χ² with a whole number of degrees of freedom exceeds `value` (closed forms, odd and even)."""
    half = value / 2
    if degrees % 2 == 0:
        term = total = 1.0
        for k in range(1, degrees // 2):
            term *= half / k
            total += term
        return math.exp(-half) * total
    tail, term = math.erfc(math.sqrt(half)), math.sqrt(half) / math.gamma(1.5)
    for k in range(1, (degrees + 1) // 2):
        tail += math.exp(-half) * term
        term *= half / (k + 0.5)
    return tail


def share_interval(hits: int, cases: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson). ValueError without cases."""
    if cases <= 0:
        raise ValueError("a share needs cases")
    share, square = hits / cases, Z_95**2
    middle = (share + square / (2 * cases)) / (1 + square / cases)
    half = Z_95 / (1 + square / cases) * math.sqrt(share * (1 - share) / cases + square / (4 * cases**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def psi(expected: Sequence[int], actual: Sequence[int]) -> float | None:
    """Population stability index of two counts over the same cells: Σ (a − e) · ln(a / e) of their shares.

    Cells that are empty in both do not count. Where a cell is empty in one, half a case is added to each cell of both,
    since a logarithm of nothing is nothing. None where one side is empty. ValueError where the cells differ.
    """
    if len(expected) != len(actual):
        raise ValueError("the cells differ")
    pairs = [(left, right) for left, right in zip(expected, actual, strict=True) if left or right]
    if not sum(expected) or not sum(actual):
        return None
    more = 0.5 if any(not left or not right for left, right in pairs) else 0.0
    left_total, right_total = (sum(side) + more * len(pairs) for side in zip(*pairs, strict=True))
    shares = [((left + more) / left_total, (right + more) / right_total) for left, right in pairs]
    return sum(((right - left) * math.log(right / left) for left, right in shares), 0.0)
