import csv
import pickle
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc

from apps.core.errors import DomainError, InvalidInput
from apps.core.identifiers import (
    INNER_WEIGHTS,
    OUTER_ALPHABET,
    OUTER_WEIGHTS,
    InvalidUscc,
    body_of,
    inner_check_char,
    is_citizen_id,
    normalise_code,
    outer_check_char,
    parse_uscc,
)

CASES = Path(__file__).parents[1] / "cases" / "uscc.csv"
REASONS = {"长度不符": "length", "字符不符": "alphabet", "外层校验不符": "outer_check"}
SEPARATORS = [*" \t\n\u3000\u00a0\u2003\u200b\u200e\u2060\ufeff-\u2010\u2011\u2013\u2014\u2015\u2212\ufe63\uff0d", ""]

quick = settings(deadline=None, max_examples=60)


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['代码']!a} {case['结论']}")
def test_parse_uscc_judges_the_case_table(case: dict[str, str]) -> None:
    if case["结论"] == "有效":
        uscc = parse_uscc(case["代码"])
        assert uscc.inner_check_ok is (case["内层校验"] == "通过")
    else:
        with pytest.raises(InvalidUscc) as caught:
            parse_uscc(case["代码"])
        assert caught.value.reason == REASONS[case["结论"]]


def test_case_table_holds_every_conclusion_and_at_least_thirty_companies() -> None:
    rows = cases()
    assert {row["结论"] for row in rows} == {"有效", *REASONS}
    assert len({row["名称"] for row in rows if row["名称"]}) >= 30


def test_parse_uscc_names_the_parts() -> None:
    uscc = parse_uscc("9131000010000595XD")
    assert (uscc.registrar, uscc.entity_kind, uscc.region_code, uscc.body) == ("9", "1", "310000", "10000595X")
    assert (uscc.registrar_label, uscc.entity_kind_label) == ("市场监管", "企业")
    assert str(uscc) == uscc.code == "9131000010000595XD"


@pytest.mark.parametrize(
    ("code", "registrar_label", "entity_kind_label"),
    [
        ("11320100MB1886843H", "机构编制", "机关"),
        ("N2610305MB1886843B", "农业", "未列明"),
        ("A1610305MB1886843T", "中央军委改革和编制办公室", "未列明"),
    ],
)
def test_parse_uscc_labels_other_registrars(code: str, registrar_label: str, entity_kind_label: str) -> None:
    uscc = parse_uscc(code)
    assert (uscc.registrar_label, uscc.entity_kind_label) == (registrar_label, entity_kind_label)


def test_parse_uscc_says_unlisted_for_an_unassigned_registrar() -> None:
    first17 = "T1610305MB1886843"
    assert parse_uscc(first17 + outer_check_char(first17)).registrar_label == "未列明"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("911100", "统一社会信用代码应为18位，实际为6位。"),
        ("9111000O1000044477", "统一社会信用代码第8位“O”不是数字（第3至8位为行政区划代码）。"),
        ("9I1100001000044477", "统一社会信用代码第2位“I”不是允许的字符（数字或除I、O、S、V、Z外的大写字母）。"),
        ("911000001000044477", "统一社会信用代码校验不符（第18位校验码），请核对是否录错。"),
    ],
)
def test_parse_uscc_refuses_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidUscc) as caught:
        parse_uscc(text)
    assert caught.value.message == str(caught.value) == sentence
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, InvalidInput)
    assert isinstance(caught.value, DomainError)


def test_invalid_uscc_survives_pickling() -> None:
    with pytest.raises(InvalidUscc) as caught:
        parse_uscc("9")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.reason, copy.message) == (caught.value.reason, caught.value.message)


def test_weights_are_those_of_the_standards() -> None:
    assert OUTER_WEIGHTS == (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    assert INNER_WEIGHTS == (3, 7, 9, 10, 5, 8, 4, 2)


def test_check_chars_refuse_a_wrong_length() -> None:
    with pytest.raises(ValueError, match="zip"):
        outer_check_char("9" * 16)
    with pytest.raises(ValueError, match="zip"):
        inner_check_char("1" * 9)


@st.composite
def codes(draw: st.DrawFn, first: str = OUTER_ALPHABET, second: str = OUTER_ALPHABET) -> str:
    head = draw(st.sampled_from(first)) + draw(st.sampled_from(second))
    region = draw(st.text("0123456789", min_size=6, max_size=6))
    # The inner check character may be any of 0-9 and X, all of which the outer alphabet has.
    body = draw(st.text(OUTER_ALPHABET, min_size=8, max_size=8))
    first17 = head + region + body + inner_check_char(body)
    return first17 + outer_check_char(first17)


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    code = draw(codes())
    parts = []
    for char in code:
        spelling = char.lower() if draw(st.booleans()) else char
        wide = chr(ord(spelling) + 0xFEE0) if draw(st.booleans()) else spelling
        parts.append(wide + draw(st.sampled_from(SEPARATORS)))
    return code, "".join(parts)


@quick
@given(disguised())
def test_parse_uscc_reads_through_case_width_spaces_and_dashes(pair: tuple[str, str]) -> None:
    code, text = pair
    uscc = parse_uscc(text)
    assert uscc.code == code == normalise_code(text)
    assert uscc.body == body_of(code)
    assert uscc.inner_check_ok


@quick
@given(codes(), st.integers(0, 17), st.sampled_from(OUTER_ALPHABET))
def test_parse_uscc_refuses_any_single_changed_character(code: str, position: int, char: str) -> None:
    changed = code[:position] + char + code[position + 1 :]
    if changed == code:
        return
    with pytest.raises(InvalidUscc):
        parse_uscc(changed)


@quick
@given(codes(), st.integers(0, 16))
def test_parse_uscc_refuses_two_swapped_neighbours_that_differ(code: str, position: int) -> None:
    swapped = code[:position] + code[position + 1] + code[position] + code[position + 2 :]
    if swapped == code:
        return
    with pytest.raises(InvalidUscc):
        parse_uscc(swapped)


@quick
@given(codes(first="0123456789", second="0123456789"), st.sampled_from(OUTER_ALPHABET))
def test_outer_check_agrees_with_an_independent_implementation(code: str, last: str) -> None:
    assert stdnum_uscc.calc_check_digit(code[:17]) == code[17]
    assert stdnum_uscc.is_valid(code)
    candidate = code[:17] + last
    try:
        accepted = bool(parse_uscc(candidate))
    except InvalidUscc:
        accepted = False
    assert accepted == stdnum_uscc.is_valid(candidate)


@quick
@given(st.text(max_size=40))
def test_parse_uscc_never_fails_otherwise(text: str) -> None:
    with suppress(InvalidUscc):
        assert parse_uscc(text).code == normalise_code(text)


def test_normalise_code_leaves_other_characters_to_the_check() -> None:
    assert normalise_code("ß?ſ１٧\x00甲") == "ß?ſ1٧\x00甲"


@pytest.mark.parametrize(
    "text", ["11010519491231002X", "11010519491231002x", "１１０１０５ 19491231 002Ｘ", "440524188001010014"]
)
def test_is_citizen_id_recognises_the_examples_of_the_standard(text: str) -> None:
    assert is_citizen_id(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("110105194912310021", "check digit"),
        ("11010519491231002", "17 digits"),
        ("130503670401001", "15 digits, former form"),
        ("911100001000044477", "credit code"),
        ("张三", "name"),
        ("", "empty"),
    ],
)
def test_is_citizen_id_passes_over_anything_else(text: str, why: str) -> None:
    assert not is_citizen_id(text), why


def test_is_citizen_id_takes_an_unknown_place_of_birth() -> None:
    first17 = "99999919900101001"
    assert sum(is_citizen_id(first17 + last) for last in "0123456789X") == 1


@pytest.mark.parametrize(
    "first17",
    [
        "11010519490230002",  # 30 February
        "11010519490229002",  # no leap year
        "11010519491301002",  # month 13
        "11010517491231002",  # born 1749
        "01010519491231002",  # division starts with 0
    ],
)
def test_is_citizen_id_refuses_an_impossible_number_whatever_the_check_digit(first17: str) -> None:
    assert not any(is_citizen_id(first17 + last) for last in "0123456789X")
