"""The night of the loan business brings every loan to the day, and a second run changes nothing."""

from datetime import date, datetime, timedelta

import pytest

from apps.core.actor import SYSTEM
from apps.core.models import AuditEvent
from apps.loans import selectors, services
from apps.loans.models import Application, Drawdown
from tests.loans.factories import Loans


def roll(loans: Loans, on: date) -> dict[str, int]:
    """The night of a day."""
    at = datetime.combine(on, loans.now.timetz())
    return services.roll_day(actor=SYSTEM, business_date=on, now=at)


@pytest.mark.parametrize(
    ("day", "days", "risk"),
    [
        (date(2026, 12, 15), 0, "normal"),
        (date(2026, 12, 16), 1, "special_mention"),
        (date(2027, 3, 15), 90, "special_mention"),
        (date(2027, 3, 16), 91, "substandard"),
        (date(2027, 9, 12), 271, "doubtful"),
        (date(2027, 12, 11), 361, "loss"),
    ],
)
def test_roll_day_counts_days_overdue_and_classes(loans, day, days, risk):
    drawdown = loans.post(loans.approve())
    assert roll(loans, day)["classified"] == 1
    drawdown.refresh_from_db()
    assert (drawdown.overdue_days, drawdown.risk_class, drawdown.classified_on) == (days, risk, day)


def test_roll_day_twice_changes_nothing_more(loans):
    loans.post(loans.approve(), amount="500000")
    day = date(2026, 12, 20)
    roll(loans, day)
    events = AuditEvent.objects.count()
    assert roll(loans, day) == {"voided": 0, "classified": 0, "lapsed": 0, "settled": 0}
    assert AuditEvent.objects.count() == events


def test_a_repayment_ends_being_overdue_at_once(loans):
    drawdown = loans.post(loans.approve())
    roll(loans, date(2026, 12, 20))
    loans.repay(drawdown, str(drawdown.instalments.get(number=1).due.open_yuan), date(2026, 12, 21))
    drawdown.refresh_from_db()
    assert (drawdown.overdue_days, drawdown.risk_class) == (0, "normal")


def test_roll_day_voids_a_reservation_that_nobody_confirmed(loans):
    line = loans.approve()
    drawdown = loans.reserve(line)
    assert drawdown.reserved_until_on == date(2026, 11, 20)
    assert roll(loans, date(2026, 11, 19))["voided"] == 0
    assert roll(loans, date(2026, 11, 20))["voided"] == 1
    drawdown.refresh_from_db()
    line.refresh_from_db()
    assert (drawdown.state, line.available_yuan) == ("voided", line.limit_yuan)
    assert selectors.differences_for_batch() == []


def test_roll_day_lets_an_unused_line_lapse(loans):
    line = loans.approve(valid_months=1)
    assert roll(loans, line.valid_to_on - timedelta(days=1))["lapsed"] == 0
    assert roll(loans, line.valid_to_on)["lapsed"] == 1
    assert Application.objects.get().state == "lapsed"


def test_roll_day_settles_a_revolving_line_whose_loans_are_repaid_when_it_ends(loans):
    line = loans.approve(kind="revolving", valid_months=1)
    drawdown = loans.post(line)
    loans.repay(drawdown, "300000", loans.now.date())
    assert Drawdown.objects.get().state == "settled"
    assert Application.objects.get().state == "drawn"
    assert roll(loans, line.valid_to_on)["settled"] == 1
    assert Application.objects.get().state == "repaid"
