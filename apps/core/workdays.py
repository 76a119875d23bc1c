"""Working days, counted on a calendar that the caller passes in (dates come from reference.WorkDay).

China's holidays and swapped weekends are announced year by year by the State Council; for years not yet announced the
count falls back to Monday to Friday and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

_DAY = timedelta(days=1)
_SATURDAY = 5


class DueDate(NamedTuple):
    """A day that ends a term; `is_estimated` when a day counted on the way lies outside the known calendar."""

    on: date
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """`special` maps days that differ from Monday-to-Friday (or all days) to whether one works on them.

    `covered_years` are the years whose announcement is loaded.
    """

    special: Mapping[date, bool]
    covered_years: frozenset[int]

    def covers(self, day: date) -> bool:
        """Whether the calendar knows this day for certain."""
        return day.year in self.covered_years or day in self.special

    def is_workday(self, day: date) -> bool:
        """Whether one works on the day; Monday to Friday where the calendar says nothing."""
        return self.special.get(day, day.weekday() < _SATURDAY)

    def add_workdays(self, day: date, count: int) -> DueDate:
        """The `count`-th working day after `day`, which is itself not counted. ValueError if `count` < 1."""
        if count < 1:
            raise ValueError(f"count must be at least 1: {count}")
        is_estimated = False
        while count:
            day += _DAY
            is_estimated = is_estimated or not self.covers(day)
            count -= self.is_workday(day)
        return DueDate(day, is_estimated)

    def workdays_between(self, start: date, end: date) -> int:
        """How many working days lie in [start, end). ValueError if `end` is before `start`."""
        if end < start:
            raise ValueError(f"end {end} is before start {start}")
        return sum(self.is_workday(start + _DAY * offset) for offset in range((end - start).days))
