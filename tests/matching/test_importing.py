"""Needs filled in at the window: every row accounted for."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from apps.matching.importing import COLUMNS, NeedTerms, UnreadableNeeds, read_needs

FILE = Path(__file__).parents[2] / "fixtures" / "demo" / "deliveries" / "企业" / "融资需求.csv"
TODAY = date(2026, 11, 15)
GOOD = ["91610305YY49A2277E", "甲公司", "20.00", "12", "购置设备", "否", "4.35", "2026-09-03"]


def file_of(*rows, encoding="utf-8-sig"):
    return "\r\n".join(",".join(row) for row in [COLUMNS, *rows]).encode(encoding)


def test_the_sample_file_is_read_whole():
    found = read_needs(FILE.read_bytes(), TODAY)
    assert (found.read, found.not_data, len(found.needs), len(found.rejected)) == (62, 2, 58, 2)
    amount, code = found.rejected
    assert (amount.row, amount.column, amount.text) == (10, "融资金额(万元)", "150万")
    assert amount.message == "应为不带单位的数字。"
    assert (code.row, code.column, code.text) == (36, "统一社会信用代码", "91610322YY7KQ4PN2N")
    assert "第18位校验码" in code.message
    assert all(need.code.isupper() for need in found.needs)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_a_row_is_read_in_either_encoding(encoding):
    found = read_needs(file_of(GOOD, encoding=encoding), TODAY)
    assert found.needs[0].terms == NeedTerms(Decimal("200000.00"), 12, "equipment", False, Decimal("4.35"))
    assert found.needs[0].submitted_on == date(2026, 9, 3)


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        ("统一社会信用代码", "91610305YY49A2277X", None),
        ("企业名称", "", "此列必填。"),
        ("融资金额(万元)", "1.2万", "应为不带单位的数字。"),
        ("融资金额(万元)", "-5", "应为不带单位的数字。"),
        ("融资金额(万元)", "0", "融资金额应大于零。"),
        ("期限(月)", "一年", "应为整数月数，不带单位。"),
        ("期限(月)", "601", "融资期限应为 1 至 600 个月。"),
        ("资金用途", "炒股", None),
        ("能否提供抵押物", "也许", "应填“是”或“否”。"),
        ("可接受最高年利率(%)", "4.355", "可接受最高年利率应大于 0、不超过 100，最多两位小数。"),
        ("提交日期", "2026-13-01", "日期应写成 2026-09-03，并且确有其日。"),
        ("提交日期", "2026-11-16", "提交日期晚于今天。"),
    ],
)
def test_a_bad_cell_rejects_its_row_with_a_reason(column, text, message):
    bad = [text if name == column else cell for name, cell in zip(COLUMNS, GOOD, strict=True)]
    found = read_needs(file_of(GOOD, bad), TODAY)
    assert len(found.needs) == 1
    (rejection,) = found.rejected
    assert (rejection.row, rejection.column, rejection.text) == (3, column, text)
    assert rejection.message == message or (message is None and rejection.message)


def test_a_row_of_another_width_is_rejected_and_blank_rows_are_no_data():
    found = read_needs(file_of(GOOD, GOOD[:-1], [""] * 8, ["注：以上为自愿填报", *[""] * 7]), TODAY)
    assert (found.read, found.not_data, len(found.needs), len(found.rejected)) == (5, 3, 1, 1)
    assert found.rejected[0].message == "该行有 7 列，应为 8 列。"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "表头应依次为"),
        ("甲,乙\n".encode(), "表头应依次为"),
        (b"\xff\xfe\x00", "文件编码应为 UTF-8 或 GB18030。"),
        (file_of(['"未闭合', *GOOD[1:]]), "文件不是完整的 CSV"),
        (b"x" * 5_000_001, "文件超过 5 MB。"),
    ],
)
def test_a_file_that_is_no_list_of_needs_is_refused(content, message):
    with pytest.raises(UnreadableNeeds, match=message):
        read_needs(content, TODAY)
