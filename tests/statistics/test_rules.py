"""Arithmetic of published figures: cases in tests/cases/figures.csv are computed by hand."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from apps.statistics.rules import Cell, publish, ratio, reconcile

CASES = list(
    csv.DictReader((Path(__file__).parents[1] / "cases" / "figures.csv").read_text(encoding="utf-8").splitlines())
)


def cell(label: str, firms: int, amount: str | None = None) -> Cell:
    return Cell(label, firms * 2, None if amount is None else Decimal(amount), firms)


@pytest.mark.parametrize("case", CASES, ids=[case["编号"] for case in CASES])
def test_ratio_agrees_with_the_cases_computed_by_hand(case: dict[str, str]) -> None:
    expected = Decimal(case["结果"]) if case["结果"] else None
    given = ratio(Decimal(case["分子"]), Decimal(case["分母"]), scale=int(case["倍数"]), places=int(case["小数位"]))
    assert given == expected


def test_publish_withholds_a_small_cell_and_the_next_smallest_with_it() -> None:
    shown = publish([cell("甲", 40, "100"), cell("乙", 3, "7"), cell("丙", 9, "20")], 5)
    assert [(each.count, each.amount, each.text) for each in shown] == [
        (80, Decimal("100"), ""),
        (None, None, "<5"),
        (None, None, "隐去"),
    ]


def test_publish_withholds_nothing_more_where_two_are_small() -> None:
    shown = publish([cell("甲", 40), cell("乙", 3), cell("丙", 4), cell("丁", 9)], 5)
    assert [each.text for each in shown] == ["", "<5", "<5", ""]


def test_publish_shows_empty_cells_and_cells_at_the_limit() -> None:
    shown = publish([cell("甲", 5), cell("乙", 0)], 5)
    assert [(each.count, each.text) for each in shown] == [(10, ""), (0, "")]


def test_publish_withholds_the_only_cell() -> None:
    assert [each.text for each in publish([cell("甲", 1)], 5)] == ["<5"]


def test_reconcile_compares_amounts_where_there_are_any() -> None:
    total = Cell("", 3, Decimal("10.01"), 3)
    assert reconcile("银行", [Cell("甲", 2, Decimal("10.00"), 2), Cell("乙", 1, Decimal("0.01"), 1)], total).holds
    assert not reconcile("银行", [Cell("甲", 3, Decimal("10.00"), 3)], total).holds
    assert not reconcile("银行", [Cell("甲", 2, None, 2)], Cell("", 3, None, 3)).holds
