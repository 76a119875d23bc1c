"""The few people that the bench needs: a bank officer, and firms that have given consent."""

from datetime import date, datetime

import polars as pl

from apps.accounts import services as accounts_services
from apps.accounts.models import Membership
from apps.accounts.selectors import actor_for
from apps.consents import services as consents_services
from apps.consents.rules import Purpose, ReasonKind
from apps.core.actor import SYSTEM, Actor, OrganizationKind, Role


def bank_officer(now: datetime) -> Membership:
    """An officer of a bank, with an account that cannot log in by password; and the platform that issues reports."""
    accounts_services.create_organization(
        actor=SYSTEM, kind=OrganizationKind.PLATFORM.value, name="信桥量测平台", now=now
    )
    bank = accounts_services.create_organization(
        actor=SYSTEM, kind=OrganizationKind.BANK.value, name="信桥量测银行股份有限公司", now=now
    )
    return accounts_services.create_staff(
        actor=SYSTEM,
        organization=bank,
        username="bench-officer",
        display_name="量测客户经理",
        role=Role.BANK_OFFICER.value,
        password=None,
        now=now,
    )


def owner_of(subject_id: int) -> Actor:
    """The owner of a firm."""
    return Actor(
        user_id=None,
        name="量测",
        organization_id=None,
        organization_name="量测企业",
        organization_kind=OrganizationKind.FIRM,
        subject_id=subject_id,
        roles=frozenset({Role.FIRM_OWNER}),
    )


def open_to(officer: Membership, numbered: pl.DataFrame, now: datetime) -> None:
    """Each firm consents to everything for all banks, and the officer's bank has a reason to look."""
    for subject_id in numbered["id"]:
        owner = owner_of(subject_id)
        draft = consents_services.draft_consent(actor=owner, grantee_id=None, purposes=list(Purpose), now=now)
        consents_services.give_consent(actor=owner, draft=draft, agreed_digest=draft.document.digest, now=now)
        consents_services.open_access_reason(
            actor=SYSTEM,
            subject_id=subject_id,
            organization_id=officer.organization_id,
            kind=ReasonKind.MATCH,
            ref=f"bench-{subject_id}",
            until_on=None,
            now=now,
        )


def actor_of(officer: Membership, on: date) -> Actor:
    """The officer as services see them."""
    return actor_for(officer.user, officer, on=on)
