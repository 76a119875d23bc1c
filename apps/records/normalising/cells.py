"""What all types share: the outer whitespace of a cell, the spellings of «nothing», full-width signs."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from apps.core.texts import INVISIBLE

_OUTER: Final = rf"^[\s\p{{Z}}{INVISIBLE}]+|[\s\p{{Z}}{INVISIBLE}]+$"
_NOTHING: Final = r"(?i)^(?:|[-－—–_]+|无|空|/|／|n/?a|null|none|\\n)$"
_FULL_WIDTH: Final = [chr(0xFEE0 + point) for point in range(0x21, 0x7F)] + ["\u3000", "￥", "−"]
_HALF_WIDTH: Final = [chr(point) for point in range(0x21, 0x7F)] + [" ", "¥", "-"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """Expressions over a column of cleaned, non-empty cells."""

    value: pl.Expr
    fault: pl.Expr
    remark: pl.Expr


def clean(raw: pl.Expr) -> pl.Expr:
    """A cell without outer white space and invisible characters."""
    return pl.when(raw.str.contains(_OUTER)).then(raw.str.replace_all(_OUTER, "")).otherwise(raw)


def is_null_spelling(cell: pl.Expr) -> pl.Expr:
    """Whether a cleaned cell says «nothing»: empty, `-`, 无, 空, `/`, N/A, NULL, None, `\\N`."""
    return cell.is_null() | cell.str.contains(_NOTHING)


def half_width(cell: pl.Expr) -> pl.Expr:
    """Full-width ASCII signs in half width."""
    return cell.str.replace_many(_FULL_WIDTH, _HALF_WIDTH)
