"""Which roles a kind of organisation may hold, and which never meet in one person."""

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from apps.accounts.rules import NEVER_TOGETHER, ROLES_OF_KIND, refusal_of_membership
from apps.core.actor import OrganizationKind, Role


@pytest.mark.parametrize("kind", list(OrganizationKind))
@pytest.mark.parametrize("role", list(Role))
def test_refusal_of_membership_follows_the_table(kind, role):
    assert (refusal_of_membership(kind, role, []) is None) == (role in ROLES_OF_KIND[kind])


def test_nobody_is_the_system():
    assert all(Role.SYSTEM not in roles for roles in ROLES_OF_KIND.values())


@pytest.mark.parametrize("pair", NEVER_TOGETHER, ids=lambda pair: "+".join(sorted(pair)))
def test_refusal_of_membership_keeps_separated_roles_apart(pair):
    first, second = sorted(pair)
    kind = next(kind for kind, roles in ROLES_OF_KIND.items() if pair <= roles)
    assert "相互制约" in refusal_of_membership(kind, second, [first])
    assert refusal_of_membership(kind, first, [first]) is None


@pytest.mark.parametrize("kind", list(OrganizationKind))
@pytest.mark.parametrize("role", sorted({role for roles in ROLES_OF_KIND.values() for role in roles}))
def test_one_account_serves_one_kind_of_organisation(kind, role):
    """So that nobody applies for a firm and approves for its bank, or administers and decides."""
    for wanted in ROLES_OF_KIND[kind]:
        if role not in ROLES_OF_KIND[kind]:
            assert "同一类单位" in refusal_of_membership(kind, wanted, [role])


def test_a_short_password_is_refused_in_chinese():
    with pytest.raises(ValidationError, match="密码太短，至少要有 10 个字符。"):
        validate_password("a1b2c3")
    assert "密码至少要有 10 个字符。" in password_validators_help_texts()
