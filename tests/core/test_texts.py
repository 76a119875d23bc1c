import re
import sys
import unicodedata

import polars as pl
import pytest
from django.core.exceptions import ValidationError

from apps.core.forms import NameField
from apps.core.texts import INVISIBLE, INVISIBLE_BUT_LINES, has_invisible, plain_line

EVERY_CHARACTER = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]


@pytest.mark.parametrize("inside", [INVISIBLE, INVISIBLE_BUT_LINES])
def test_python_and_polars_see_the_same_characters(inside: str) -> None:
    alone = re.compile(f"[{inside}]")
    seen = pl.Series(EVERY_CHARACTER).str.contains(f"[{inside}]").to_list()
    assert [bool(alone.search(char)) for char in EVERY_CHARACTER] == seen


def test_all_controls_and_marks_of_direction_or_no_width_are_invisible() -> None:
    below = [char for char in EVERY_CHARACTER if ord(char) < 0x10000]
    missed = {char for char in below if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and plain_line(char)}
    assert missed == set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")  # Arabic signs one sees


def test_lines_of_a_longer_text_are_no_fault() -> None:
    assert not has_invisible("第一行\n第二行\t")
    assert has_invisible("甲\u202e乙")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("甲\u200b乙\u202e", "甲乙"),
        ("Cafe\u0301", "Café"),
        ("凤翔\U000e0067\n", "凤翔"),
        ("葛\U000e0100", "葛\U000e0100"),
        ("བོད", "བོད"),
    ],
)
def test_a_plain_line_is_what_one_sees(text: str, line: str) -> None:
    assert plain_line(text) == line


def test_names_typed_on_a_page_follow_the_same_definition() -> None:
    assert NameField(max_length=10).clean(" Cafe\u0301\u202e公司\u200b ") == "Café公司"
    with pytest.raises(ValidationError):
        NameField().clean("\u200b\u202e")
