"""A portrait stays as it is until the day that it named, and no longer than it may."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.profiles.portrait import basis_digest, portray
from tests.profiles.records_in_words import inputs_of
from tests.profiles.test_portrait import AS_OF, RULES, WHOLE, random_population, setting_on


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.dates(date(2026, 1, 1), date(2027, 3, 1)), st.integers(1, 45))
def test_until_its_day_a_portrait_is_the_same_to_the_last_digit(seed: int, day: date, later: int) -> None:
    population = random_population(seed, 6)
    then = day + timedelta(days=later)
    before, after = setting_on(day), setting_on(then)
    old, new = (portray(population, setting, RULES).frame for setting in (before, after))
    if basis_digest(before, RULES) != basis_digest(after, RULES):
        return
    stays = ((pl.col("next_change_on") > then).fill_null(value=True)).alias("stays")
    kept = old.with_columns(stays).filter("stays")["subject_id"]
    assert old.filter(pl.col("subject_id").is_in(kept.implode())).equals(
        new.filter(pl.col("subject_id").is_in(kept.implode()))
    )


def next_change_of(words: str, day: date = AS_OF) -> Any:
    return portray(inputs_of(words), setting_on(day), RULES).frame["next_change_on"].item()


@pytest.mark.parametrize(
    ("words", "day", "expected"),
    [
        ("", AS_OF, None),
        ("社保 202601..202610 人数=1 应缴=1 实缴=1 缴日=当月10", AS_OF, None),
        ("登记 成立=2020-01-20", AS_OF, date(2026, 11, 20)),
        ("登记 成立=2020-01-15", AS_OF, date(2026, 12, 15)),
        ("登记 成立=2020-01-31", AS_OF, date(2026, 12, 1)),
        ("登记 成立=2020-01-31", date(2026, 12, 31), date(2027, 1, 31)),
        ("登记 成立=2020-01-30", date(2027, 1, 30), date(2027, 3, 1)),
        ("登记 成立=2020-01-15", date(2026, 6, 20), date(2026, 7, 1)),
        ("用电 202610 户=1 量=1 期限=2026-11-25", AS_OF, date(2026, 11, 26)),
        ("用电 202610 户=1 量=1 期限=2026-11-25 缴日=2026-11-10", AS_OF, None),
        ("中标 文号=1 日期=2025-01-10", AS_OF, date(2027, 1, 10)),
        ("许可 文号=1 类=普通 日期=2020-01-01 公示至=2026-12-31", AS_OF, date(2027, 1, 1)),
        ("处罚 文号=1 类=罚款 日期=2026-05-15 公示至=2027-05-15", AS_OF, date(2026, 11, 16)),
        ("处罚 文号=1 类=罚款 日期=2020-05-15 公示至=2021-05-15", AS_OF, None),
        ("失信 文号=1 日期=2020-02-19 发布=2020-03-31 屏蔽=2026-12-01", AS_OF, date(2026, 12, 1)),
    ],
)
def test_next_change_names_the_day(words: str, day: date, expected: date | None) -> None:
    assert next_change_of(words, day) == expected


def test_the_basis_changes_when_a_month_closes_and_not_from_day_to_day() -> None:
    first, second = setting_on(AS_OF), setting_on(AS_OF + timedelta(days=1))
    assert basis_digest(first, RULES) == basis_digest(second, RULES)
    assert basis_digest(setting_on(AS_OF, "202609"), RULES) != basis_digest(first, RULES)
    # Delivered to the end of October; on its last day October is not over yet, the day after it is.
    before, after = setting_on(date(2026, 10, 31)), setting_on(date(2026, 11, 1))
    assert basis_digest(before, RULES) != basis_digest(after, RULES)


def test_most_of_a_settled_district_needs_no_look_on_most_days() -> None:
    days = [next_change_of(WHOLE, AS_OF + timedelta(days=each)) for each in range(15)]
    assert set(days) == {date(2026, 12, 1)}
