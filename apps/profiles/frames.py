"""The frames that a portrait is computed from, and the dated facts that hold for all subjects of a run. Pure.

Money is Int64 fen, quantities Int64 ten-thousandths, so that sums come out the same in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

SUBJECTS = {"subject_id": pl.Int64}

PAYMENTS = {
    "id": pl.Int64,
    "subject_id": pl.Int64,
    "item_code": pl.String,
    "period_on": pl.Date,
    "period_end_on": pl.Date,
    "key_text": pl.String,
    "due_fen": pl.Int64,
    "paid_fen": pl.Int64,
    "quantity_e4": pl.Int64,
    "paid_on": pl.Date,
    "due_on": pl.Date,
    "arrears_fen": pl.Int64,
    "headcount": pl.Int64,
    "base_fen": pl.Int64,
}

EVENTS = {
    "id": pl.Int64,
    "subject_id": pl.Int64,
    "item_code": pl.String,
    "key_text": pl.String,
    "occurred_on": pl.Date,
    "authority": pl.String,
    "class_text": pl.String,
    "amount_fen": pl.Int64,
    "valid_from_on": pl.Date,
    "valid_to_on": pl.Date,
    "repaired_on": pl.Date,
    "title": pl.String,
    "penalty_no": pl.String,  # of credit_repair: the decision concerned
}

HOLDINGS = {
    "id": pl.Int64,
    "subject_id": pl.Int64,
    "item_code": pl.String,
    "key_text": pl.String,
    "count": pl.Int64,
    "value_fen": pl.Int64,
    "from_on": pl.Date,
    "to_on": pl.Date,
    "encumbered": pl.Boolean,
    # Of registration only:
    "status": pl.String,
    "status_on": pl.Date,
    "industry_code": pl.String,
    "annual_report_year": pl.Int64,
    "headcount": pl.Int64,
    "revenue_fen": pl.Int64,
    "assets_fen": pl.Int64,
    "paid_in_capital_fen": pl.Int64,
    # Of intellectual_property only:
    "inventions": pl.Int64,
    "utility_models": pl.Int64,
    "designs": pl.Int64,
    # Of farm_scale only:
    "statistics_year": pl.Int64,
    "planted_e4": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Live records of a set of subjects, as known at one instant; one subject is a frame of one row."""

    subjects: pl.DataFrame
    payments: pl.DataFrame
    events: pl.DataFrame
    holdings: pl.DataFrame


@dataclass(frozen=True, slots=True)
class ItemState:
    """What has been delivered of one catalogue item by then.

    `newest_on` is the last day of the newest period delivered for anybody (None: not periodic or nothing yet).
    """

    newest_on: date | None
    absence_means_none: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for every subject of a run: the day, the items delivered, the reference data in force."""

    as_of: date
    items: Mapping[str, ItemState]
    severities: Mapping[str, int]  # kind of penalty → 1 minor, 2 general, 3 serious

    def closed_month(self, item: str) -> int | None:
        """Newest month (year × 12 + month − 1) over at the as-of date for which the item has been delivered.

        Taken from the deliveries, not from the calendar alone: in the middle of November the data end in October,
        and a sender who is a month late must not make every firm look as if it had stopped paying.
        """
        state = self.items.get(item)
        if state is None or state.newest_on is None:
            return None
        return min(month_number(state.newest_on), month_number(self.as_of) - 1)

    def says_none(self, item: str) -> bool:
        """Whether no record of a subject means that there is nothing: delivered, and absence means none."""
        return item in self.items and self.items[item].absence_means_none


def month_number(day: date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month - 1


def month_of(column: str) -> pl.Expr:
    """`month_number` of a date column."""
    day = pl.col(column)
    return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32) - 1


def full_months(earlier: pl.Expr, later: pl.Expr) -> pl.Expr:
    """Whole months passed between two dates; a month is full on the same day of the month."""
    months = (later.dt.year() - earlier.dt.year()) * 12 + later.dt.month().cast(pl.Int32) - earlier.dt.month()
    return months - (later.dt.day() < earlier.dt.day()).cast(pl.Int32)


def divide_half_up(numerator: pl.Expr, denominator: pl.Expr, *, scale: int = 1) -> pl.Expr:
    """numerator × scale / denominator, rounded half up away from zero; null where the denominator is not positive."""
    above, below = numerator.cast(pl.Int128) * scale, denominator.cast(pl.Int128)
    # Products may pass 64 bits on the way; a quotient that does not fit is no figure.
    size = pl.when(below > 0).then((above.abs() * 2 + below) // (below * 2)).cast(pl.Int64, strict=False)
    return pl.when(above < 0).then(-size).otherwise(size)


def growth_bps(new: pl.Expr, old: pl.Expr) -> pl.Expr:
    """Change in hundredths of a percent; null without a positive base."""
    return divide_half_up(new - old, old, scale=10_000)
