"""Numbers that look random and follow from a row number, a purpose and a seed alone, on every machine. Pure.

A linear mixture would not do: two purposes would then differ by a constant, and a feature without any effect would
follow one that has. The mixer is SplitMix64 (Steele, Lea and Flood, 2014).
"""

import hashlib
from collections.abc import Sequence

import polars as pl

_STEP = 0x9E3779B97F4A7C15


def draw(index: pl.Expr, purpose: str, below: int, *, seed: int) -> pl.Expr:
    """A whole number in [0, below) for each row number; `below` is far less than 2^64, so that all are as likely."""
    # The start is far from that of any other purpose or seed, so that their sequences do not overlap.
    start = int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:8])
    state = index.cast(pl.UInt64) * _word(_STEP) + _word(start)
    return (_mixed(state) % _word(below)).cast(pl.Int64)


def choice(index: pl.Expr, purpose: str, options: Sequence[tuple[int, int]], *, seed: int) -> pl.Expr:
    """One of (value, chance in percent); the chances add up to 100. ValueError where they do not."""
    if sum(chance for _, chance in options) != 100:
        raise ValueError(f"{purpose}: chances do not add up to 100")
    drawn = draw(index, purpose, 100, seed=seed)
    value, upto = pl.lit(options[-1][0], pl.Int64), 100
    for (_, chance), (option, _) in zip(reversed(options), list(reversed(options))[1:], strict=False):
        upto -= chance
        value = pl.when(drawn < upto).then(option).otherwise(value)
    return value.cast(pl.Int64)


def _mixed(word: pl.Expr) -> pl.Expr:
    """The finaliser of SplitMix64; unsigned products wrap."""
    word = (word ^ (word // _word(1 << 30))) * _word(0xBF58476D1CE4E5B9)
    word = (word ^ (word // _word(1 << 27))) * _word(0x94D049BB133111EB)
    return word ^ (word // _word(1 << 31))


def _word(value: int) -> pl.Expr:
    return pl.lit(value, pl.UInt64)
