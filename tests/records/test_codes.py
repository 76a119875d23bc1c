import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from apps.core.identifiers import (
    CODE_TRANSLATION,
    OUTER_ALPHABET,
    InvalidUscc,
    inner_check_char,
    normalise_code,
    outer_check_char,
    parse_uscc,
)
from apps.records import codes

REASONS = {"length": "code_length", "alphabet": "code_alphabet", "outer_check": "code_outer"}
letters = st.text(alphabet=OUTER_ALPHABET, min_size=8, max_size=8)


def _expected(text: str) -> str | None:
    try:
        return None if parse_uscc(text).inner_check_ok else "code_inner"
    except InvalidUscc as error:
        return REASONS[error.reason]


@st.composite
def nearly_right(draw: st.DrawFn) -> str:
    """Codes that pass some of the checks: right, wrong inside, wrong outside, one sign changed or lost."""
    body = draw(letters)
    inner = draw(st.sampled_from([inner_check_char(body), *OUTER_ALPHABET]))
    first = draw(st.sampled_from(["91", "92", "93", "N1"])) + draw(st.sampled_from(["610305", "610322"])) + body + inner
    code = first + draw(st.sampled_from([outer_check_char(first), *OUTER_ALPHABET]))
    position = draw(st.integers(0, 17))
    return draw(st.sampled_from([code, code.lower(), code[:position] + code[position + 1 :], f"{code[:9]}-{code[9:]}"]))


@given(st.lists(st.one_of(nearly_right(), st.text(max_size=20)), min_size=1, max_size=20))
def test_the_vector_form_agrees_with_core(texts: list[str]) -> None:
    code = codes.normalised(pl.Series(texts))
    assert code.to_list() == [normalise_code(text) for text in texts]
    assert codes.faults(code).to_list() == [_expected(text) for text in texts]


def test_every_character_of_the_translation_is_translated() -> None:
    signs = [chr(point) for point in CODE_TRANSLATION]
    assert codes.normalised(pl.Series(signs)).to_list() == [normalise_code(sign) for sign in signs]


def test_empty_cells_have_no_fault() -> None:
    assert codes.faults(pl.Series([None, "91610305YY0756CE27"])).to_list() == [None, None]
    assert codes.faults(pl.Series([], dtype=pl.String)).to_list() == []
