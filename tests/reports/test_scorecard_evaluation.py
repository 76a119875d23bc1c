"""The evaluation of a scorecard on paper: every chapter, with many cases and with hardly any."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from apps.profiles.evaluation import evaluate
from apps.profiles.services import Evaluated, Sample, Unused
from apps.profiles.services.evaluating import REASONS
from apps.reports import printing
from apps.reports.documents import scorecard_evaluation
from tests.profiles.rules_in_force import card

CARD = card()


def told(cases: int, unused: int = 0) -> Evaluated:
    places = pl.DataFrame({"place": range(cases)})
    frame = places.select(
        (pl.col("place") % 500 + 450).alias("score"),
        (pl.col("place") * 7919 % 1_000 < 420 - pl.col("place") % 400).alias("is_bad"),
        pl.lit(date(2026, 1, 1)).dt.offset_by(pl.format("{}d", pl.col("place") % 90)).alias("outcome_on"),
        pl.when(pl.col("place") % 3 == 0).then(pl.lit("微型")).otherwise(pl.lit("小型")).alias("size"),
        *((pl.col("place") * 31 % (7 + number)).alias(f"points_{line.slug}") for number, line in enumerate(CARD.lines)),
    )
    rows = tuple(Unused(number + 2, "91610305YY0756CE27", "rejected", "必填项为空。") for number in range(unused))
    sample = Sample(
        file_name="贷款结果.xlsx",
        file_sha256="ab" * 32,
        form="工作簿，工作表“结果”",
        read=cases + unused,
        not_data=0,
        duplicates=0,
        unused=dict.fromkeys(REASONS, 0) | {"rejected": unused},
        cases=cases,
        scorecard_version=CARD.version,
        scorecard_label=CARD.label,
        scorecard_digest=CARD.digest,
        indicator_versions=("2026.11",),
        as_of=(date(2025, 10, 1), date(2025, 12, 1)),
        as_known=(date(2025, 10, 2), date(2025, 12, 1)),
        outcomes=(date(2026, 1, 1), date(2026, 3, 31)),
        lead_days=(31, 90, 180),
        population=5 * cases,
    )
    evaluation = evaluate(frame, CARD, population=frame.select("score"), segments=[("企业规模", "size")])
    return Evaluated(datetime(2026, 4, 2, 2, 0, tzinfo=UTC), sample, evaluation, rows)


def cells(section: Any) -> list[list[str]]:
    return [[cell.text for cell in row] for table in section.tables for row in table.rows]


def test_the_page_says_what_was_held_against_what() -> None:
    html = printing.evaluation_html(told(2_000, unused=25))
    for text in (
        "供金融机构参考，不构成征信/评级",
        "评分卡 FCS-1 评估报告",
        "评估时间 2026-04-02 10:00",
        "贷款结果.xlsx",
        "2025-10-01 至 2025-12-01",
        "当天零时以前已全部收到",
        "另有 5 行未列出",
    ):
        assert text in html


def test_the_counts_add_up_on_paper() -> None:
    first = scorecard_evaluation.sections(told(2_000, unused=25))[0]
    counts = {label: int(count.replace(",", "")) for label, count in cells(first)}
    assert counts.pop("读取的行（不含表头）") == sum(counts.values()) == 2_025


def test_ten_bands_and_every_grade_are_shown() -> None:
    _, gain, calibration, groups, stability, _, _ = scorecard_evaluation.sections(told(2_000))
    assert len(cells(gain)) == 10
    assert [row[0] for row in cells(calibration)[10:]] == [grade for grade, _ in CARD.grades]
    assert sum(row[0] == "企业规模" for row in cells(groups)) == 2
    assert "稳定" in stability.tables[0].note


@pytest.mark.parametrize("cases", [30, 2_000])
def test_it_prints_without_a_complaint_and_twice_the_same(cases: int) -> None:
    first = printing.print_evaluation(told(cases, unused=3))
    assert first.content == printing.print_evaluation(told(cases, unused=3)).content
    assert first.content.startswith(b"%PDF-")
    assert first.pages >= 3


def test_the_file_of_figures_is_plain_and_labelled() -> None:
    content = printing.evaluation_content(told(30, unused=3))
    assert content["label"] == scorecard_evaluation.LABEL
    assert content["evaluation"]["overall"]["cases"] == 30
    assert len(content["unused"]) == 3
