"""Every state × verb × role of a registration."""

import pytest

from apps.core.actor import Role
from apps.core.errors import NotPermitted, StateConflict
from apps.enterprises.workflow import REGISTRATION

ALLOWED = {
    ("draft", "revise", Role.FIRM_OWNER): "draft",
    ("returned", "revise_returned", Role.FIRM_OWNER): "returned",
    ("draft", "submit", Role.FIRM_OWNER): "submitted",
    ("returned", "submit", Role.FIRM_OWNER): "submitted",
    ("submitted", "verify", Role.OPERATOR): "verified",
    ("submitted", "return", Role.OPERATOR): "returned",
}


@pytest.mark.parametrize("state", [state for state, _ in REGISTRATION.choices()])
@pytest.mark.parametrize("verb", ["revise", "revise_returned", "submit", "verify", "return"])
@pytest.mark.parametrize("role", list(Role))
def test_check_allows_exactly_the_table(state, verb, role):
    target = ALLOWED.get((state, verb, role))
    if target is None:
        with pytest.raises((NotPermitted, StateConflict)):
            REGISTRATION.check(state, verb, {role})
    else:
        assert REGISTRATION.check(state, verb, {role}).target == target
