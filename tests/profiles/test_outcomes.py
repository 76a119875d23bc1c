"""A bank's file of outcomes: how it is read, and which portrait stands for a row."""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from xlsxwriter import Workbook

from apps.core.actor import SYSTEM
from apps.core.errors import NotPermitted
from apps.profiles import services
from apps.profiles.evaluation import OneClass
from apps.profiles.models import ProfileHistory
from apps.profiles.outcomes import Outcomes, read_outcomes
from apps.profiles.services import Evaluated, NothingToEvaluate
from apps.records.reading import Unreadable
from apps.subjects.models import Subject, SubjectCode
from tests.profiles.rules_in_force import card
from tests.support.cast import Cast

CODES = ["91610305YY0756CE27", "91610305YY2JJ1594R", "91610305YY6345B86K"]
HEAD = "统一社会信用代码,是否违约,日期"
ON = date(2026, 11, 15)


def read(*rows: str, encoding: str = "utf-8", head: str = HEAD) -> Outcomes:
    return read_outcomes(BytesIO("\r\n".join([head, *rows, ""]).encode(encoding)), received_on=ON)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_of_the_intake(encoding: str) -> None:
    outcomes = read(f"{CODES[0]},是,2026-10-01", f"{CODES[1]},否,2026年9月1日", encoding=encoding)
    assert outcomes.rows.select("code", "is_bad", "outcome_on").rows() == [
        (CODES[0], True, date(2026, 10, 1)),
        (CODES[1], False, date(2026, 9, 1)),
    ]


def test_a_workbook_with_a_title() -> None:
    stream = BytesIO()
    with Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet("结果")
        sheet.write_row(0, 0, ["贷款结果统计表"])
        sheet.write_row(1, 0, HEAD.split(","))
        sheet.write_row(2, 0, [CODES[0], 1, "2026/10/1"])
        sheet.write_row(3, 0, [CODES[1], 0, "20261001"])
    stream.seek(0)
    outcomes = read_outcomes(stream, received_on=ON)
    assert outcomes.rows["is_bad"].to_list() == [True, False]
    assert (outcomes.read, outcomes.not_data) == (3, 1)


@pytest.mark.parametrize(("cell", "is_bad"), [("1", True), ("0", False), ("是", True), ("否", False), ("违约", True)])
def test_spellings_of_the_flag(cell: str, is_bad: bool) -> None:
    assert read(f"{CODES[0]},{cell},2026-10-01").rows["is_bad"].to_list() == [is_bad]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (f"{CODES[0]},也许,2026-10-01", "“是否违约”的值“也许”不在代码表内"),
        (f"{CODES[0]},1,2026-13-01", "不是存在的日期"),
        (f"{CODES[0]},1,2026-11-16", "晚于接收日期"),
        (f"{CODES[0][:-1]}8,1,2026-10-01", "第18位校验码不符"),
        (f"{CODES[0]},,2026-10-01", "必填项“是否违约”为空"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_number(row: str, sentence: str) -> None:
    outcomes = read(row, f"{CODES[1]},0,2026-10-01")
    assert outcomes.rows.height == 1
    assert outcomes.rejected["row_number"].to_list() == [2]
    assert sentence in outcomes.rejected["message"][0]


def test_repeats_count_once_and_contradictions_not_at_all() -> None:
    outcomes = read(
        f"{CODES[0]},1,2026-10-01",
        f"{CODES[0]},是,2026/10/01",
        f"{CODES[0]},0,2026-10-02",
        f"{CODES[1]},1,2026-10-01",
        f"{CODES[1]},0,2026-10-01",
    )
    assert outcomes.rows.rows() == [
        (2, CODES[0], True, date(2026, 10, 1)),
        (4, CODES[0], False, date(2026, 10, 2)),
    ]
    assert outcomes.duplicates == 1
    assert outcomes.conflicting["row_number"].to_list() == [5, 6]


def test_a_file_of_something_else_is_refused() -> None:
    with pytest.raises(Unreadable, match="表头"):
        read("1,2", head="甲,乙")
    with pytest.raises(Unreadable, match="缺少必填列：日期"):
        read(f"{CODES[0]},1", head="统一社会信用代码,是否违约")


@pytest.fixture
def firms(cast: Cast, now: datetime) -> list[Subject]:
    made = []
    for number, code in enumerate(CODES):
        subject = Subject.objects.create(
            code=code,
            name=f"甲{number}有限公司",
            name_key=f"甲{number}有限公司",
            kind="enterprise",
            status="active",
            region_code="610305",
            first_seen_at=now,
            updated_at=now,
        )
        SubjectCode.objects.create(code=code, subject=subject, seen_from_at=now)
        made.append(subject)
    return made


def portrait(subject: Subject, score: int | None, *, on: date, known: datetime, version: str = "FCS-1") -> None:
    points = {line.slug: None for line in card().lines} | {"age": 4_000 if (score or 0) > 600 else 1_500}
    ProfileHistory.objects.create(
        subject=subject,
        as_of_on=on,
        as_known_at=known,
        computed_at=known,
        indicator_version="2026.11",
        scorecard_version=version,
        score=score,
        grade="" if score is None else "B",
        payload={"size_class": "micro", "figures": {"industry_code": "C3311"}, "points": points},
        input_digest="",
        payload_digest="",
    )


def evaluated(*rows: str, now: datetime, **given: Any) -> Evaluated:
    stream = BytesIO("\n".join([HEAD, *rows, ""]).encode())
    values = {"actor": SYSTEM, "file_name": "结果.csv", "scorecard_version": "", "now": now} | given
    return services.evaluate_outcomes(stream=stream, **values)


def test_the_portrait_is_the_newest_that_looks_ahead_on_neither_axis(firms: list[Subject], now: datetime) -> None:
    first, second = firms[:2]
    midnight = now.replace(hour=0)
    portrait(first, 500, on=date(2026, 9, 1), known=now - timedelta(days=60))
    portrait(first, 610, on=date(2026, 10, 1), known=now - timedelta(days=40))
    portrait(first, 900, on=date(2026, 11, 14), known=midnight)  # received when the day had begun
    portrait(first, 910, on=date(2026, 11, 15), known=midnight - timedelta(days=2))  # of the day itself
    portrait(second, 700, on=date(2026, 11, 14), known=midnight - timedelta(microseconds=1))
    told = evaluated(f"{CODES[0]},1,2026-11-15", f"{CODES[1]},0,2026-11-15", now=now)
    assert [(band.lowest, band.bads) for band in told.evaluation.bands] == [(610, 1), (700, 0)]
    assert told.sample.as_of == (date(2026, 10, 1), date(2026, 11, 14))
    assert told.sample.lead_days == (1, 1, 45)
    assert told.sample.as_known[1] == date(2026, 11, 14)
    assert told.sample.population == 2


def test_every_row_is_a_case_or_has_its_reason(firms: list[Subject], now: datetime) -> None:
    before = now - timedelta(days=30)
    portrait(firms[0], 500, on=before.date(), known=before)
    portrait(firms[1], 800, on=before.date(), known=before)
    portrait(firms[2], None, on=before.date(), known=before)
    rows = [
        f"{CODES[0]},1,2026-11-10",
        f"{CODES[1]},0,2026-11-10",
        f"{CODES[1]},0,2026-11-10",
        f"{CODES[0]},0,2026-09-10",
        f"{CODES[2]},0,2026-11-10",
        "91610305YY69048P7E,1,2026-11-10",
        f"{CODES[0]},1,",
        f"{CODES[2]},1,2026-11-01",
        f"{CODES[2]},0,2026-11-01",
    ]
    told = evaluated(*rows, now=now)
    assert [(row.row_number, row.reason) for row in told.unused] == [
        (5, "no_portrait"),
        (6, "not_rated"),
        (7, "unknown"),
        (8, "rejected"),
        (9, "conflicting"),
        (10, "conflicting"),
    ]
    sample = told.sample
    assert sample.read == sample.not_data + sample.duplicates + sum(sample.unused.values()) + sample.cases
    assert (sample.cases, sample.duplicates, sample.scorecard_version) == (2, 1, "FCS-1")
    assert told.evaluation.overall.auc == 1
    assert {(row.kind, row.value) for row in told.evaluation.segments} == {
        ("主体类别", "企业"),
        ("企业规模", "微型"),
        ("行业门类", "制造业"),
        ("所属区划", "凤翔区"),
    }
    ages = next(row for row in told.evaluation.lines if row.slug == "age")
    assert ages.told.auc == 1


def test_files_that_say_too_little_are_told_so(firms: list[Subject], now: datetime) -> None:
    before = now - timedelta(days=30)
    portrait(firms[0], 500, on=before.date(), known=before)
    portrait(firms[1], 800, on=before.date(), known=before)
    with pytest.raises(OneClass, match="2 个样本中没有违约的"):
        evaluated(f"{CODES[0]},0,2026-11-10", f"{CODES[1]},0,2026-11-10", now=now)
    with pytest.raises(NothingToEvaluate, match="平台没有这一主体 1 行；结果日期之前没有画像 1 行"):
        evaluated("91610305YY69048P7E,1,2026-11-10", f"{CODES[2]},0,2026-11-10", now=now)
    with pytest.raises(NothingToEvaluate, match="没有数据行"):
        evaluated(now=now)
    portrait(firms[1], 850, on=before.date(), known=before + timedelta(days=1), version="FCS-2")
    with pytest.raises(NothingToEvaluate, match="FCS-1 1 个、FCS-2 1 个"):
        evaluated(f"{CODES[0]},1,2026-11-10", f"{CODES[1]},0,2026-11-10", now=now)
    with pytest.raises(OneClass, match="全部违约"):
        evaluated(f"{CODES[0]},1,2026-11-10", f"{CODES[1]},0,2026-11-10", now=now, scorecard_version="FCS-1")


def test_only_who_answers_for_the_card_evaluates_it(cast: Cast, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        evaluated(now=now, actor=cast.bank_officer.actor)
