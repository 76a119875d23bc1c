import csv
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.money import (
    MAX_YUAN,
    InvalidAmount,
    fen_from_yuan,
    format_wan,
    format_yuan,
    round_pct,
    round_yuan,
    to_uppercase_rmb,
    wan_from_yuan,
    yuan,
    yuan_from_fen,
)

UPPERCASE = Path(__file__).parents[1] / "cases" / "money_uppercase.csv"
MAX_FEN = 10**18 - 1

quick = settings(deadline=None, max_examples=100)
fens = st.integers(-MAX_FEN, MAX_FEN)
decimals = st.decimals(min_value=-(10**14), max_value=10**14, allow_nan=False, allow_infinity=False, places=6)


def uppercase_cases() -> list[tuple[str, str]]:
    with UPPERCASE.open(encoding="utf-8-sig", newline="") as stream:
        return [(row["金额"], row["大写"]) for row in csv.DictReader(stream)]


@pytest.mark.parametrize(
    ("given_yuan", "rounded"),
    [
        ("2.665", "2.67"),
        ("2.664999", "2.66"),
        ("-2.665", "-2.67"),
        ("0.005", "0.01"),
        ("0.004", "0.00"),
        ("-0.004", "0.00"),
        ("1E+3", "1000.00"),
    ],
)
def test_round_yuan_rounds_half_up_to_the_fen(given_yuan: str, rounded: str) -> None:
    assert str(round_yuan(Decimal(given_yuan))) == rounded


@quick
@given(decimals)
def test_round_yuan_is_within_half_a_fen_and_stable(amount: Decimal) -> None:
    rounded = round_yuan(amount)
    assert abs(Fraction(rounded) - Fraction(amount)) <= Fraction(1, 200)
    assert rounded.as_tuple().exponent == -2
    assert round_yuan(rounded) == rounded
    assert round_yuan(-amount) == -rounded


def test_round_yuan_does_not_depend_on_the_context_of_the_thread() -> None:
    with localcontext(prec=3):
        assert str(round_yuan(Decimal("123456789.125"))) == "123456789.13"


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("sNaN")])
def test_rounding_refuses_what_is_not_a_number(value: Decimal) -> None:
    with pytest.raises(InvalidAmount):
        round_yuan(value)


@pytest.mark.parametrize("value", [1.5, 2, "1.00"])
def test_rounding_takes_decimals_only(value: Any) -> None:
    with pytest.raises(TypeError, match="only Decimal"):
        round_yuan(value)


def test_round_pct_rounds_half_up_to_the_places_asked() -> None:
    assert str(round_pct(Decimal("3.455"))) == "3.46"
    assert str(round_pct(Decimal("3.4545"), places=3)) == "3.455"
    assert str(round_pct(Decimal("99.5"), places=0)) == "100"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.00"), ("0", "0.00"), ("-0", "0.00"), (Decimal("1.5"), "1.50"), ("12.340", "12.34"), (-7, "-7.00")],
)
def test_yuan_takes_exact_amounts_in(value: Any, text: str) -> None:
    assert str(yuan(value)) == text


@pytest.mark.parametrize("value", [1.0, True, None, b"1"])
def test_yuan_refuses_wrong_types_as_programming_errors(value: Any) -> None:
    with pytest.raises(TypeError):
        yuan(value)


BAD_TEXTS = [
    "",
    " 1",
    "1_000",
    "1,000",
    "¥1",
    "1e5",
    "NaN",
    "inf",
    "１２",
    "٣",
    "1.2万",
    "（1）",
    "+1",
    "1.",
    ".5",
    "1\n",
]


@pytest.mark.parametrize("value", BAD_TEXTS)
def test_yuan_refuses_text_that_is_not_plain_digits(value: str) -> None:
    with pytest.raises(InvalidAmount, match="金额应为数字"):
        yuan(value)


@pytest.mark.parametrize("value", ["0.001", Decimal("1.005"), Decimal("1e-300")])
def test_yuan_refuses_a_fraction_of_a_fen_instead_of_rounding(value: Any) -> None:
    with pytest.raises(InvalidAmount, match="两位小数"):
        yuan(value)


@pytest.mark.parametrize("value", [10**16, "-10000000000000000", Decimal("1e400")])
def test_yuan_refuses_more_than_the_column_holds(value: Any) -> None:
    with pytest.raises(InvalidAmount, match="超出范围"):
        yuan(value)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_yuan_refuses_what_is_not_finite(value: Decimal) -> None:
    with pytest.raises(InvalidAmount, match="有限"):
        yuan(value)


@quick
@given(fens)
def test_fen_and_yuan_are_exact_inverses(fen: int) -> None:
    amount = yuan_from_fen(fen)
    assert fen_from_yuan(amount) == fen
    assert Fraction(amount) == Fraction(fen, 100)
    assert yuan(str(amount)) == amount
    assert wan_from_yuan(amount) * 10000 == amount


def test_fen_and_yuan_refuse_wrong_input() -> None:
    assert yuan_from_fen(MAX_FEN) == MAX_YUAN
    with pytest.raises(InvalidAmount):
        yuan_from_fen(MAX_FEN + 1)
    with pytest.raises(TypeError):
        yuan_from_fen(1.0)  # type: ignore[arg-type]
    with pytest.raises(InvalidAmount):
        fen_from_yuan(Decimal("0.001"))


@pytest.mark.parametrize(
    ("amount", "in_yuan", "in_wan"),
    [
        ("500000", "500,000.00元", "50万元"),
        ("12345600", "12,345,600.00元", "1,234.56万元"),
        ("12345678.9", "12,345,678.90元", "1,234.57万元"),
        ("1005000", "1,005,000.00元", "100.5万元"),
        ("-15000", "-15,000.00元", "-1.5万元"),
        ("10000000000", "10,000,000,000.00元", "1,000,000万元"),
        ("0", "0.00元", "0万元"),
        ("50", "50.00元", "0.01万元"),
        ("49.99", "49.99元", "49.99元"),
    ],
)
def test_amounts_are_shown_in_yuan_and_wan(amount: str, in_yuan: str, in_wan: str) -> None:
    assert format_yuan(Decimal(amount)) == in_yuan
    assert format_wan(Decimal(amount)) == in_wan


def test_format_wan_shows_as_many_places_as_asked() -> None:
    assert format_wan(Decimal("12345678.9"), places=6) == "1,234.56789万元"
    assert format_wan(Decimal("12345678.9"), places=0) == "1,235万元"


@pytest.mark.parametrize(("amount", "uppercase"), uppercase_cases())
def test_to_uppercase_rmb_follows_the_case_table(amount: str, uppercase: str) -> None:
    assert to_uppercase_rmb(Decimal(amount)) == uppercase


def test_to_uppercase_rmb_refuses_negative_amounts() -> None:
    with pytest.raises(InvalidAmount, match="负数"):
        to_uppercase_rmb(Decimal("-0.01"))


DIGITS = {char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def fen_from_uppercase(text: str) -> int:
    """Reader of 大写金额, written independently of the writer."""
    total = section = digit = fen = 0
    for char in text.removeprefix("人民币").removesuffix("整"):
        if char in DIGITS:
            digit = DIGITS[char]
            continue
        if char in UNITS:
            section += digit * UNITS[char]
        elif char == "万":
            total, section = total + (section + digit) * 10**4, 0
        elif char == "亿":
            total, section = (total + section + digit) * 10**8, 0
        elif char == "元":
            total += section + digit
        else:
            fen += digit * {"角": 10, "分": 1}[char]
        digit = 0
    return total * 100 + fen


@quick
@given(st.integers(0, MAX_FEN) | st.integers(0, 17).map(lambda zeros: 10**zeros))
def test_to_uppercase_rmb_reads_back_to_the_same_amount(fen: int) -> None:
    text = to_uppercase_rmb(yuan_from_fen(fen))
    assert fen_from_uppercase(text) == fen
    assert "零零" not in text
