"""JSON lines: what JSON leaves open costs its own line and nothing else (pitfalls M10)."""

import json
from io import BytesIO

import polars as pl
import pytest

from apps.records.reading import Unreadable, encoding, jsonlines, read_table
from tests.records.support import DELIVERIES, catalogue, payment, rows_of, social_insurance

ITEM = "real_estate"
GOOD = {
    "requestId": "HY2026111000001",
    "uscc": "91610305YY0756CE27",
    "name": "甲有限公司",
    "hasRealEstate": "是",
    "mortgaged": "否",
    "sealed": None,
    "verifiedOn": "2026-11-04",
}
FIELDS = ["request_no", "code", "subject_name", "has_real_estate", "mortgaged", "sealed", "verified_on"]


def _line(**changes: object) -> str:
    return json.dumps({**GOOD, **changes}, ensure_ascii=False)


def _rows(*lines: str, end: str = "\n", codec: str = "utf-8") -> pl.DataFrame:
    return rows_of((end.join([_line(), *lines]) + end).encode(codec), ITEM)


def test_objects_become_rows_with_their_line_numbers() -> None:
    rows = _rows("", _line(uscc="91610305YY2JJ1594R", hasRealEstate=None))
    assert rows.select(FIELDS).row(0) == (*list(GOOD.values())[:5], None, "2026-11-04")
    assert rows["row_number"].to_list() == [1, 2, 3]
    assert rows["code"].to_list() == ["91610305YY0756CE27", None, "91610305YY2JJ1594R"]
    assert rows["has_real_estate"].to_list() == ["是", None, None]
    assert rows["text"][0] == _line()
    assert not rows["shortage"].any()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_and_line_ends(end: str, codec: str) -> None:
    rows = _rows(_line(name="凤翔区𠮷㛃䶮有限公司\u2028二部"), end=end, codec=codec)
    assert rows["subject_name"].to_list() == ["甲有限公司", "凤翔区𠮷㛃䶮有限公司\u2028二部"]


def test_keys_are_labels_aliases_or_neither() -> None:
    values = dict(zip(FIELDS, GOOD.values(), strict=True))
    labels = {catalogue()[ITEM].field(name).label: value for name, value in values.items()}
    content = json.dumps({**labels, "经办人": {"姓名": "王某"}}, ensure_ascii=False).encode()
    table = read_table(BytesIO(content), catalogue()[ITEM])
    assert next(table.blocks).select(FIELDS).row(0) == tuple(values.values())
    assert table.notes == ["未读取目录以外的列：经办人。"]


def test_numbers_and_truth_values_become_the_text_that_was_written() -> None:
    rows = _rows(_line(hasRealEstate=True, requestId=12345678901234567890), _line(requestId=1)[:-1] + ', "x": 1e999}')
    assert rows["request_no"].to_list()[1:] == ["12345678901234567890", "1"]
    assert rows["has_real_estate"][1] == "true"


@pytest.mark.parametrize(
    "broken",
    [
        _line()[:60],
        _line() + ",",
        f"[{_line()}]",
        '"text"',
        "null",
        _line()[:-1] + ', "uscc": "91610305YY2JJ1594R"}',
        _line()[:-1] + ', "统一社会信用代码": "91610305YY2JJ1594R"}',
        _line(mortgaged=["否"]),
        _line(mortgaged={"a": 1}),
        _line().replace('"否"', "NaN"),
        _line().replace('"否"', "-Infinity"),
        _line().replace('"否"', '"\\ud800"'),
        _line().replace('"否"', '"否\\u0000"'),
        "[" * 100_000,
        '{"a":' * 100_000,
        _line(name="长" * jsonlines.MAX_LINE_CHARS),
    ],
    ids=lambda line: line[:30],
)
def test_a_line_that_is_no_flat_object_costs_itself_only(broken: str) -> None:
    rows = _rows(broken, _line())
    assert rows["shortage"].to_list() == [False, True, False]
    assert rows.filter("shortage").select(FIELDS).row(0) == (None,) * len(FIELDS)
    assert len(rows["text"][1]) <= 1_000_000


def test_a_file_without_line_ends_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 1_000)
    monkeypatch.setattr(jsonlines, "MAX_LINE_CHARS", 5_000)
    rows = _rows('{"a": "' + "长" * 200_000, _line())
    assert rows["shortage"].to_list() == [False, True, False]
    assert len(rows["text"][1]) < 3_000


def test_blocks_give_the_same_rows_as_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [_line(requestId=str(number)) for number in range(50)]
    whole = _rows(*lines, lines[0][:40], "")
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 997)
    monkeypatch.setattr(jsonlines, "BLOCK_LINES", 2)
    assert _rows(*lines, lines[0][:40], "").equals(whole)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"[{_line()}]", "JSON数组"),
        ('[\n {"a": 1}]', "JSON数组"),
        ('{"a": 1}\n', "找不到“不动产核验结果”的字段"),
        ('{"a": 1\n', "找不到“不动产核验结果”的字段"),
    ],
)
def test_a_file_that_is_not_of_the_item_is_refused(content: str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        rows_of(content.encode(), ITEM)


def test_a_table_may_begin_with_brackets() -> None:
    rows = rows_of(("[社会保险]\n" + social_insurance(payment())).encode())
    assert rows["row_number"].to_list() == [1, 3]


def test_the_sample_batch_is_read() -> None:
    rows = rows_of((DELIVERIES / "自然资源局" / "不动产核验结果_20261110.jsonl").read_bytes(), ITEM)
    assert rows.height == 219
    assert rows.filter("shortage")["row_number"].to_list() == [164]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_column_that_begins_like_a_brace_is_no_json(codec: str) -> None:
    """类 is U+7C7B: its low byte is that of a brace."""
    assert not jsonlines.begins(BytesIO("类别,名称\n".encode(codec)))
    assert jsonlines.begins(BytesIO(' {"类别": 1}\n'.encode(codec)))
