import csv
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.profiles.sizing import SIZE_CLASSES, size_class
from apps.reference.rules import SizeRule
from tests.profiles.rules_in_force import size_rules

CASES = list(csv.DictReader((Path(__file__).parents[1] / "cases" / "sizing.csv").read_text().splitlines()))
RULES = size_rules()
SCHEMA = {
    "industry_code": pl.String,
    "annual_headcount": pl.Int64,
    "annual_revenue_fen": pl.Int64,
    "annual_assets_fen": pl.Int64,
}


def sized(rows: list[tuple[str | None, int | None, int | None, int | None]]) -> list[str]:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").select(size_class(RULES).alias("size"))["size"].to_list()


def fen_from_wan(text: str) -> int | None:
    return int(Decimal(text) * 1_000_000) if text else None


@pytest.mark.parametrize("case", CASES, ids=[case["用例"] for case in CASES])
def test_size_class_follows_the_cases_of_the_standard(case: dict[str, str]) -> None:
    row = (
        case["行业代码"] or None,
        int(case["从业人数"]) if case["从业人数"] else None,
        fen_from_wan(case["营业收入(万元)"]),
        fen_from_wan(case["资产总额(万元)"]),
    )
    assert SIZE_CLASSES[sized([row])[0]] == case["划型"]


def by_the_text(code: str, values: dict[str, int | None]) -> str:
    """The standard again in plain Python: every value a missing indicator could take must give the same class."""
    rule = _row_of(code)
    if rule is None:
        return "not_applicable"
    first, second = rule.indicator_1, rule.indicator_2
    possible = {_class_of(rule, one, two) for one in _worlds(values[first]) for two in _worlds(values[second or first])}
    return possible.pop() if len(possible) == 1 else "unknown"


def _row_of(code: str) -> SizeRule | None:
    for rule in RULES:
        if code[1:] in rule.groups4:
            return rule
    for rule in RULES:
        if code[1:3] in rule.divisions or code[0] in rule.sections:
            return rule
    return None


def _worlds(value: int | None) -> list[int]:
    return [0, 10**15] if value is None else [value]


def _class_of(rule: SizeRule, one: int, two: int) -> str:
    scale_1, scale_2 = (1 if name == "headcount" else 100 for name in (rule.indicator_1, rule.indicator_2))
    for size in ("large", "medium", "small"):
        first, second = getattr(rule, f"{size}_1"), getattr(rule, f"{size}_2")
        if one >= first * scale_1 and (second is None or two >= second * scale_2):
            return size
    return "micro"


def _near(bounds: list[Decimal | None], scale: int) -> st.SearchStrategy[int]:
    edges = sorted({int(bound) * scale for bound in bounds if bound is not None})
    return st.one_of(
        st.sampled_from([edge + step for edge in edges for step in (-1, 0, 1)]), st.integers(0, edges[-1] * 2)
    )


BOUNDS = {
    name: [
        getattr(rule, f"{size}_{number}")
        for rule in RULES
        for number, indicator in ((1, rule.indicator_1), (2, rule.indicator_2))
        for size in ("large", "medium", "small")
        if indicator == name
    ]
    for name in ("headcount", "revenue", "assets")
}
CODES = st.sampled_from(
    [
        "A0111",
        "B0610",
        "C1462",
        "D4411",
        "E4710",
        "F5112",
        "F5211",
        "G5311",
        "G5411",
        "G5990",
        "G6010",
        "H6110",
        "H6210",
        "I6311",
        "I6420",
        "I6510",
        "J6621",
        "K7010",
        "K7020",
        "K7030",
        "K7040",
        "K7090",
        "L7111",
        "L7291",
        "M7452",
        "N7810",
        "O8111",
        "P8391",
        "Q8411",
        "R8810",
        "S9111",
        "T9600",
    ]
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            CODES,
            st.none() | _near(BOUNDS["headcount"], 1),
            st.none() | _near(BOUNDS["revenue"], 100),
            st.none() | _near(BOUNDS["assets"], 100),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_size_class_equals_the_text_of_the_standard(
    rows: list[tuple[str, int | None, int | None, int | None]],
) -> None:
    expected = [
        by_the_text(code, {"headcount": headcount, "revenue": revenue, "assets": assets})
        for code, headcount, revenue, assets in rows
    ]
    assert sized(list(rows)) == expected
