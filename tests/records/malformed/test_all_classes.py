"""Sixty classes of pitfalls §4, each shown by a test that runs."""

import csv
import importlib

import pytest

from tests.records.support import CASES

with (CASES / "malformed.csv").open(encoding="utf-8", newline="") as _file:
    CLASSES = list(csv.DictReader(_file))


def test_there_are_sixty_classes() -> None:
    assert [row["编号"] for row in CLASSES] == [f"D{number}" for number in range(1, 61)]
    assert all(row["送来的是"] and row["应有的结果"] for row in CLASSES)


@pytest.mark.parametrize("row", CLASSES, ids=lambda row: str(row["编号"]))
def test_every_class_has_a_test_that_is_run(row: dict[str, str]) -> None:
    for shown in row["证明"].split():
        module, _, name = shown.partition("::")
        test = getattr(importlib.import_module(f"tests.{module}"), name)
        marks = {mark.name for mark in getattr(test, "pytestmark", [])}
        assert not marks & {"skip", "skipif", "xfail"}, shown
