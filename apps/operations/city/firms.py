"""The firms of the city and what is true of them, with a chance of default that is a known function of it. Pure.

Codes come from a range that no registrar gives out: the body of each begins with YC. Effects are whole thousandths of
log odds, so that the same seed gives the same truth everywhere.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from apps.core.identifiers import INNER_ALPHABET, INNER_WEIGHTS, OUTER_ALPHABET, OUTER_WEIGHTS
from apps.operations.city.chance import choice, draw

SEED: Final = 20_261_115
REGION: Final = "610305"
REGIONS: Final = ("610302", "610303", "610304", "610305")
INDUSTRIES: Final = ("C3311", "F5231", "I6510", "G5430", "E4811")
TAX_GRADES: Final = ("A", "B", "M", "C", "D")
LEAST_AGE_MONTHS: Final = 13
MILLION: Final = 1_000_000

_BODY: Final = "YC"
_BODY_DIGITS: Final = 6
LARGEST_NUMBER: Final = len(OUTER_ALPHABET) ** _BODY_DIGITS - 1

INTERCEPT: Final = -4_000
EFFECTS: Final[Mapping[str, int]] = {
    "tax_grade": 600,
    "tax_arrears": 1_000,
    "sales_growth": -16,
    "social_arrears_months": 500,
    "power_late_months": 300,
    "penalties": 800,
    "abnormal": 1_300,
    "young": 600,
}
"""Thousandths of log odds of default for each unit of a feature."""
WITHOUT_EFFECT: Final = ("paid_in_pct", "annual_report", "headcount_change", "patents", "power_swing")
"""Features that scorecards look at and that make no difference here."""

FEATURES: Final = (*EFFECTS, *WITHOUT_EFFECT)


def codes(numbers: pl.Series, *, regions: tuple[str, ...] = (REGION,), seed: int = SEED) -> pl.Series:
    """Valid 统一社会信用代码 by number; alphabets and weights are those of `core.identifiers`.

    ValueError for a number without a code: there are `LARGEST_NUMBER` of them.
    """
    if not numbers.is_between(0, LARGEST_NUMBER).all():
        raise ValueError(f"there are codes for numbers up to {LARGEST_NUMBER} only")
    number = pl.col("id")
    digits = [number // len(OUTER_ALPHABET) ** place % len(OUTER_ALPHABET) for place in reversed(range(_BODY_DIGITS))]
    where = draw(number, "region", len(regions), seed=seed)
    heads = [f"91{region}{_BODY}" for region in regions]
    inner_sum = pl.lit(_weighted(_BODY, INNER_ALPHABET, INNER_WEIGHTS))
    outer_sum = pl.lit([_weighted(head, OUTER_ALPHABET, OUTER_WEIGHTS) for head in heads]).list.get(where)
    inner_values = pl.lit([INNER_ALPHABET.index(char) for char in OUTER_ALPHABET])
    for digit, inner, outer in zip(digits, INNER_WEIGHTS[len(_BODY) :], OUTER_WEIGHTS[len(heads[0]) :], strict=False):
        inner_sum = inner_sum + inner_values.list.get(digit) * inner
        outer_sum = outer_sum + digit * outer
    # `core.identifiers`: 11 less the rest of the inner sum; the outer character completes its sum to a multiple of 31.
    check = (11 - inner_sum % 11) % 11
    check_value = pl.when(check == 10).then(OUTER_ALPHABET.index("X")).otherwise(check)
    last = (31 - (outer_sum + check_value * OUTER_WEIGHTS[-1]) % 31) % 31
    characters = [_character(digit) for digit in (*digits, check_value, last)]
    frame = numbers.cast(pl.Int64).alias("id").to_frame().lazy()
    return frame.select(pl.concat_str(pl.lit(heads).list.get(where), *characters).alias("code")).collect()["code"]


def _weighted(text: str, alphabet: str, weights: tuple[int, ...]) -> int:
    return sum(alphabet.index(char) * weight for char, weight in zip(text, weights, strict=False))


def _character(value: pl.Expr) -> pl.Expr:
    return pl.lit(list(OUTER_ALPHABET)).list.get(value)


def features(numbers: pl.DataFrame, as_of: date, *, seed: int = SEED) -> pl.DataFrame:
    """What is true of the firms with these ids on a day, beside the columns given.

    tax_grade 0 (A) to 4 (D); months and counts; percent as whole numbers; `young` and `abnormal` 0 or 1; money in fen;
    `default_ppm`: the chance of default in millionths.
    """
    number = pl.col("id")

    def one_of(purpose: str, *options: tuple[int, int]) -> pl.Expr:
        return choice(number, purpose, options, seed=seed).alias(purpose)

    def between(purpose: str, low: int, high: int) -> pl.Expr:
        return (draw(number, purpose, high - low + 1, seed=seed) + low).alias(purpose)

    # Lazily, so that a number drawn once is not drawn again for each of its options.
    drawn = numbers.lazy().with_columns(
        one_of("young", (0, 85), (1, 15)),
        between("older_months", 0, 215),
        between("younger_months", 0, 10),
        one_of("tax_grade", (0, 30), (1, 35), (2, 15), (3, 12), (4, 8)),
        one_of("tax_arrears", (0, 92), (1, 8)),
        one_of("sales_growth", (-40, 12), (-20, 18), (-5, 25), (5, 25), (20, 20)),
        one_of("social_arrears_months", (0, 78), (1, 8), (2, 6), (4, 5), (6, 3)),
        one_of("power_late_months", (0, 66), (1, 12), (2, 9), (4, 8), (6, 5)),
        one_of("penalties", (0, 86), (1, 10), (2, 4)),
        one_of("abnormal", (0, 96), (1, 4)),
        one_of("paid_in_pct", (0, 20), (20, 20), (50, 20), (80, 20), (100, 20)),
        one_of("annual_report", (0, 10), (1, 90)),
        one_of("headcount_change", (-40, 20), (-20, 20), (0, 40), (20, 20)),
        one_of("patents", (0, 60), (1, 15), (4, 15), (12, 10)),
        one_of("power_swing", (5, 40), (25, 25), (50, 20), (80, 15)),
        one_of("industry", *((place, 20) for place in range(len(INDUSTRIES)))),
        between("headcount", 5, 64),
        (between("capital", 50, 949) * 1_000_000).alias("capital_fen"),
        (between("sales", 50_000, 249_999) * 100).alias("sales_fen"),
        (between("power", 1_000, 9_999) * 10_000).alias("power_e4"),
    )
    young = pl.col("young") == 1
    aged = drawn.with_columns(
        pl.when(young)
        .then(LEAST_AGE_MONTHS + pl.col("younger_months"))
        .otherwise(24 + pl.col("older_months"))
        .alias("age_months")
    ).drop("older_months", "younger_months")
    established = pl.lit(as_of).dt.offset_by(pl.format("-{}mo", "age_months"))
    no_report_due = established.dt.year() > newest_report_year(as_of)
    odds = pl.sum_horizontal(pl.lit(INTERCEPT), *(pl.col(name) * effect for name, effect in EFFECTS.items()))
    return aged.with_columns(
        established.alias("established_on"),
        pl.when(no_report_due).then(1).otherwise("annual_report").alias("annual_report"),
        (MILLION / (1 + (odds / -1_000).exp())).round().cast(pl.Int64).alias("default_ppm"),
    ).collect()


def newest_report_year(as_of: date) -> int:
    """The newest year whose annual report was due by the day: by the end of the next June (domain §5.2)."""
    return as_of.year - (1 if as_of.month > 6 else 2)


def defaulted(seed: int) -> pl.Expr:
    """Whether the loan of a firm defaults, from its id and `default_ppm`."""
    return draw(pl.col("id"), "default", MILLION, seed=seed) < pl.col("default_ppm")


def named(first: int, count: int, *, regions: tuple[str, ...] = (REGION,), seed: int = SEED) -> pl.DataFrame:
    """(id, code, name) of the firms with these numbers."""
    numbers = pl.DataFrame({"id": pl.int_range(first, first + count, eager=True)})
    return numbers.with_columns(
        codes(numbers["id"], regions=regions, seed=seed),
        pl.format("信桥量测第{}号机械制造有限公司", "id").alias("name"),
    )
