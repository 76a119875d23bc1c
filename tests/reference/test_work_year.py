import csv
from datetime import date
from pathlib import Path

import pytest

from apps.core.errors import InvalidInput
from apps.reference.work_year import DayException, parse_work_year

CASES_FILE = Path(__file__).parents[1] / "cases" / "work_years.csv"
CASES = list(csv.DictReader(CASES_FILE.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["填写"])
def test_parse_work_year_reads_a_line_or_says_what_is_wrong(case):
    if case["结果"] == "保存":
        days = parse_work_year(2027, case["填写"])
        assert [(str(day.on), day.is_workday) for day in days] == [(case["日期或提示"], False)]
    else:
        with pytest.raises(InvalidInput) as refusal:
            parse_work_year(2027, case["填写"])
        assert case["日期或提示"] in refusal.value.fields["days"]


def test_parse_work_year_keeps_only_what_differs_from_monday_to_friday():
    text = "2027-02-08 休 春节\n\n2027-02-13 休 春节\n2027-02-14 班 春节调休\n2027-01-01 休"
    assert parse_work_year(2027, text) == [
        DayException(date(2027, 1, 1), False, ""),
        DayException(date(2027, 2, 8), False, "春节"),
        DayException(date(2027, 2, 14), True, "春节调休"),
    ]


def test_parse_work_year_lists_every_faulty_line():
    with pytest.raises(InvalidInput) as refusal:
        parse_work_year(2027, "2027-01-01 休\n2027-01-01 休\nxx")
    assert refusal.value.fields["days"].startswith("第2行：2027-01-01 重复；第3行：")
