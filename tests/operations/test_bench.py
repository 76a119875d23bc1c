"""Tiny runs of every row: they only show that it runs and that both sides come to the same result. No clock decides."""

import io
import json
from contextlib import nullcontext
from datetime import date

import polars as pl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core.identifiers import parse_uscc
from apps.operations.bench import data, reference
from apps.operations.bench.database import BenchFault, lay_base
from apps.operations.bench.measure import Growth, Row, Size, Spent, spending
from apps.operations.bench.rows import ROWS, screening
from apps.operations.bench.table import lines_of, summary
from apps.operations.management.commands import bench as command

TINY = Size("tiny", 600, 1_200, 100, 40, 300, 7, 60, 1, 60, 0)
AS_OF = date(2026, 11, 15)


@pytest.fixture
def base(db):
    """The base tables in this test's transaction, and the role of workers."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE xq_owner")
        lay_base()
        cursor.execute("SET LOCAL ROLE xq_batch")


@pytest.mark.parametrize("slug", list(ROWS))
def test_each_row_runs_and_both_sides_agree(base, slug):
    row = ROWS[slug](TINY)
    assert row.slug == slug
    assert row.parts
    assert row.figure != "—" or row.notes
    json.dumps(row.as_json())


def test_a_disagreement_stops_a_row(base, monkeypatch):
    meets = reference.meets
    monkeypatch.setattr(reference, "meets", lambda wanted: meets(wanted) | (pl.col("subject_id") == 7))
    with pytest.raises(BenchFault, match="不一致"):
        screening.measure(TINY)


def test_the_data_are_the_same_every_time_and_the_codes_are_valid():
    first, again = data.subjects(5, 50), data.subjects(5, 50)
    assert first.equals(again)
    assert data.payments(first, AS_OF).equals(data.payments(again, AS_OF))
    assert all(parse_uscc(code).inner_check_ok for code in first["code"])
    assert first["code"].n_unique() == 50


def test_months_end_before_the_month_of_the_date():
    months = data.months_before(AS_OF, 24)
    assert (months[0], months[-1]) == (
        (date(2024, 11, 1), date(2024, 11, 30)),
        (date(2026, 10, 1), date(2026, 10, 31)),
    )


def test_growth_tells_factor_and_fixed_cost():
    growth = Growth(Spent(1.9, 0, 100), Spent(10.9, 0, 120))
    assert growth.factor == pytest.approx(5.737, abs=0.001)
    assert growth.fixed_seconds == pytest.approx(0.9)


def test_spending_counts_processor_and_memory():
    with spending() as spent:
        sum(range(200_000))
    assert spent.seconds > 0
    assert spent.cpu_seconds > 0
    assert spent.peak_mb > 1


@pytest.mark.parametrize(("passed", "mark"), [(True, "✓"), (False, "✗"), (None, "·")])
def test_the_table_prints_every_part(passed, mark):
    row = Row("x", "一行", "≥ 3", "2 ×", passed, {"行": 12_345, "查询数": "[1, 2]"}, ("说明",))
    text = "\n".join(lines_of(row))
    assert text.startswith(f"{mark} 一行")
    assert "预算 ≥ 3" in text
    assert "行 12,345；查询数 [1, 2]" in text
    assert "注：说明" in text
    assert "以 --size full 为准" in summary([row], TINY)


def test_the_command_goes_on_after_a_row_that_failed(monkeypatch, tmp_path):
    def broken(size):
        raise BenchFault("两边不一致")

    monkeypatch.setenv(command.INSIDE, "1")
    monkeypatch.setattr(command, "template", nullcontext)
    monkeypatch.setattr(command, "fresh", nullcontext)
    sound = Row("two", "第二行", "≥ 1", "2 ×", True, {"次": 1})
    monkeypatch.setattr(command, "ROWS", {"one": broken, "two": lambda size: sound})
    out, file = io.StringIO(), tmp_path / "bench.json"
    with pytest.raises(CommandError, match="one 两边不一致"):
        call_command("bench", "--json", str(file), stdout=out)
    assert "✗ one 没有量成：两边不一致" in out.getvalue()
    assert "✓ 第二行" in out.getvalue()
    told = json.loads(file.read_text())
    assert [row["slug"] for row in told["rows"]] == ["two"]
    assert told["failed"] == ["one 两边不一致"]
