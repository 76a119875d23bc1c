"""Reads of people and organisations; here the Actor is built."""

from datetime import date, datetime

from django.db.models import QuerySet

from apps.accounts.models import ApiClient, Membership, Notice, Organization, User
from apps.core.actor import EVERYWHERE, Actor, OrganizationKind, Role
from apps.core.errors import NotVisible
from apps.core.work import WorkItem
from apps.reference.selectors import codes_within

_SCOPED_KINDS = {OrganizationKind.AUTHORITY, OrganizationKind.DEPARTMENT, OrganizationKind.REGULATOR}


def memberships_of(user: User) -> QuerySet[Membership]:
    """The live roles of a person, oldest first."""
    live = Membership.objects.filter(user=user, is_active=True, organization__is_active=True)
    return live.select_related("organization").order_by("id")


def actor_for(user: User, membership: Membership, *, on: date, request_id: str = "") -> Actor:
    """The Actor of a person in one organisation, with all roles held there."""
    organization = membership.organization
    roles = memberships_of(user).filter(organization=organization).values_list("role", flat=True)
    return Actor(
        user_id=user.pk,
        name=str(user),
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=organization.kind,
        subject_id=organization.subject_id if organization.kind == OrganizationKind.FIRM else None,
        roles=frozenset(roles),
        region_codes=_scope_of(organization, on),
        organization_ids=_organizations_of(organization),
        request_id=request_id,
    )


def actor_for_client(client: ApiClient, *, on: date, request_id: str = "") -> Actor:
    """The Actor of an organisation's system."""
    organization = client.organization
    return Actor(
        user_id=None,
        name=f"接口:{client.application.name}",
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=organization.kind,
        subject_id=organization.subject_id if organization.kind == OrganizationKind.FIRM else None,
        roles=frozenset({client.role}),
        region_codes=_scope_of(organization, on),
        organization_ids=_organizations_of(organization),
        request_id=request_id,
    )


def _scope_of(organization: Organization, on: date) -> tuple[str, ...]:
    if organization.kind == OrganizationKind.PLATFORM:
        return EVERYWHERE
    if organization.kind in _SCOPED_KINDS and organization.region_code:
        return tuple(sorted(codes_within(organization.region_code, on)))
    return ()


def _organizations_of(organization: Organization) -> frozenset[int]:
    if organization.kind != OrganizationKind.BANK:
        return frozenset({organization.pk})
    branches = Organization.objects.filter(parent=organization).values_list("pk", flat=True)
    return frozenset({organization.pk, *branches})


def organizations_visible_to(actor: Actor) -> QuerySet[Organization]:
    """Organisations by kind and name."""
    return Organization.objects.visible_to(actor).select_related("parent").order_by("kind", "name", "id")


def organization_visible_to(actor: Actor, organization_id: int) -> Organization:
    """One organisation. Raises NotVisible."""
    found = Organization.objects.visible_to(actor).filter(pk=organization_id).first()
    if found is None:
        raise NotVisible
    return found


def staff_of(actor: Actor, organization: Organization) -> QuerySet[Membership]:
    """Members of an organisation, for the administrator and for the organisation itself."""
    if not actor.has(Role.OPERATOR, Role.AUDITOR) and organization.pk not in actor.organization_ids:
        raise NotVisible
    return Membership.objects.filter(organization=organization).select_related("user").order_by("-is_active", "id")


def bank_of(organization_id: int) -> Organization:
    """The head office that a bank organisation belongs to (itself when it is one)."""
    organization = Organization.objects.select_related("parent").get(pk=organization_id)
    return organization.parent or organization


def notices_visible_to(actor: Actor) -> QuerySet[Notice]:
    """Notices, newest first."""
    return Notice.objects.visible_to(actor).order_by("-id")


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """Unread notices."""
    unread = notices_visible_to(actor).filter(read_at=None).count()
    if not unread:
        return []
    return [WorkItem(f"{unread} 条未读通知", "查看通知", "accounts:notices", count=unread, kind="notice")]
