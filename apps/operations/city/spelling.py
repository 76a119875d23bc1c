"""How departments write the same value: as agreed most of the time, now and then in another way. Pure.

`row` numbers the rows, so that the odd ones follow from the seed.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from apps.core.identifiers import OUTER_ALPHABET
from apps.operations.city.chance import draw

ONE_IN: Final = 40
_EXCEL_DAY_ZERO: Final = "1899-12-30"


@dataclass(frozen=True, slots=True)
class Hand:
    """The spelling of one file."""

    item: str
    seed: int

    def day(self, column: str) -> pl.Expr:
        """A date: 2026-01-05, 2026/1/5, 2026年1月5日, 20260105 or the number of days of a spreadsheet; null empty."""
        value = pl.col(column)
        serial = (value - pl.lit(_EXCEL_DAY_ZERO).str.to_date()).dt.total_days().cast(pl.String)
        others = [value.dt.strftime(form) for form in ("%Y/%-m/%-d", "%Y年%-m月%-d日", "%Y%m%d", "%Y.%m.%d")]
        return self._odd(column, value.dt.strftime("%Y-%m-%d"), [*others, serial])

    def month(self, column: str) -> pl.Expr:
        """A month: 202601, 2026-01, 2026年1月, 2026.01."""
        value = pl.col(column)
        others = [value.dt.strftime(form) for form in ("%Y年%-m月", "%Y.%m", "%Y/%m")]
        return self._odd(column, value.dt.strftime("%Y%m"), others)

    def yuan(self, column: str) -> pl.Expr:
        """元 of whole fen: 1234.50, 1,234.50, ¥1234.50."""
        value = pl.col(column)
        plain = digits(value, 2)
        thousands = value // 100_000
        grouped = pl.concat_str(
            thousands.cast(pl.String), pl.lit(","), (value // 100 % 1_000).cast(pl.String).str.zfill(3),
            pl.lit("."), (value % 100).cast(pl.String).str.zfill(2),
        )  # fmt: skip
        return self._odd(
            column, plain, [pl.when(thousands.is_between(1, 999)).then(grouped).otherwise(plain), pl.lit("¥") + plain]
        )

    def wan(self, column: str) -> pl.Expr:
        """万元 of whole fen: 20.000000."""
        return self._odd(column, digits(pl.col(column), 6), [pl.lit("￥") + digits(pl.col(column), 6)])

    def code(self) -> pl.Expr:
        """The code of a firm: as it is, in small letters, with spaces around or inside."""
        value = pl.col("code")
        inside = pl.concat_str(value.str.slice(0, 8), pl.lit(" "), value.str.slice(8))
        return self._odd("code", value, [value.str.to_lowercase(), pl.format("　{} ", value), inside])

    def _odd(self, column: str, agreed: pl.Expr, others: list[pl.Expr]) -> pl.Expr:
        drawn = draw(pl.col("row"), f"spelling of {self.item} {column}", ONE_IN * len(others), seed=self.seed)
        text = agreed
        for place, other in enumerate(others):
            text = pl.when(drawn == place).then(other).otherwise(text)
        return text


def digits(value: pl.Expr, decimals: int) -> pl.Expr:
    """A whole number of the last decimal place as text: 123450 with two is 1234.50; null stays null."""
    unit = 10**decimals
    return pl.concat_str(
        (value // unit).cast(pl.String), pl.lit("."), (value % unit).cast(pl.String).str.zfill(decimals)
    )


def replaced(text: pl.Expr, place: int, char: str) -> pl.Expr:
    """The code with one character typed wrongly."""
    bare = text.str.replace_all("[ 　]", "")
    return bare.str.slice(0, place) + pl.lit(char) + bare.str.slice(place + 1)


def other_last(text: pl.Expr) -> pl.Expr:
    """The code with another last character: the outer check fails whatever stood there."""
    bare = text.str.replace_all("[ 　]", "").str.to_uppercase()
    following = dict(zip(OUTER_ALPHABET, OUTER_ALPHABET[1:] + OUTER_ALPHABET[0], strict=True))
    return bare.str.head(-1) + bare.str.tail(1).replace_strict(following, return_dtype=pl.String)
