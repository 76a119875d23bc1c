"""Organisations, people, roles and messages."""

import pytest

from apps.accounts import services
from apps.accounts.models import Membership, Notice, Organization, User
from apps.accounts.selectors import actor_for, memberships_of
from apps.core.actor import EVERYWHERE, OrganizationKind, Role
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.models import AuditEvent

OTHERS = ("owner", "bank_approver", "authority", "department", "regulator", "auditor")


def organization(cast, now, kind=OrganizationKind.BANK, name="新设银行", **values) -> Organization:
    """A new organisation by the operator."""
    return services.create_organization(actor=cast.operator.actor, kind=kind, name=name, now=now, **values)


def test_create_organization_leaves_its_event(cast, now):
    made = organization(cast, now, code="91610305 ma6x7k2p-86")
    assert made.code == "91610305MA6X7K2P86"
    assert AuditEvent.objects.get(verb="accounts.create_organization").target_id == str(made.pk)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "91610305MA6X7K2P8"}, "code"),
        ({"name": "岐丰农村商业银行股份有限公司"}, "name"),
    ],
)
def test_create_organization_names_the_field_at_fault(cast, now, values, field):
    with pytest.raises(InvalidInput) as caught:
        organization(cast, now, **values)
    assert list(caught.value.fields) == [field]


def test_create_organization_makes_branches_of_head_offices_only(cast, now):
    head = cast.bank_officer.organization
    branch = organization(cast, now, name="东关支行", parent=head)
    for parent in (branch, cast.authority.organization):
        with pytest.raises(InvalidInput) as caught:
            organization(cast, now, name="西关支行", parent=parent)
        assert list(caught.value.fields) == ["parent"]


@pytest.mark.parametrize("name", OTHERS)
def test_only_the_operator_keeps_organisations_and_people(cast, now, name):
    actor, bank = cast[name].actor, cast.bank_officer.organization
    membership = Membership.objects.get(user=cast.bank_officer.user)
    attempts = [
        lambda: services.create_organization(actor=actor, kind=OrganizationKind.BANK, name="x", now=now),
        lambda: services.create_organization(actor=actor, kind=OrganizationKind.FIRM, name="x", now=now),
        lambda: services.deactivate_organization(actor=actor, organization=bank, reason="x", now=now),
        lambda: services.create_staff(
            actor=actor,
            organization=bank,
            username="xxx",
            display_name="x",
            role=Role.BANK_OFFICER,
            password=None,
            now=now,
        ),
        lambda: services.add_membership(
            actor=actor, user=cast.owner.user, organization=cast.stranger.organization, role=Role.FIRM_OWNER, now=now
        ),
        lambda: services.end_membership(actor=actor, membership=membership, now=now),
        lambda: services.create_api_client(actor=actor, organization=bank, name="x", role=Role.BANK_OFFICER, now=now),
    ]
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            attempt()


def test_create_staff_makes_account_and_role_together_or_not_at_all(cast, now):
    terms = {
        "actor": cast.operator.actor,
        "organization": cast.bank_officer.organization,
        "username": "new.clerk",
        "display_name": "新人",
        "password": "一个很长的口令-2026",
        "now": now,
    }
    with pytest.raises(InvalidInput):
        services.create_staff(role=Role.AUTHORITY, **terms)
    assert not User.objects.filter(username="new.clerk").exists()
    membership = services.create_staff(role=Role.BANK_OFFICER, **terms)
    assert membership.user.check_password("一个很长的口令-2026")
    with pytest.raises(InvalidInput) as caught:
        services.create_staff(role=Role.BANK_OFFICER, **terms)
    assert list(caught.value.fields) == ["username"]
    closed = services.create_staff(role=Role.BANK_OFFICER, **terms | {"username": "no.password", "password": None})
    assert not closed.user.has_usable_password()


def test_add_membership_keeps_officer_and_approver_apart(cast, now):
    with pytest.raises(InvalidInput) as caught:
        services.add_membership(
            actor=cast.operator.actor,
            user=cast.bank_officer.user,
            organization=cast.bank_officer.organization,
            role=Role.BANK_APPROVER,
            now=now,
        )
    assert "相互制约" in caught.value.fields["role"]


def test_add_membership_is_never_to_oneself(cast, now):
    with pytest.raises(NotPermitted, match="不能给自己授予角色"):
        services.add_membership(
            actor=cast.operator.actor,
            user=cast.operator.user,
            organization=cast.bank_officer.organization,
            role=Role.BANK_OFFICER,
            now=now,
        )


def test_end_membership_takes_effect_with_the_next_request(cast, client_for, now):
    client = client_for("bank_officer")
    assert client.get("/accounts/notices/").status_code == 200
    membership = Membership.objects.get(user=cast.bank_officer.user)
    services.end_membership(actor=cast.operator.actor, membership=membership, now=now)
    assert client.get("/accounts/notices/").status_code == 403
    with pytest.raises(StateConflict):
        services.end_membership(actor=cast.operator.actor, membership=membership, now=now)


def test_deactivate_organization_ends_what_its_people_may_do(cast, client_for, now):
    client = client_for("bank_officer")
    bank = cast.bank_officer.organization
    with pytest.raises(InvalidInput):
        services.deactivate_organization(actor=cast.operator.actor, organization=bank, reason=" ", now=now)
    services.deactivate_organization(actor=cast.operator.actor, organization=bank, reason="撤并", now=now)
    assert client.get("/accounts/notices/").status_code == 403
    assert not memberships_of(cast.bank_officer.user).exists()
    with pytest.raises(StateConflict):
        services.deactivate_organization(actor=cast.operator.actor, organization=bank, reason="撤并", now=now)


def test_actor_for_knows_region_branches_and_all_roles_held(cast, now, business_date):
    head = cast.bank_officer.organization
    branch = organization(cast, now, name="东关支行", parent=head)
    membership = Membership.objects.get(user=cast.bank_officer.user)
    assert actor_for(membership.user, membership, on=business_date).organization_ids == {head.pk, branch.pk}
    assert cast.operator.actor.region_codes == EVERYWHERE
    assert {"610305", "610322"} <= set(cast.authority.actor.region_codes)
    assert "610302" not in cast.authority.actor.region_codes
    assert cast.bank_officer.actor.region_codes == ()
    assert cast.bank_officer.actor.subject_id is None


def test_notify_tells_once(cast, now):
    first = services.notify(title="甲", dedupe_key="k", user=cast.owner.user, now=now)
    assert services.notify(title="乙", dedupe_key="k", user=cast.owner.user, now=now) == first
    services.notify(title="丙", dedupe_key="o", organization_id=cast.owner.organization.pk, now=now)
    assert Notice.objects.visible_to(cast.owner.actor).count() == 2
    assert Notice.objects.visible_to(cast.accountant.actor).get().title == "丙"
    assert not Notice.objects.visible_to(cast.stranger.actor).exists()
    assert services.read_notices(actor=cast.owner.actor, now=now) == 2
    assert services.read_notices(actor=cast.owner.actor, now=now) == 0


def test_create_api_client_shows_its_secret_once_and_stores_it_hashed(cast, now):
    client, secret = services.create_api_client(
        actor=cast.operator.actor,
        organization=cast.bank_officer.organization,
        name="核心系统",
        role=Role.BANK_OFFICER,
        now=now,
    )
    assert len(secret) >= 32
    assert client.application.client_secret != secret
    assert AuditEvent.objects.filter(verb="accounts.create_api_client").count() == 1
