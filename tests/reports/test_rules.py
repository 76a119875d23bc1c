"""Numbers, validity, and what the public check says. No database."""

from datetime import UTC, date, datetime

import pytest

from apps.core.actor import Role
from apps.core.errors import NotPermitted, StateConflict
from apps.reports.rules import NUMBER_LENGTH, report_number, standing, valid_until
from apps.reports.workflow import REPORT


def test_report_number_is_dated_in_shanghai_and_22_long() -> None:
    number = report_number(datetime(2026, 11, 14, 16, 0, 5, tzinfo=UTC), "K7M2PD")
    assert number == "XQ20261115000005K7M2PD"
    assert len(number) == NUMBER_LENGTH


@pytest.mark.parametrize("random_part", ["K7M2P", "K7M2PDX", "K7M2P0", "k7m2pd"])
def test_report_number_refuses_another_alphabet_or_length(random_part: str) -> None:
    with pytest.raises(ValueError, match="random part"):
        report_number(datetime(2026, 11, 15, tzinfo=UTC), random_part)


def test_valid_until_counts_the_day_of_issue() -> None:
    assert valid_until(date(2026, 11, 15), 30) == date(2026, 12, 14)
    assert valid_until(date(2026, 11, 15), 1) == date(2026, 11, 15)
    with pytest.raises(ValueError, match="days"):
        valid_until(date(2026, 11, 15), 0)


@pytest.mark.parametrize(
    ("is_revoked", "on", "code", "holds"),
    [
        (False, date(2026, 12, 14), "valid", True),
        (False, date(2026, 12, 15), "expired", False),
        (True, date(2026, 11, 15), "revoked", False),
        (True, date(2027, 1, 1), "revoked", False),
    ],
)
def test_standing(is_revoked: bool, on: date, code: str, holds: bool) -> None:
    found = standing(is_revoked=is_revoked, valid_until_on=date(2026, 12, 14), on=on)
    assert (found.code, found.holds) == (code, holds)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("state", [state.value for state in REPORT.states])
@pytest.mark.parametrize("verb", ["start", "finish", "fail", "revoke"])
def test_workflow_lets_each_role_do_only_its_part(role: Role, state: str, verb: str) -> None:
    asks = role in ("firm_owner", "firm_accountant", "bank_officer", "bank_approver", "system")
    may = role == "operator" if verb == "revoke" else asks
    fits = {
        "start": {"requested", "rendering"},
        "finish": {"rendering"},
        "fail": {"requested", "rendering"},
        "revoke": {"ready"},
    }[verb]
    if not may:
        with pytest.raises(NotPermitted):
            REPORT.check(state, verb, {role})
    elif state not in fits:
        with pytest.raises(StateConflict):
            REPORT.check(state, verb, {role})
    else:
        assert REPORT.check(state, verb, {role}).target
