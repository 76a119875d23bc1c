from apps.core.actor import Role


def test_actor_for_carries_scope_and_roles(cast):
    authority = cast.authority.actor
    assert authority.roles == {Role.AUTHORITY}
    assert authority.sees_region("610305")
    assert authority.sees_region("610322"), "an abolished county belongs to its successor's scope"
    assert not authority.sees_region("610302")
    assert cast.owner.actor.subject_id == cast.owner.organization.subject_id
