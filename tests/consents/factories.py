"""Consents and reasons as tests need them."""

from datetime import date, datetime
from typing import Any

from apps.consents import services
from apps.consents.models import AccessReason, Consent
from apps.consents.rules import Purpose
from tests.support.cast import Person


def give(owner: Person, *, now: datetime, grantee: Person | None = None, **terms: Any) -> Consent:
    """A consent of the owner's firm for every purpose, to one organisation or to all."""
    draft = services.draft_consent(
        actor=owner.actor,
        grantee_id=grantee.organization.pk if grantee else None,
        purposes=terms.pop("purposes", list(Purpose)),
        now=now,
        **terms,
    )
    return services.give_consent(actor=owner.actor, draft=draft, agreed_digest=draft.document.digest, now=now)


def reason(
    bank: Person, firm: Person, *, now: datetime, kind: str = "match", ref: str = "1", until_on: date | None = None
) -> AccessReason:
    """A reason of the bank to look at the firm."""
    return services.open_access_reason(
        actor=bank.actor,
        subject_id=firm.actor.subject_id,  # type: ignore[arg-type]
        organization_id=bank.organization.pk,
        kind=kind,
        ref=ref,
        until_on=until_on,
        now=now,
    )
