from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.workdays import DueDate, WorkCalendar

# National Day 2026: off 1 to 7 October, work on Sunday 20 September and Saturday 10 October.
CALENDAR_2026 = WorkCalendar(
    special={
        **{date(2026, 10, day): False for day in range(1, 8)},
        date(2026, 9, 20): True,
        date(2026, 10, 10): True,
    },
    covered_years=frozenset({2026}),
)
days = st.dates(date(2025, 6, 1), date(2027, 6, 1))
quick = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),
        (date(2026, 10, 12), True),
    ],
)
def test_is_workday_knows_holidays_and_swapped_weekends(day: date, expected: bool) -> None:
    assert CALENDAR_2026.is_workday(day) is expected


@pytest.mark.parametrize(
    ("start", "count", "on"),
    [
        (date(2026, 9, 29), 1, date(2026, 9, 30)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 10, 3), 1, date(2026, 10, 8)),
        (date(2026, 10, 9), 2, date(2026, 10, 12)),
    ],
)
def test_add_workdays_skips_holidays_and_does_not_count_the_start(start: date, count: int, on: date) -> None:
    assert CALENDAR_2026.add_workdays(start, count) == DueDate(on, is_estimated=False)


def test_add_workdays_says_when_it_had_to_guess() -> None:
    assert CALENDAR_2026.add_workdays(date(2026, 12, 31), 1) == DueDate(date(2027, 1, 1), is_estimated=True)
    assert CALENDAR_2026.add_workdays(date(2026, 12, 30), 1) == DueDate(date(2026, 12, 31), is_estimated=False)
    known = WorkCalendar(special={date(2027, 1, 1): False, date(2027, 1, 4): True}, covered_years=frozenset({2026}))
    assert known.add_workdays(date(2026, 12, 31), 1) == DueDate(date(2027, 1, 4), is_estimated=True)


def test_covers_a_loaded_year_and_any_day_entered_singly() -> None:
    calendar = WorkCalendar(special={date(2027, 1, 1): False}, covered_years=frozenset({2026}))
    assert calendar.covers(date(2026, 5, 5))
    assert calendar.covers(date(2027, 1, 1))
    assert not calendar.covers(date(2027, 1, 2))


@pytest.mark.parametrize("count", [0, -1])
def test_add_workdays_refuses_to_count_less_than_one(count: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CALENDAR_2026.add_workdays(date(2026, 11, 15), count)


def test_workdays_between_is_half_open() -> None:
    assert CALENDAR_2026.workdays_between(date(2026, 9, 30), date(2026, 10, 10)) == 3
    assert CALENDAR_2026.workdays_between(date(2026, 9, 30), date(2026, 10, 11)) == 4
    assert CALENDAR_2026.workdays_between(date(2026, 9, 30), date(2026, 9, 30)) == 0
    with pytest.raises(ValueError, match="before start"):
        CALENDAR_2026.workdays_between(date(2026, 10, 1), date(2026, 9, 30))


@quick
@given(days, st.integers(1, 60))
def test_add_workdays_and_workdays_between_agree(start: date, count: int) -> None:
    due = CALENDAR_2026.add_workdays(start, count)
    tomorrow = start + timedelta(days=1)
    assert CALENDAR_2026.is_workday(due.on)
    assert CALENDAR_2026.workdays_between(tomorrow, due.on) == count - 1
    walked = (tomorrow + timedelta(days=offset) for offset in range((due.on - start).days))
    assert due.is_estimated is any(day.year != 2026 for day in walked)


@quick
@given(days)
def test_a_calendar_without_years_is_monday_to_friday(day: date) -> None:
    bare = WorkCalendar(special={}, covered_years=frozenset())
    assert bare.is_workday(day) is (day.isoweekday() <= 5)
    assert bare.add_workdays(day, 1).is_estimated
