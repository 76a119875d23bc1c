"""The statistics against cases worked out by hand, and against their plain definitions."""

import csv
import math
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.profiles.evaluation import OneClass, evaluate, measures
from apps.profiles.evaluation.results import discrimination, rounded
from tests.profiles.rules_in_force import card

CARD = card()
CASES = settings.BASE_DIR / "tests" / "cases"
scores = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60)
both_kinds = scores.filter(lambda cases: {is_bad for _, is_bad in cases} == {True, False})


def rows(name: str) -> list[dict[str, str]]:
    with (CASES / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def tallied(cases: Iterable[tuple[int | None, bool]]) -> pl.DataFrame:
    frame = pl.DataFrame(list(cases), schema={"score": pl.Int64, "is_bad": pl.Boolean}, orient="row")
    return measures.tally(frame, "score")


def of_case(row: dict[str, str]) -> pl.DataFrame:
    bads = [(int(value), True) for value in row["违约样本的评分"].split()]
    return tallied(bads + [(int(value), False) for value in row["未违约样本的评分"].split()])


@pytest.mark.parametrize("row", rows("evaluation"), ids=lambda row: row["用例"])
def test_auc_and_ks_by_hand(row: dict[str, str]) -> None:
    counted = of_case(row)
    assert measures.auc(counted) == Fraction(row["AUC"])
    assert measures.ks(counted) == (Fraction(row["KS"]), int(row["KS所在评分"]))


@pytest.mark.parametrize("row", rows("evaluation_gain"), ids=lambda row: row["用例"])
def test_bands_by_hand(row: dict[str, str]) -> None:
    given_counts = [
        each.replace(":", " ").replace("/", " ").split() for each in row["评分和样本（评分:违约/未违约）"].split()
    ]
    cases = [(int(value), True) for value, bads, _ in given_counts for _ in range(int(bads))]
    cases += [(int(value), False) for value, _, goods in given_counts for _ in range(int(goods))]
    banded = measures.bands(tallied(cases), int(row["段数"]))
    found = [f"{low}-{high}:{bads}/{bads + goods}" for _, low, high, bads, goods in banded.iter_rows()]
    assert " ".join(found) == row["段（最低-最高:违约/户数）"]


@pytest.mark.parametrize("row", rows("evaluation_psi"), ids=lambda row: row["用例"])
def test_psi_by_hand(row: dict[str, str]) -> None:
    index = measures.psi([int(cell) for cell in row["原分布"].split()], [int(cell) for cell in row["现分布"].split()])
    assert ("" if index is None else str(rounded(index))) == row["PSI"]


@given(both_kinds)
def test_auc_is_the_share_of_pairs_that_the_good_one_wins(cases: list[tuple[int, bool]]) -> None:
    bads, goods = [score for score, bad in cases if bad], [score for score, bad in cases if not bad]
    halves = sum(2 if good > bad else good == bad for good in goods for bad in bads)
    assert measures.auc(tallied(cases)) == Fraction(halves, 2 * len(bads) * len(goods))


@given(both_kinds)
def test_the_error_of_the_auc_is_delongs(cases: list[tuple[int, bool]]) -> None:
    bads, goods = [score for score, bad in cases if bad], [score for score, bad in cases if not bad]
    error = measures.auc_error(tallied(cases))
    if min(len(bads), len(goods)) < 2:
        assert error is None
        return

    def wins(good: int, bad: int) -> float:
        return 1.0 if good > bad else 0.5 if good == bad else 0.0

    def variance(values: list[float]) -> float:
        mean = sum(values) / len(values)
        return sum((value - mean) ** 2 for value in values) / (len(values) - 1)

    of_bads = [sum(wins(good, bad) for good in goods) / len(goods) for bad in bads]
    of_goods = [sum(wins(good, bad) for bad in bads) / len(bads) for good in goods]
    assert error == pytest.approx(math.sqrt(variance(of_bads) / len(bads) + variance(of_goods) / len(goods)), abs=1e-9)


@given(both_kinds)
def test_ks_is_the_largest_distance_of_the_two_shares(cases: list[tuple[int, bool]]) -> None:
    bads, goods = [score for score, bad in cases if bad], [score for score, bad in cases if not bad]
    apart = {
        cut: abs(
            Fraction(sum(score <= cut for score in bads), len(bads))
            - Fraction(sum(score <= cut for score in goods), len(goods))
        )
        for cut, _ in cases
    }
    largest = max(apart.values())
    assert measures.ks(tallied(cases)) == (largest, min(cut for cut in apart if apart[cut] == largest))


@given(scores, st.integers(1, 12))
def test_bands_keep_every_case_and_cut_no_score_in_two(cases: list[tuple[int, bool]], count: int) -> None:
    banded = measures.bands(tallied(cases), count)
    assert banded["band"].is_sorted()
    assert banded["band"].n_unique() == banded.height <= count
    edges = list(zip(banded["lowest"], banded["highest"], strict=True))
    assert all(before[1] < after[0] for before, after in zip(edges, edges[1:], strict=False))
    for _, low, high, bads, goods in banded.iter_rows():
        within = [bad for score, bad in cases if low <= score <= high]
        assert (bads, goods) == (sum(within), len(within) - sum(within))
    # Without ties the bands are as equal as whole cases allow.
    distinct = measures.bands(tallied((place, bad) for place, (_, bad) in enumerate(cases)), count)
    sizes = [bads + goods for _, _, _, bads, goods in distinct.iter_rows()]
    assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
def test_psi_is_its_sum_and_is_never_negative(cells: list[tuple[int, int]]) -> None:
    old, new = [left for left, _ in cells], [right for _, right in cells]
    index = measures.psi(old, new)
    if not sum(old) or not sum(new):
        assert index is None
        return
    assert index is not None
    assert index >= 0
    assert index == pytest.approx(measures.psi(new, old))
    used = [(left, right) for left, right in cells if left or right]
    if all(left and right for left, right in used):
        plain = sum((r / sum(new) - l / sum(old)) * math.log(r / sum(new) / (l / sum(old))) for l, r in used)  # noqa: E741
        assert index == pytest.approx(plain)


@given(both_kinds)
def test_the_line_is_the_likeliest_one(cases: list[tuple[int, bool]]) -> None:
    counted = tallied(cases)
    line = measures.fitted(counted)
    bads, goods = [score for score, bad in cases if bad], [score for score, bad in cases if not bad]
    if line is None:
        assert max(bads) <= min(goods) or max(goods) <= min(bads)
        return
    # At the top of the likelihood both residual sums vanish.
    residuals = [(int(bad) - line.chance(score), score) for score, bad in cases]
    assert sum(rest for rest, _ in residuals) == pytest.approx(0, abs=1e-5)
    assert sum(rest * score for rest, score in residuals) == pytest.approx(0, abs=1e-4)


def test_two_scores_are_fitted_exactly() -> None:
    """One of four defaults at 0, three of four at 1: log odds −ln 3 and +ln 3."""
    line = measures.fitted(tallied([(0, True), *[(0, False)] * 3, *[(1, True)] * 3, (1, False)]))
    assert line is not None
    assert (line.intercept, line.slope) == (pytest.approx(-math.log(3)), pytest.approx(2 * math.log(3)))


def test_a_perfect_fit_has_no_distance() -> None:
    counted = tallied([(0, True), *[(0, False)] * 3, *[(1, True)] * 3, (1, False)])
    line = measures.fitted(counted)
    assert line is not None
    fit = measures.fit_of(counted, line, measures.bands(counted, 2))
    assert fit.chi_square == pytest.approx(0, abs=1e-12)
    assert fit.brier == pytest.approx(3 / 16)
    assert fit.p_value is None  # two bands leave no degree of freedom


# The 5 % points of the printed tables.
@pytest.mark.parametrize(("value", "degrees"), [(3.8415, 1), (5.9915, 2), (7.8147, 3), (15.5073, 8), (16.919, 9)])
def test_chi_square_as_in_the_tables(value: float, degrees: int) -> None:
    assert measures.chi_square_above(value, degrees) == pytest.approx(0.05, abs=1e-5)


def test_the_interval_of_a_share() -> None:
    low, high = measures.share_interval(0, 10)
    assert (low, high) == (0, pytest.approx(0.27753, abs=1e-5))  # z² / (n + z²)
    low, high = measures.share_interval(5, 10)
    assert (low, high) == (pytest.approx(0.23659, abs=1e-5), pytest.approx(0.76341, abs=1e-5))
    with pytest.raises(ValueError, match="needs cases"):
        measures.share_interval(0, 0)


@pytest.mark.parametrize(
    ("cases", "sentence"),
    [
        ([], "没有可以评估的样本"),
        ([(1, True)], "1 个样本中全部违约"),
        ([(1, False), (2, False)], "2 个样本中没有违约的"),
    ],
)
def test_one_class_is_said_in_a_sentence(cases: list[tuple[int, bool]], sentence: str) -> None:
    for measure in (measures.auc, measures.ks, measures.fitted, measures.auc_error):
        with pytest.raises(OneClass, match=sentence):
            measure(tallied(cases))
    assert sentence in discrimination(tallied(cases)).note


def test_a_value_that_is_not_known_is_no_case() -> None:
    assert tallied([(None, True), (3, False)]).rows() == [(3, 0, 1)]


def test_rounding_is_half_up_away_from_zero() -> None:
    assert [str(rounded(Fraction(each, 2), 0)) for each in (1, -1, 3, -3)] == ["1", "-1", "2", "-2"]


def frame(count: int = 40) -> pl.DataFrame:
    """Scores from 500 up by tens; the lower half defaults every second time, the upper one every tenth."""
    cases: list[dict[str, Any]] = []
    for place in range(count):
        step = 2 if place < count // 2 else 10
        cases.append(
            {"score": 500 + place * 10, "is_bad": place % step == 0, "outcome_on": date(2026, 1, 1 + place % 28)}
        )
    points = [pl.lit(None, pl.Int64).alias(f"points_{line.slug}") for line in CARD.lines if line.slug != "age"]
    size = pl.when(pl.col("score") < 600).then(pl.lit("微型")).otherwise(pl.lit("小型")).alias("size")
    return pl.DataFrame(cases).with_columns(*points, (pl.col("score") * 4).alias("points_age"), size)


def test_an_evaluation_adds_up() -> None:
    cases = frame()
    told = evaluate(cases, CARD, population=cases.select("score"), segments=[("规模", "size")])
    assert (told.overall.cases, told.overall.bads) == (40, 12)
    assert sum(row.cases for row in told.bands) == sum(row.cases for row in told.grades) == 40
    assert sum(row.bads for row in told.bands) == sum(row.bads for row in told.grades) == 12
    assert (told.bands[-1].cases_so_far_pct, told.bands[-1].bads_so_far_pct) == (100, 100)
    assert told.bands[-1].lift == 1
    assert max(row.apart_pct for row in told.bands) <= (told.overall.ks_pct or 0)
    expected = sum((row.expected_pct or Decimal(0)) * row.cases for row in told.bands)
    assert float(expected) / 100 == pytest.approx(12, abs=0.01)
    assert [(row.value, row.told.cases) for row in told.segments] == [("小型", 30), ("微型", 10)]
    by_line = {row.slug: row.told for row in told.lines}
    assert by_line["age"].auc == told.overall.auc
    assert by_line["tax_grade"].note == "没有可以评估的样本。"
    whole, halves = told.stabilities
    assert whole.psi == 0
    assert halves.psi is not None
    assert sum(share for _, share, _ in halves.cells) == 100


def test_a_score_that_splits_perfectly_has_no_line() -> None:
    cases = frame().with_columns((pl.col("score") < 600).alias("is_bad"))
    told = evaluate(cases, CARD, population=cases.select("score"), segments=[])
    assert told.overall.auc == 1
    assert told.calibration is None
    assert {row.expected_pct for row in told.bands} == {None}
