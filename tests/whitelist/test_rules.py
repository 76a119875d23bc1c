from datetime import date
from decimal import Decimal

import pytest

from apps.core.workdays import WorkCalendar
from apps.whitelist.rules import (
    EXIT_LABELS,
    ExitReason,
    ListedFacts,
    contact_by,
    decide_by_on,
    default_criteria,
    exit_reason,
)

DAY = date(2026, 11, 15)
FIGURES = {
    "whitelist_min_age_months": Decimal("12.00"),
    "whitelist_min_score": Decimal("750.00"),
    "whitelist_min_coverage_pct": Decimal("60.00"),
}


def test_default_criteria_follow_the_figures():
    assert [(entry["slug"], entry["value"]) for entry in default_criteria(FIGURES)] == [
        ("status_active", None),
        ("no_block_whitelist", None),
        ("age_months_min", 12),
        ("tax_grade_in", ["A", "B", "M"]),
        ("score_min", 750),
        ("coverage_min", "60.00"),
    ]
    changed = default_criteria(FIGURES | {"whitelist_min_score": Decimal(700)})
    assert {"slug": "score_min", "value": 700} in changed


@pytest.mark.parametrize("key", FIGURES)
def test_default_criteria_name_a_missing_figure(key):
    with pytest.raises(KeyError, match=key):
        default_criteria({name: value for name, value in FIGURES.items() if name != key})


def facts(**changes) -> ListedFacts:
    return ListedFacts(
        **(
            {"valid_to_on": date(2027, 5, 15), "status": "active", "has_block_whitelist": False, "has_consent": True}
            | changes
        )
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"valid_to_on": date(2026, 11, 16)}, None),
        ({"valid_to_on": DAY}, ExitReason.EXPIRED),
        ({"has_block_whitelist": True}, ExitReason.BLOCKED),
        ({"has_block_whitelist": None}, None),
        ({"status": "revoked"}, ExitReason.INACTIVE),
        ({"status": None}, None),
        ({"has_consent": False}, ExitReason.CONSENT_ENDED),
        ({"has_consent": False, "status": "cancelled", "has_block_whitelist": True}, ExitReason.BLOCKED),
        ({"has_consent": False, "valid_to_on": DAY}, ExitReason.CONSENT_ENDED),
    ],
)
def test_exit_reason_takes_the_gravest_known_reason(changes, expected):
    assert exit_reason(facts(**changes), DAY) is expected


def test_every_exit_reason_has_a_sentence():
    assert set(EXIT_LABELS) == set(ExitReason)


def test_clocks_count_working_days_to_contact_and_calendar_days_to_decide():
    calendar = WorkCalendar({}, frozenset({2026}))
    assert contact_by(DAY, 5, calendar).on == date(2026, 11, 20)
    assert decide_by_on(DAY, 30) == date(2026, 12, 15)
