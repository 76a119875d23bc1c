"""统一社会信用代码 over a whole column: the vector form of `core.identifiers` (a property test holds the two together).

Weights and alphabets are those of `core.identifiers`; nothing about the code is defined here.
"""

from collections.abc import Sequence

import polars as pl

from apps.core import identifiers as ids

_REPLACED = [chr(point) for point in ids.CODE_TRANSLATION]
_REPLACEMENTS = [replacement or "" for replacement in ids.CODE_TRANSLATION.values()]

LENGTH, ALPHABET, OUTER, INNER = "code_length", "code_alphabet", "code_outer", "code_inner"


def normalised(code: pl.Series) -> pl.Series:
    """`core.identifiers.normalise_code` of every cell."""
    return code.str.replace_many(_REPLACED, _REPLACEMENTS)


def faults(code: pl.Series) -> pl.Series:
    """What is wrong with each normalised code: null where nothing, else code_length, code_alphabet, code_outer or, with
    a right outer check character, code_inner.
    """
    cells = code.alias("code").to_frame().with_row_index("row")
    well_formed = cells.filter(pl.col("code").str.contains(ids.USCC_PATTERN))
    checked = well_formed.select("row").with_columns(*_checks(well_formed["code"]))
    text = pl.col("code")
    return (
        cells.join(checked, on="row", how="left", maintain_order="left")
        .select(
            pl.when(text.str.len_chars() != ids.USCC_LENGTH)
            .then(pl.lit(LENGTH))
            .when(pl.col("outer_ok").is_null() & text.is_not_null())
            .then(pl.lit(ALPHABET))
            .when(~pl.col("outer_ok"))
            .then(pl.lit(OUTER))
            .when(~pl.col("inner_ok"))
            .then(pl.lit(INNER))
            .alias("fault")
        )
        .to_series()
    )


def _checks(code: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whether the outer and the inner check character of well-formed codes are right."""
    # Every character of a well-formed code is one byte.
    chars = code.str.split("").explode().cast(pl.Binary).bin.reinterpret(dtype=pl.UInt8)
    outer_sum = _weighted(_OUTER_VALUES.gather(chars), [*ids.OUTER_WEIGHTS, 1])
    inner_sum = _weighted(_INNER_VALUES.gather(chars), [0] * 8 + [*ids.INNER_WEIGHTS, 0, 0])
    # The outer check value completes the sum to a multiple of 31 (MOD 31-3); the inner one is 11 minus the rest.
    expected = (11 - inner_sum % 11) % 11
    check = _INNER_CHECKS.gather(chars.gather_every(ids.USCC_LENGTH, 16))
    return (outer_sum % 31 == 0).alias("outer_ok"), (check == expected).fill_null(False).alias("inner_ok")


def _by_byte(alphabet: str) -> pl.Series:
    """The value of each byte in an alphabet; null where it has none."""
    return pl.Series([alphabet.find(chr(byte)) for byte in range(256)], dtype=pl.Int64).replace(-1, None)


_OUTER_VALUES = _by_byte(ids.OUTER_ALPHABET)
_INNER_VALUES = _by_byte(ids.INNER_ALPHABET)
_INNER_CHECKS = _by_byte("0123456789X")


def _weighted(values: pl.Series, weights: Sequence[int]) -> pl.Series:
    """The weighted sum over the 18 characters of each code."""
    codes = len(values) // ids.USCC_LENGTH
    products = values * pl.Series(list(weights) * codes, dtype=pl.Int64)
    return products.reshape((codes, ids.USCC_LENGTH)).arr.sum()
