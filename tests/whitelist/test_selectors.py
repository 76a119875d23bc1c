"""Who sees which list, run and push, and what waits for whom."""

import pytest
from django.db import transaction

from apps.consents import gate
from apps.consents.models import Consent
from apps.consents.rules import Purpose
from apps.core.errors import NotPermitted
from apps.core.permit import Permit
from apps.whitelist import selectors, services
from apps.whitelist.models import Listing, Programme, Push, ScreeningRun
from tests.consents.factories import give
from tests.whitelist.factories import Lists

PEOPLE = (
    "owner",
    "accountant",
    "stranger",
    "bank_officer",
    "bank_approver",
    "other_bank_officer",
    "authority",
    "second_authority",
    "department",
    "regulator",
    "operator",
    "auditor",
)
SUPERVISORS = {"authority", "second_authority", "regulator"}


@pytest.mark.parametrize(
    ("model", "readers"),
    [
        (Programme, SUPERVISORS),
        (ScreeningRun, SUPERVISORS),
        (Listing, SUPERVISORS | {"owner", "accountant", "bank_officer", "bank_approver"}),
        (Push, SUPERVISORS | {"owner", "accountant", "bank_officer", "bank_approver"}),
    ],
)
def test_rows_are_seen_by_those_they_concern(lists: Lists, cast, model, readers):
    lists.push()
    assert {name for name in PEOPLE if model.objects.visible_to(cast[name].actor).exists()} == readers


def test_an_authority_elsewhere_sees_nothing(lists: Lists, cast):
    lists.push()
    elsewhere = cast.authority.actor.__class__(
        **{name: getattr(cast.authority.actor, name) for name in cast.authority.actor.__slots__}
        | {"region_codes": ("610302",)}
    )
    for model in (Programme, ScreeningRun, Listing, Push):
        assert not model.objects.visible_to(elsewhere).exists()


def test_the_score_among_the_reasons_takes_consent_to_everything_it_is_made_of(lists: Lists, cast, now):
    push = lists.push()
    Consent.objects.filter(withdrawn_at=None).update(withdrawn_at=now, withdrawn_by_name="宏远负责人")
    give(cast.owner, now=now, items=["tax_grade"])
    with transaction.atomic(), pytest.raises(gate.AccessRefused, match="授权不含信息项"):
        gate.open(
            actor=cast.bank_officer.actor,
            subject_id=push.listing.subject_id,
            purpose=Purpose.WHITELIST,
            items=selectors.items_of(push.listing.run),
            now=now,
        )


def test_a_permit_without_the_items_of_the_rule_shows_no_reason(lists: Lists, cast, now):
    push = lists.push()
    with transaction.atomic():
        permit = gate.open(
            actor=cast.bank_officer.actor,
            subject_id=push.listing.subject_id,
            purpose=Purpose.WHITELIST,
            items=[],
            now=now,
        )
    assert permit.access_record_id is None
    with pytest.raises(NotPermitted):
        selectors.findings_of(push.listing, permit=permit)


def titles(actor, now) -> list[str]:
    """The work list in words."""
    return [item.title for item in selectors.work_items(actor, now)]


def test_work_items_wait_for_the_second_person_then_for_publication(lists: Lists, cast, now):
    run = lists.run()
    assert titles(cast.authority.actor, now) == []
    assert titles(cast.second_authority.actor, now) == ["白名单筛选待复核"]
    services.approve_screening(actor=cast.second_authority.actor, run=run, now=now)
    assert titles(cast.authority.actor, now) == ["白名单筛选待发布"]


def test_work_items_of_a_bank_are_its_open_pushes(lists: Lists, cast, now):
    push = lists.push()
    (item,) = selectors.work_items(cast.bank_officer.actor, now)
    assert (item.title, item.count, item.due_on) == ("推荐企业待联系", 1, push.contact_by_on)
    push = lists.answer(push, "contact", "accept")
    (item,) = selectors.work_items(cast.bank_officer.actor, now)
    assert (item.title, item.due_on) == ("推荐企业待授信决定", push.decide_by_on)
    lists.answer(push, "decline", reason_code="price")
    assert titles(cast.bank_officer.actor, now) == []
    assert titles(cast.other_bank_officer.actor, now) == []


def test_findings_need_a_permit_for_that_firm(lists: Lists, cast, now):
    listing = lists.listing()
    foreign = Permit(cast.stranger.actor.subject_id, "whitelist", frozenset(), None, None, now, own=True)
    with pytest.raises(NotPermitted):
        selectors.findings_of(listing, permit=foreign)
    with pytest.raises(NotPermitted):
        selectors.judgements_of(listing.subject_id, permit=foreign)


def test_findings_say_what_was_found_when_the_firm_came_on(lists: Lists, now):
    listing = lists.listing()
    own = Permit(listing.subject_id, "whitelist", frozenset(), None, None, now, own=True)
    found = {row["slug"]: row["observed"] for row in selectors.findings_of(listing, permit=own)}
    assert (found["score_min"], found["coverage_min"], found["tax_grade_in"]) == ("800分", "80%", "A")
