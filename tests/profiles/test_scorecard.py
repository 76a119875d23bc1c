import copy
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.profiles import scorecard
from apps.profiles.indicators import INDICATORS, Unit
from apps.profiles.scorecard import ScorecardError, apply, losses, parse, points_of
from tests.profiles.rules_in_force import card, card_data

CARD = card()
SCHEMA = {"subject_id": pl.Int64, **{indicator.column: indicator.dtype for indicator in INDICATORS}}

BEST = {
    "age_months": 60,
    "paid_in_ratio_bps": 10_000,
    "is_annual_report_current": True,
    "is_abnormal_operation": False,
    "tax_grade": "A",
    "tax_arrears_fen": 0,
    "tax_idle_months_24m": 0,
    "declared_sales_growth_bps": 1_000,
    "social_months": 24,
    "social_headcount_change_bps": 0,
    "social_arrears_months": 0,
    "power_late_months_12m": 0,
    "power_volatility_bps": 0,
    "penalties_minor_weight": 0,
    "penalties_general_weight": 0,
    "penalties_serious_weight": 0,
    "qualifications": ["specialised_state"],
    "patents": 10,
    "bids_won_24m": 5,
}


def scored(*firms: dict[str, Any], least: int = 60) -> pl.DataFrame:
    rows = [{**dict.fromkeys(SCHEMA), "subject_id": number, **firm} for number, firm in enumerate(firms, 1)]
    return apply(CARD, pl.DataFrame(rows, schema=SCHEMA), min_coverage_pct=Decimal(least))


def test_card_adds_up_to_a_thousand() -> None:
    assert sum(line.max_points for line in CARD.lines) == 100_000
    assert [(dimension.slug, dimension.max_points // 100) for dimension in CARD.dimensions] == [
        ("stability", 150),
        ("tax", 200),
        ("employment", 120),
        ("utilities", 80),
        ("judicial", 180),
        ("penalties", 150),
        ("merit", 120),
    ]


def test_the_best_firm_gets_all_points_of_what_can_be_judged() -> None:
    row = scored(BEST).row(0, named=True)
    uncovered = {"changes", "enforcement", "contract_disputes", "equity_freeze", "commitments"}
    assert {line.slug for line in CARD.lines if row[f"points_{line.slug}"] is None} == uncovered
    assert row["earned"] == row["reachable"] == 77_000
    assert (row["score"], row["grade"], row["coverage_bps"]) == (1000, "AAA", 7_700)


def test_missing_is_not_zero() -> None:
    without_growth = {name: value for name, value in BEST.items() if name != "declared_sales_growth_bps"}
    row = scored(without_growth).row(0, named=True)
    assert row["score"] == 1000
    assert row["coverage_bps"] == 7_400


def test_too_little_known_is_not_rated() -> None:
    known = {name: value for name, value in BEST.items() if not name.startswith(("tax", "declared"))}
    row = scored(known).row(0, named=True)
    assert row["coverage_bps"] == 5_700
    assert (row["score"], row["grade"]) == (None, "")


def test_just_enough_known_is_rated() -> None:
    # 770 less grade 100, social arrears 20 and power 50.
    gone = {"tax_grade", "social_arrears_months", "power_late_months_12m"}
    row = scored({name: value for name, value in BEST.items() if name not in gone}).row(0, named=True)
    assert row["coverage_bps"] == 6_000
    assert row["score"] == 1000


def test_score_is_rounded_half_up_once() -> None:
    # 76 500 of 77 000 hundredths is 993.506…
    row = scored({**BEST, "penalties_minor_weight": 10_000}).row(0, named=True)
    assert row["earned"] == 76_500
    assert row["score"] == 994


@pytest.mark.parametrize(
    ("score", "grade"),
    [(1000, "AAA"), (900, "AAA"), (899, "AA"), (850, "AA"), (800, "A"), (750, "BBB"), (700, "BB"), (650, "B")]
    + [(600, "CCC"), (550, "CC"), (500, "C"), (499, "D"), (0, "D")],
)
def test_grades_follow_the_cuts(score: int, grade: str) -> None:
    assert next(name for name, lowest in CARD.grades if score >= lowest) == grade


@pytest.mark.parametrize(
    ("line", "column", "values"),
    [
        ("age", "age_months", {0: 0, 11: 0, 12: 15, 23: 15, 24: 25, 35: 25, 36: 33, 59: 33, 60: 40}),
        ("tax_grade", "tax_grade", {"A": 100, "B": 80, "M": 60, "C": 20, "D": 0, "": None, None: None}),
        ("tax_arrears", "tax_arrears_fen", {0: 40, 1: 20, 999_999: 20, 1_000_000: 10, 10_000_000: 0}),
        ("sales_growth", "declared_sales_growth_bps", {-3_001: 0, -3_000: 8, -1: 15, 0: 22, 999: 22, 1_000: 30}),
        ("abnormal_operation", "is_abnormal_operation", {True: 0, False: 50, None: None}),
        ("social_months", "social_months", {2: 0, 3: 15, 24: 60, None: None}),
    ],
)
def test_points_of_follows_the_bins(line: str, column: str, values: dict[Any, int | None]) -> None:
    frame = pl.DataFrame({column: list(values)}, schema={column: SCHEMA[column]})
    found = frame.select(points_of(next(each for each in CARD.lines if each.slug == line)))
    assert found.to_series().to_list() == [None if points is None else points * 100 for points in values.values()]


def test_the_best_qualification_counts() -> None:
    line = next(each for each in CARD.lines if each.slug == "qualifications")
    frame = pl.DataFrame(
        {"qualifications": [[], ["technology_sme", "high_tech"], ["specialised_state"], ["unheard_of"], None]},
        schema={"qualifications": pl.List(pl.String)},
    )
    assert frame.select(points_of(line)).to_series().to_list() == [0, 3_200, 4_000, 0, None]


def test_penalties_fade_and_never_take_more_than_the_line_has() -> None:
    weights = [(0, 0, 0), (10_000, 0, 0), (0, 4_959, 0), (0, 0, 10_000), (10_000, 10_000, 20_000)]
    firms = [
        {
            **BEST,
            "penalties_minor_weight": minor,
            "penalties_general_weight": general,
            "penalties_serious_weight": serious,
        }
        for minor, general, serious in weights
    ]
    assert scored(*firms)["points_penalties"].to_list() == [15_000, 14_500, 13_760, 7_000, 0]


def test_losses_come_dearest_first_and_in_the_order_of_the_card_where_equal() -> None:
    firm = {
        **BEST,
        "age_months": 30,
        "is_annual_report_current": False,
        "tax_arrears_fen": 1,
        "power_late_months_12m": 1,
    }
    found = losses(CARD, scored(firm))
    assert [(row["slug"], row["lost"]) for row in found.iter_rows(named=True)] == [
        ("annual_report", 2_000),
        ("tax_arrears", 2_000),
        ("power_late", 2_000),
        ("age", 1_500),
    ]


def test_only_the_five_dearest_losses_are_named() -> None:
    firm = {
        **BEST,
        "tax_grade": "D",
        "age_months": 0,
        "social_months": 0,
        "qualifications": [],
        "patents": 0,
        "bids_won_24m": 0,
    }
    assert losses(CARD, scored(firm))["slug"].to_list() == [
        "tax_grade",
        "social_months",
        "age",
        "qualifications",
        "intellectual_property",
    ]


def _changed(path: list[Any], value: Any) -> dict[str, Any]:
    data = copy.deepcopy(card_data())
    spot: Any = data
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (["dimensions", 0, "max_points"], 151, "do not add up"),
        (["dimensions", 0, "lines", 0, "indicator"], "no_such", "no indicator"),
        (["dimensions", 0, "lines", 0, "bins", 4, 2], 39, "best bin"),
        (["dimensions", 0, "lines", 0, "bins", 1, 0], 13, "join"),
        (["dimensions", 0, "lines", 0, "bins", 0, 0], 0, "join"),
        (["dimensions", 0, "lines", 0, "bins", 1, 2], 26, "rising"),
        (["dimensions", 0, "lines", 0, "values"], {"A": 1}, "only one"),
        (["dimensions", 1, "lines", 0, "slug"], "age", "twice"),
        (["grades", 9, 1], 1, "descend"),
        (["dimensions", 0, "lines", 0, "max_points"], "40.001", "finer"),
    ],
)
def test_parse_refuses_a_card_that_contradicts_itself(path: list[Any], value: Any, complaint: str) -> None:
    with pytest.raises(ScorecardError, match=complaint):
        parse(_changed(path, value))


def test_digest_tells_cards_apart() -> None:
    assert parse(card_data()).digest == CARD.digest
    assert parse(_changed(["dimensions", 0, "lines", 0, "advice"], "别的建议")).digest != CARD.digest


RISING = [line for line in CARD.lines if line.direction != "any" and line.indicator]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(RISING), st.lists(st.integers(-20_000, 20_000_000), min_size=2, max_size=20))
def test_points_are_monotone_where_the_card_says_so(line: scorecard.Line, values: list[int]) -> None:
    indicator = line.sources[0]
    assert indicator.unit not in (Unit.TEXT, Unit.FLAG)
    frame = pl.DataFrame({indicator.column: sorted(values, reverse=line.direction == "falling")})
    points = frame.select(points_of(line)).to_series().to_list()
    assert points == sorted(points)
