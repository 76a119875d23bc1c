"""Giving and withdrawing consent, opening and closing reasons."""

from datetime import date, timedelta

import pytest

from apps.accounts.models import Notice
from apps.consents import services
from apps.consents.models import AccessReason, Consent
from apps.consents.rules import Purpose, Scope
from apps.core.actor import SYSTEM
from apps.core.digests import sha256_of
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.models import AuditEvent
from tests.consents.factories import give, reason


def test_give_consent_keeps_the_exact_text_and_its_digest(cast, now):
    consent = give(cast.owner, now=now, grantee=cast.bank_officer, items=["tax_payment"], use_max=3)
    assert consent.text_digest == sha256_of(consent.text.encode())
    assert "岐丰农村商业银行股份有限公司" in consent.text
    assert "申报缴纳" in consent.text
    assert (consent.valid_from_on, consent.valid_to_on) == (date(2026, 11, 15), date(2027, 11, 15))
    assert (consent.signer_name, consent.signer_role) == ("宏远负责人", "legal_representative")
    event = AuditEvent.objects.get(verb="consents.give")
    assert (event.subject_id, event.after["items"]) == (cast.owner.actor.subject_id, ["tax_payment"])


def test_give_consent_signs_the_same_text_once(cast, now):
    first = give(cast.owner, now=now)
    assert give(cast.owner, now=now + timedelta(minutes=1)) == first
    services.withdraw_consent(actor=cast.owner.actor, consent_id=first.pk, now=now)
    assert give(cast.owner, now=now + timedelta(minutes=2)) != first


def test_give_consent_refuses_a_text_that_the_signer_did_not_read(cast, now):
    read = services.draft_consent(actor=cast.owner.actor, grantee_id=None, purposes=[Purpose.REPORT], now=now)
    other = services.draft_consent(
        actor=cast.owner.actor, grantee_id=None, purposes=[Purpose.REPORT], now=now + timedelta(days=1)
    )
    with pytest.raises(StateConflict, match="重新阅读"):
        services.give_consent(actor=cast.owner.actor, draft=other, agreed_digest=read.document.digest, now=now)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purposes": []}, "purposes"),
        ({"purposes": ["curiosity"]}, "purposes"),
        ({"items": ["penalty"]}, "items"),
        ({"scopes": []}, "scopes"),
        ({"months": 0}, "months"),
        ({"months": 13}, "months"),
        ({"use_max": 0}, "use_max"),
        ({"grantee_id": 0}, "grantee"),
    ],
)
def test_draft_consent_names_the_field_at_fault(cast, now, change, field):
    terms = {"actor": cast.owner.actor, "grantee_id": None, "purposes": [Purpose.REPORT], "now": now}
    with pytest.raises(InvalidInput) as caught:
        services.draft_consent(**terms | change)
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize("name", ["accountant", "bank_officer", "operator", "authority"])
def test_only_the_owner_of_the_firm_gives_or_withdraws(cast, now, name):
    consent = give(cast.owner, now=now)
    with pytest.raises(NotPermitted):
        services.draft_consent(actor=cast[name].actor, grantee_id=None, purposes=[Purpose.REPORT], now=now)
    with pytest.raises(NotPermitted):
        services.withdraw_consent(actor=cast[name].actor, consent_id=consent.pk, now=now)
    draft = services.draft_consent(actor=cast.owner.actor, grantee_id=None, purposes=[Purpose.REPORT], now=now)
    for person in (cast[name], cast.stranger):
        with pytest.raises(NotPermitted):
            services.give_consent(actor=person.actor, draft=draft, agreed_digest=draft.document.digest, now=now)


def test_withdraw_consent_keeps_the_evidence_tells_the_bank_and_happens_once(cast, now):
    consent = give(cast.owner, now=now, grantee=cast.bank_officer)
    with pytest.raises(NotVisible):
        services.withdraw_consent(actor=cast.stranger.actor, consent_id=consent.pk, now=now)
    withdrawn = services.withdraw_consent(actor=cast.owner.actor, consent_id=consent.pk, now=now, reason=" 不再需要 ")
    assert (withdrawn.withdrawn_at, withdrawn.withdrawn_by_name) == (now, "宏远负责人")
    assert withdrawn.text == consent.text
    assert Notice.objects.get().organization == cast.bank_officer.organization
    assert AuditEvent.objects.get(verb="consents.withdraw").reason == "不再需要"
    with pytest.raises(StateConflict, match="已经撤回"):
        services.withdraw_consent(actor=cast.owner.actor, consent_id=consent.pk, now=now)


def test_open_access_reason_again_extends_and_never_shortens(cast, now):
    terms = {"now": now, "kind": "listing", "ref": "5"}
    first = reason(cast.bank_officer, cast.owner, until_on=date(2026, 12, 1), **terms)
    assert reason(cast.bank_officer, cast.owner, until_on=date(2026, 12, 31), **terms) == first
    assert AccessReason.objects.get().until_on == date(2026, 12, 31)
    reason(cast.bank_officer, cast.owner, until_on=date(2026, 11, 20), **terms)
    assert AccessReason.objects.get().until_on == date(2026, 12, 31)
    reason(cast.bank_officer, cast.owner, until_on=None, **terms)
    assert AccessReason.objects.get().until_on is None
    reason(cast.bank_officer, cast.owner, until_on=date(2026, 12, 31), **terms)
    assert AccessReason.objects.get().until_on is None
    assert AuditEvent.objects.filter(verb="consents.open_reason").count() == 3


def test_close_access_reason_may_run_twice_and_a_new_one_may_follow(cast, now):
    reason(cast.bank_officer, cast.owner, now=now)
    key = {
        "actor": SYSTEM,
        "subject_id": cast.owner.actor.subject_id,
        "organization_id": cast.bank_officer.organization.pk,
        "kind": "match",
        "ref": "1",
        "now": now,
    }
    assert services.close_access_reason(**key)
    assert not services.close_access_reason(**key)
    assert AuditEvent.objects.filter(verb="consents.close_reason").count() == 1
    assert reason(cast.bank_officer, cast.owner, now=now).closed_at is None
    with pytest.raises(ValueError, match="no reason of kind"):
        reason(cast.bank_officer, cast.owner, now=now, kind="curiosity")


def test_scopes_and_items_follow_the_order_of_their_tables(cast, now):
    consent = give(cast.owner, now=now, scopes=[Scope.PUSH, Scope.QUERY], items=["social_insurance", "tax_payment"])
    assert consent.scopes == ["query", "push"]
    assert "查询、推送" in consent.text
