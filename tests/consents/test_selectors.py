"""Who sees which consents and records, and what a batch may use."""

from datetime import timedelta

import pytest
from django.db import transaction

from apps.consents import gate, selectors, services
from apps.consents.rules import Purpose
from apps.core.errors import NotVisible
from apps.enterprises.services import applicant_actor
from tests.consents.factories import give, reason


def test_consents_visible_to_each_kind_of_reader(cast, now):
    general = give(cast.owner, now=now)
    named = give(cast.owner, now=now, grantee=cast.bank_officer)
    foreign = give(cast.stranger, now=now, grantee=cast.other_bank_officer)
    seen = {
        name: set(selectors.consents_visible_to(cast[name].actor))
        for name in ("owner", "accountant", "stranger", "bank_officer", "other_bank_officer", "operator", "regulator")
    }
    assert seen["owner"] == seen["accountant"] == {general, named}
    assert seen["stranger"] == {foreign}
    assert seen["bank_officer"] == {general, named}
    assert seen["other_bank_officer"] == {general, foreign}
    assert seen["operator"] == seen["regulator"] == set()
    with pytest.raises(NotVisible):
        selectors.consent_visible_to(cast.stranger.actor, named.pk)


def test_somebody_without_a_firm_sees_nothing(cast, now):
    give(cast.owner, now=now)
    nobody = applicant_actor(cast.owner.user)
    assert not selectors.consents_visible_to(nobody).exists()
    assert not selectors.access_records_visible_to(nobody).exists()


def test_consented_subject_ids_for_batch_takes_live_consents_of_the_purpose_only(cast, now, business_date):
    general = give(cast.owner, now=now, purposes=[Purpose.WHITELIST])
    give(cast.stranger, now=now, grantee=cast.bank_officer, purposes=[Purpose.MATCHING])
    bank, other = cast.bank_officer.organization.pk, cast.other_bank_officer.organization.pk
    firm, stranger = cast.owner.actor.subject_id, cast.stranger.actor.subject_id
    batch = selectors.consented_subject_ids_for_batch
    assert batch(None, Purpose.WHITELIST, business_date) == {firm}
    assert batch(bank, Purpose.WHITELIST, business_date) == {firm}
    assert batch(bank, Purpose.MATCHING, business_date) == {stranger}
    assert batch(other, Purpose.MATCHING, business_date) == set()
    assert batch(None, Purpose.WHITELIST, general.valid_to_on) == set()
    assert batch(None, Purpose.WHITELIST, business_date - timedelta(days=1)) == set()
    assert selectors.has_consent(firm, bank, Purpose.WHITELIST, business_date)
    assert not selectors.has_consent(stranger, None, Purpose.MATCHING, business_date)
    services.withdraw_consent(actor=cast.owner.actor, consent_id=general.pk, now=now)
    assert batch(None, Purpose.WHITELIST, business_date) == set()


def test_work_items_ask_the_owner_for_a_consent_and_warn_before_the_last_one_ends(cast, now):
    assert [item.title for item in selectors.work_items(cast.owner.actor, now)] == ["授权银行查询本企业信息"]
    assert selectors.work_items(cast.accountant.actor, now) == []
    consent = give(cast.owner, now=now, months=2)
    assert selectors.work_items(cast.owner.actor, now) == []
    (item,) = selectors.work_items(cast.owner.actor, now + timedelta(days=31))
    assert (item.title, item.due_on) == ("续签授权", consent.valid_to_on)


def test_subject_ids_open_to_lists_what_the_gate_would_open(cast, now, business_date):
    firm, stranger = cast.owner.actor.subject_id, cast.stranger.actor.subject_id
    items = ["tax_payment"]

    def listed(name: str, purpose: str) -> set[int]:
        found = selectors.subject_ids_open_to(cast[name].actor, purpose=purpose, items=items, on=business_date)
        return set(found)

    def opened(name: str, purpose: str) -> set[int]:
        found = set()
        for subject_id in (firm, stranger):
            try:
                with transaction.atomic():
                    gate.open(actor=cast[name].actor, subject_id=subject_id, purpose=purpose, items=items, now=now)
                    found.add(subject_id)
                    transaction.set_rollback(True)
            except gate.AccessRefused:
                continue
        return found

    give(cast.owner, now=now, grantee=cast.bank_officer)
    give(cast.stranger, now=now, items=["power"])
    give(cast.stranger, now=now, items=items, purposes=[Purpose.WHITELIST])
    reason(cast.bank_officer, cast.owner, now=now)
    reason(cast.bank_officer, cast.stranger, now=now)
    reason(cast.other_bank_officer, cast.owner, now=now)
    for name in ("bank_officer", "other_bank_officer", "authority", "regulator", "operator", "department"):
        for purpose in Purpose:
            assert listed(name, purpose) == opened(name, purpose), (name, purpose)
    assert listed("bank_officer", Purpose.PRE_LOAN_REVIEW) == {firm}
    assert listed("authority", Purpose.WHITELIST) == {stranger}
