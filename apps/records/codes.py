"""统一社会信用代码 over a whole column: the vector form of `core.identifiers` (a property test holds the two together).

Weights and alphabets are those of `core.identifiers`; nothing about the code is defined here.
"""

import polars as pl

from apps.core import identifiers as ids

_REPLACED = [chr(point) for point in ids.CODE_TRANSLATION]
_REPLACEMENTS = [replacement or "" for replacement in ids.CODE_TRANSLATION.values()]

LENGTH, ALPHABET, OUTER, INNER = "code_length", "code_alphabet", "code_outer", "code_inner"


def normalised(code: pl.Expr) -> pl.Expr:
    """`core.identifiers.normalise_code` of a text column."""
    return code.str.replace_many(_REPLACED, _REPLACEMENTS)


def fault(code: pl.Expr) -> pl.Expr:
    """What is wrong with a normalised code: null where nothing, else code_length, code_alphabet, code_outer or, with a
    right outer check character, code_inner.
    """
    return (
        pl.when(code.is_null())
        .then(None)
        .when(code.str.len_chars() != ids.USCC_LENGTH)
        .then(pl.lit(LENGTH))
        .when(~code.str.contains(ids.USCC_PATTERN))
        .then(pl.lit(ALPHABET))
        .when(_value(code, 17, ids.OUTER_ALPHABET) != _outer_value(code))
        .then(pl.lit(OUTER))
        .when(code.str.slice(16, 1) != _inner_char(code))
        .then(pl.lit(INNER))
    )


def _value(code: pl.Expr, position: int, alphabet: str) -> pl.Expr:
    return code.str.slice(position, 1).replace_strict(
        list(alphabet), list(range(len(alphabet))), default=None, return_dtype=pl.Int32
    )


def _outer_value(code: pl.Expr) -> pl.Expr:
    total = pl.sum_horizontal(
        _value(code, position, ids.OUTER_ALPHABET) * weight for position, weight in enumerate(ids.OUTER_WEIGHTS)
    )
    return (31 - total % 31) % 31


def _inner_char(code: pl.Expr) -> pl.Expr:
    total = pl.sum_horizontal(
        _value(code, 8 + position, ids.INNER_ALPHABET) * weight for position, weight in enumerate(ids.INNER_WEIGHTS)
    )
    return ((11 - total % 11) % 11).replace_strict(
        list(range(11)), list("0123456789X"), default=None, return_dtype=pl.String
    )
