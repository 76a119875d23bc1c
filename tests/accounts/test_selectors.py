from apps.accounts.selectors import actor_for, memberships_of
from apps.core.actor import Role
from tests.support.cast import PASSWORD, PEOPLE


def test_actor_for_carries_scope_and_roles(cast):
    authority = cast.authority.actor
    assert authority.roles == {Role.AUTHORITY}
    assert authority.sees_region("610305")
    assert authority.sees_region("610322"), "an abolished county belongs to its successor's scope"
    assert not authority.sees_region("610302")
    assert cast.owner.actor.subject_id == cast.owner.organization.subject_id


def test_the_cast_are_who_the_platform_takes_them_for(cast, business_date):
    for name, *_ in PEOPLE:
        person = cast[name]
        membership = memberships_of(person.user).get()
        assert actor_for(person.user, membership, on=business_date) == person.actor
        assert person.user.check_password(PASSWORD)
