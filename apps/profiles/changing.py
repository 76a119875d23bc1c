"""When a portrait changes by itself, without any new record: the first day on which a run must look at it again. Pure.

Everything in a portrait that looks at the as-of date is here: months of age, the day annual reports are due, windows of
24 months, days on which records begin, end, are repaired or fall due, and penalties that fade day by day. What changes
for everybody at once (a new month delivered, new reviewed data) is told by `portrait.basis_digest` instead. Too early a
day costs one computation; a day too late would be a wrong portrait, which the property test looks for.
"""

from datetime import date, timedelta

import polars as pl

from apps.profiles.frames import Inputs, Setting
from apps.profiles.indicators import Computed
from apps.profiles.indicators.views import WINDOW

_DAY = pl.duration(days=1)


def next_change(inputs: Inputs, setting: Setting, computed: Computed) -> pl.DataFrame:
    """(subject_id, next_change_on): null where only a new record can change the portrait; else after the as-of date."""
    day = setting.as_of
    parts = [
        _payments(inputs.payments, day),
        _dated(
            inputs.events,
            day,
            "occurred_on",
            "valid_from_on",
            "repaired_on",
            pl.col("valid_to_on") + _DAY,
            pl.col("occurred_on").dt.offset_by(WINDOW),
        ),
        _dated(
            inputs.holdings,
            day,
            *("from_on", "to_on"),
            *(pl.col(name).dt.offset_by(WINDOW) for name in ("from_on", "to_on")),
        ),
        _registered(computed.rows["registration"], day),
        _fading(computed.rows["penalty"], day),
    ]
    earliest = pl.concat(parts).group_by("subject_id").agg(pl.col("on").min().alias("next_change_on"))
    subjects = inputs.subjects.select("subject_id").sort("subject_id")
    return subjects.join(earliest, on="subject_id", how="left", maintain_order="left")


def _dated(rows: pl.DataFrame, day: date, *days: str | pl.Expr) -> pl.DataFrame:
    """(subject_id, on): the earliest of the days after `day` of every row that has one."""
    after = [pl.when(each > day).then(each) for each in (pl.col(d) if isinstance(d, str) else d for d in days)]
    return rows.select("subject_id", pl.min_horizontal(after).alias("on")).drop_nulls("on")


def _payments(payments: pl.DataFrame, day: date) -> pl.DataFrame:
    # Of a bill that is paid, the day it was due changes nothing any more.
    is_open = ~(pl.col("paid_on") <= day).fill_null(value=False) | (pl.col("paid_fen") < pl.col("due_fen")).fill_null(
        value=False
    )
    due = pl.when(is_open).then(pl.col("due_on") + _DAY)
    return _dated(payments, day, "paid_on", "period_end_on", due)


def _registered(registrations: pl.DataFrame, day: date) -> pl.DataFrame:
    """The next full month since the founding, and the next 1 July, on which another annual report is due."""
    first, following = _first_of_month(day, 1), _first_of_month(day, 2)
    this_length, next_length = (first - timedelta(days=1)).day, (following - timedelta(days=1)).day
    founded = pl.col("from_on").dt.day().cast(pl.Int64)
    # A month without the day of the founding is full on the first of the next one.
    this_month = (
        pl.when(founded <= this_length)
        .then(pl.lit(day.replace(day=1)) + pl.duration(days=founded - 1))
        .otherwise(pl.lit(first))
    )
    next_month = (
        pl.when(founded <= next_length).then(pl.lit(first) + pl.duration(days=founded - 1)).otherwise(pl.lit(following))
    )
    full = pl.when(founded > day.day).then(this_month).otherwise(next_month)
    july = date(day.year + (day.month > 6), 7, 1)
    return registrations.select("subject_id", pl.min_horizontal(full, pl.lit(july)).alias("on"))


def _first_of_month(day: date, months_on: int) -> date:
    number = day.year * 12 + day.month - 1 + months_on
    return date(number // 12, number % 12 + 1, 1)


def _fading(penalties: pl.DataFrame, day: date) -> pl.DataFrame:
    fades = (pl.col("valid_to_on") > pl.col("occurred_on")) & (pl.col("valid_to_on") > day)
    return penalties.filter(fades).select("subject_id", pl.lit(day + timedelta(days=1)).alias("on"))
