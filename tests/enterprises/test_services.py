"""A firm registers, is verified or sent back, and declares facts."""

from decimal import Decimal

import pytest

from apps.accounts.models import Membership, Notice, Organization, User
from apps.accounts.selectors import memberships_of
from apps.core.actor import Role
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.models import AuditEvent
from apps.core.permit import Permit
from apps.enterprises import selectors, services
from apps.enterprises.models import Declaration, Registration
from tests.enterprises.factories import APPLICANT, SECOND_CODE, registration, subject


def test_register_enterprise_opens_an_account_that_has_no_firm_yet(db, now):
    subject(now)
    made = registration(now)
    assert (made.state, made.submitted_at) == ("submitted", now)
    assert not memberships_of(made.applicant).exists()
    assert not Organization.objects.filter(subject__code=APPLICANT.code).exists()
    verbs = AuditEvent.objects.filter(stream="enterprises").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["enterprises.register", "enterprises.submit"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "凤翔区新禾有限公司"}, "name"),
        ({"legal_representative": "钱新禾"}, "legal_representative"),
        ({"code": SECOND_CODE}, "code"),
        ({"code": "91610305MA6X7K2P8"}, "code"),
    ],
)
def test_register_enterprise_names_what_differs_and_creates_nothing(db, now, changes, field):
    subject(now)
    with pytest.raises(InvalidInput) as caught:
        registration(now, **changes)
    assert list(caught.value.fields) == [field]
    assert not User.objects.exists()
    assert not Registration.objects.exists()


def test_register_enterprise_keeps_a_draft_until_the_register_knows_the_firm(db, now):
    draft = registration(now, submit=False)
    actor = services.applicant_actor(draft.applicant)
    with pytest.raises(InvalidInput, match="登记注册信息中没有"):
        services.submit_registration(actor=actor, registration_id=draft.pk, now=now)
    assert Registration.objects.get().state == "draft"
    subject(now)
    assert services.submit_registration(actor=actor, registration_id=draft.pk, now=now).state == "submitted"


def test_register_enterprise_refuses_a_name_that_is_taken(db, now):
    subject(now)
    registration(now)
    with pytest.raises(InvalidInput) as caught:
        registration(now)
    assert list(caught.value.fields) == ["username"]
    assert Registration.objects.count() == 1


def test_verify_registration_makes_the_firm_and_its_owner(cast, now):
    firm = subject(now)
    made = registration(now)
    membership = services.verify_registration(actor=cast.operator.actor, registration_id=made.pk, now=now)
    made.refresh_from_db()
    assert (made.state, made.organization, made.decided_by_name) == ("verified", membership.organization, "平台管理员")
    assert (membership.user, membership.role) == (made.applicant, Role.FIRM_OWNER)
    assert (membership.organization.subject, membership.organization.kind) == (firm, "firm")
    assert Notice.objects.get(user=made.applicant).title == "企业注册已通过核验"
    with pytest.raises(StateConflict):
        services.verify_registration(actor=cast.operator.actor, registration_id=made.pk, now=now)


def test_verify_registration_checks_once_more(cast, now):
    subject(now)
    made = registration(now)
    subject(now, legal_representative="孙新禾")
    with pytest.raises(InvalidInput, match="法定代表人"):
        services.verify_registration(actor=cast.operator.actor, registration_id=made.pk, now=now)
    assert not Membership.objects.filter(user=made.applicant).exists()


def test_a_firm_gets_one_owner_by_registration_however_many_apply(cast, now):
    subject(now)
    first, second = registration(now), registration(now, "squatter")
    services.verify_registration(actor=cast.operator.actor, registration_id=first.pk, now=now)
    with pytest.raises(InvalidInput, match="已在平台注册"):
        services.verify_registration(actor=cast.operator.actor, registration_id=second.pk, now=now)
    with pytest.raises(InvalidInput, match="已在平台注册"):
        registration(now, "third")


def test_two_firms_may_bear_one_name(cast, now):
    for username, code in (("one", APPLICANT.code), ("two", SECOND_CODE)):
        subject(now, code=code, name="老赵小吃店")
        made = registration(now, username, code=code, name="老赵小吃店")
        services.verify_registration(actor=cast.operator.actor, registration_id=made.pk, now=now)
    assert Organization.objects.filter(kind="firm", name="老赵小吃店").count() == 2


def test_return_registration_tells_why_and_the_applicant_corrects_it(cast, now):
    subject(now)
    made = registration(now, contact_mobile="13800009999")
    with pytest.raises(InvalidInput):
        services.return_registration(actor=cast.operator.actor, registration_id=made.pk, reason=" ", now=now)
    services.return_registration(actor=cast.operator.actor, registration_id=made.pk, reason="电话打不通。", now=now)
    made.refresh_from_db()
    assert (made.state, made.return_reason) == ("returned", "电话打不通。")
    actor = services.applicant_actor(made.applicant)
    services.revise_registration(actor=actor, registration_id=made.pk, applicant=APPLICANT, now=now)
    again = services.submit_registration(actor=actor, registration_id=made.pk, now=now)
    assert (again.state, again.return_reason, again.contact_mobile) == ("submitted", "", "13800001234")
    with pytest.raises(StateConflict):
        services.revise_registration(actor=actor, registration_id=made.pk, applicant=APPLICANT, now=now)


@pytest.mark.parametrize("name", ["owner", "bank_officer", "department", "authority"])
def test_only_the_operator_decides_and_others_do_not_even_see(cast, now, name):
    subject(now)
    made = registration(now)
    with pytest.raises(NotVisible):
        services.verify_registration(actor=cast[name].actor, registration_id=made.pk, now=now)
    with pytest.raises(NotVisible):
        services.return_registration(actor=cast[name].actor, registration_id=made.pk, reason="x", now=now)
    with pytest.raises(NotVisible):
        services.submit_registration(actor=cast[name].actor, registration_id=made.pk, now=now)


def test_auditor_sees_a_registration_but_does_not_decide(cast, now):
    subject(now)
    made = registration(now)
    with pytest.raises(NotPermitted):
        services.verify_registration(actor=cast.auditor.actor, registration_id=made.pk, now=now)


FACTS = {"year": 2025, "contact_name": "会计", "contact_mobile": "13800001234"}


def test_declare_facts_keeps_every_declaration_and_shows_the_newest(cast, now):
    services.declare_facts(actor=cast.owner.actor, now=now, headcount=20, **FACTS)
    newer = services.declare_facts(
        actor=cast.accountant.actor, now=now, headcount=22, revenue_yuan=Decimal("1200000.50"), **FACTS
    )
    assert selectors.declarations_visible_to(cast.owner.actor).count() == 2
    assert not selectors.declarations_visible_to(cast.stranger.actor).exists()
    assert not selectors.declarations_visible_to(cast.bank_officer.actor).exists()
    assert AuditEvent.objects.filter(verb="enterprises.declare").latest("id").after["revenue_yuan"] == "1200000.50"
    assert Declaration.objects.order_by("-pk").first() == newer


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"headcount": 1, "year": 2027}, "year"),
        ({"headcount": 1, "year": 1999}, "year"),
        ({}, "headcount"),
        ({"headcount": -1}, "headcount"),
        ({"revenue_yuan": Decimal("-0.01")}, "revenue_yuan"),
        ({"assets_yuan": Decimal("-1")}, "assets_yuan"),
    ],
)
def test_declare_facts_names_the_field_at_fault(cast, now, changes, field):
    with pytest.raises(InvalidInput) as caught:
        services.declare_facts(actor=cast.owner.actor, now=now, **FACTS | changes)
    assert field in caught.value.fields
    assert not Declaration.objects.exists()


@pytest.mark.parametrize("name", ["bank_officer", "operator", "authority"])
def test_only_the_firm_declares(cast, now, name):
    with pytest.raises(NotPermitted):
        services.declare_facts(actor=cast[name].actor, now=now, headcount=1, **FACTS)


def test_latest_declaration_of_asks_for_a_permit_of_that_firm(cast, now):
    services.declare_facts(actor=cast.owner.actor, now=now, headcount=20, **FACTS)
    firm, other = cast.owner.actor.subject_id, cast.stranger.actor.subject_id
    permit = Permit(firm, "report", frozenset(), None, None, now, own=True)
    assert selectors.latest_declaration_of(firm, permit=permit).headcount == 20
    with pytest.raises(NotPermitted):
        selectors.latest_declaration_of(other, permit=permit)


def test_work_items_lead_the_operator_and_the_firm(cast, now):
    subject(now)
    assert selectors.work_items(cast.operator.actor, now) == []
    registration(now)
    (item,) = selectors.work_items(cast.operator.actor, now)
    assert (item.title, item.count) == ("待核验的企业注册", 1)
    (item,) = selectors.work_items(cast.accountant.actor, now)
    assert item.title == "填报2025年度自报信息"
    services.declare_facts(actor=cast.owner.actor, now=now, headcount=20, **FACTS)
    assert selectors.work_items(cast.accountant.actor, now) == []
