"""A small cast, not a thousand fixtures: one person for every role, a colleague and a stranger.

Firms are invented. Everybody's password is `PASSWORD`.
"""

import functools
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.hashers import make_password

from apps.accounts.models import Membership, Organization, User
from apps.core.actor import EVERYWHERE, Actor, OrganizationKind, Role
from apps.reference.selectors import codes_within
from apps.subjects.models import Subject

PASSWORD = "a-long-test-password"
REGION = "610305"


FIRM = OrganizationKind.FIRM
# After the two firms: kind, name, region.
ELSEWHERE = (
    (OrganizationKind.BANK, "岐丰农村商业银行股份有限公司", ""),
    (OrganizationKind.BANK, "西府普惠银行股份有限公司", ""),
    (OrganizationKind.AUTHORITY, "凤翔区发展和改革局", REGION),
    (OrganizationKind.DEPARTMENT, "凤翔区人力资源和社会保障局", REGION),
    (OrganizationKind.REGULATOR, "国家金融监督管理总局凤翔监管支局", REGION),
    (OrganizationKind.PLATFORM, "凤翔区信用平台办公室", ""),
)
# User name, name, place of the organisation, role.
PEOPLE = (
    ("owner", "宏远负责人", 0, Role.FIRM_OWNER),
    ("accountant", "宏远会计", 0, Role.FIRM_ACCOUNTANT),
    ("stranger", "另一家负责人", 1, Role.FIRM_OWNER),
    ("bank_officer", "客户经理", 2, Role.BANK_OFFICER),
    ("bank_approver", "审批人", 2, Role.BANK_APPROVER),
    ("other_bank_officer", "他行客户经理", 3, Role.BANK_OFFICER),
    ("authority", "主管科员", 4, Role.AUTHORITY),
    ("second_authority", "主管科长", 4, Role.AUTHORITY),
    ("department", "报送员", 5, Role.DEPARTMENT),
    ("regulator", "监管员", 6, Role.REGULATOR),
    ("operator", "平台管理员", 7, Role.OPERATOR),
    ("auditor", "审计管理员", 7, Role.AUDITOR),
)


@dataclass(frozen=True)
class Person:
    """A member of the cast: the account, the organisation, and the Actor they are."""

    user: User
    organization: Organization
    actor: Actor


class Cast:
    """宏远制造 with its owner and accountant, another firm's owner (stranger), and one person for each other role."""

    owner: Person
    accountant: Person
    stranger: Person
    bank_officer: Person
    bank_approver: Person
    other_bank_officer: Person
    authority: Person
    second_authority: Person
    department: Person
    regulator: Person
    operator: Person
    auditor: Person

    def __init__(self, now: datetime, today: date) -> None:
        """Everybody in four statements: thousands of tests begin with this."""
        subjects = Subject.objects.bulk_create(
            [
                _subject("91610305YYH3A7Q20D", "凤翔区宏远机械制造有限公司", now),
                _subject("91610305YYK5B8R31E", "凤翔区另一家商贸有限公司", now),
            ]
        )
        firms = [
            Organization(kind=FIRM.value, name=each.name, code=each.code, subject=each, created_at=now)
            for each in subjects
        ]
        others = [
            Organization(kind=kind.value, name=name, region_code=region, created_at=now)
            for kind, name, region in ELSEWHERE
        ]
        organizations = Organization.objects.bulk_create(firms + others)
        password = make_password(PASSWORD)
        users = User.objects.bulk_create(
            [User(username=name, password=password, display_name=shown) for name, shown, _, _ in PEOPLE]
        )
        members = [
            Membership(user=user, organization=organizations[place], role=role.value, created_at=now)
            for user, (_, _, place, role) in zip(users, PEOPLE, strict=True)
        ]
        for (name, *_), member in zip(PEOPLE, Membership.objects.bulk_create(members), strict=True):
            setattr(self, name, Person(member.user, member.organization, _actor(member, today)))

    def __getitem__(self, name: str) -> Person:
        person: Person = getattr(self, name)
        return person


def _subject(code: str, name: str, now: datetime) -> Subject:
    return Subject(
        code=code,
        name=name,
        name_key=name,
        kind="enterprise",
        status="active",
        region_code=REGION,
        industry_code="C3311",
        legal_form="有限责任公司(自然人投资或控股)",
        legal_representative="宏远负责人",
        established_on=date(2019, 5, 20),
        first_seen_at=now,
        updated_at=now,
    )


def _actor(member: Membership, today: date) -> Actor:
    """What `actor_for` makes of the member (tests/accounts/test_selectors.py holds the two together)."""
    organization = member.organization
    region_codes = tuple(sorted(_codes_within(organization.region_code, today))) if organization.region_code else ()
    return Actor(
        user_id=member.user_id,
        name=str(member.user),
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=organization.kind,
        subject_id=organization.subject_id,
        roles=frozenset({member.role}),
        region_codes=EVERYWHERE if organization.kind == OrganizationKind.PLATFORM else region_codes,
        organization_ids=frozenset({organization.pk}),
    )


@functools.cache
def _codes_within(code: str, today: date) -> frozenset[str]:
    return frozenset(codes_within(code, today))
