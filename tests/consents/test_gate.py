"""The one gate: what each kind of reader needs, what is put on record, and that a check cannot be outrun."""

import ast
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from apps.accounts.models import Organization
from apps.accounts.selectors import actor_for
from apps.consents import gate, services
from apps.consents.models import AccessRecord, Consent
from apps.consents.rules import Purpose
from apps.core.actor import SYSTEM, OrganizationKind, Role
from apps.core.errors import NotPermitted, NotVisible
from apps.core.models import AuditEvent
from apps.core.permit import Permit
from apps.records.models import Source
from apps.records.models.catalogue import CatalogueItem
from apps.subjects.models import Subject
from tests.consents.factories import give, reason
from tests.support.cast import Cast, Person

ITEMS = ("tax_payment", "social_insurance")


@pytest.fixture
def open_for(cast: Cast, now: datetime) -> Callable[..., Permit]:
    """Open the gate to the owner's firm, as a page would: inside a transaction."""

    def attempt(person: Person, purpose: str = Purpose.PRE_LOAN_REVIEW, items=ITEMS, at: datetime = now) -> Permit:
        with transaction.atomic():
            return gate.open(
                actor=person.actor, subject_id=cast.owner.actor.subject_id, purpose=purpose, items=items, now=at
            )

    return attempt


def test_open_gives_a_bank_with_consent_and_reason_a_permit_and_the_firm_a_record(cast, open_for, now):
    consent = give(cast.owner, now=now, grantee=cast.bank_officer)
    reason(cast.bank_officer, cast.owner, now=now, kind="application", ref="17")
    permit = open_for(cast.bank_officer)
    assert permit.items == frozenset(ITEMS)
    assert not permit.own
    record = AccessRecord.objects.get(pk=permit.access_record_id)
    assert (record.organization_name, record.actor_name) == (cast.bank_officer.organization.name, "客户经理")
    assert (record.consent, record.reason_kind, record.reason_ref) == (consent, "application", "17")
    assert record.items == sorted(ITEMS)
    assert AccessRecord.objects.visible_to(cast.owner.actor).get() == record
    assert AuditEvent.objects.get(verb="consents.read").subject_id == cast.owner.actor.subject_id


def test_open_serves_the_own_people_without_a_record(cast, open_for):
    for person in (cast.owner, cast.accountant):
        permit = open_for(person)
        assert permit.own
        assert permit.covers("anything")
    assert not AccessRecord.objects.exists()


def test_open_hides_a_firm_from_another_firm(cast, open_for, now):
    give(cast.owner, now=now)
    with pytest.raises(NotVisible):
        open_for(cast.stranger)


def test_open_names_what_a_bank_lacks(cast, open_for, now):
    with pytest.raises(gate.AccessRefused, match="没有授权本机构查询；本机构与该企业之间没有进行中的"):
        open_for(cast.bank_officer)
    give(cast.owner, now=now, grantee=cast.bank_officer, purposes=[Purpose.POST_LOAN])
    with pytest.raises(gate.AccessRefused, match="授权不含“贷前审查”用途；本机构与该企业之间"):
        open_for(cast.bank_officer)
    reason(cast.bank_officer, cast.owner, now=now)
    with pytest.raises(gate.AccessRefused, match="用途。$"):
        open_for(cast.bank_officer)
    assert not AccessRecord.objects.exists()


def test_open_needs_a_reason_that_is_open_today(cast, open_for, now):
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now, until_on=date(2026, 11, 20))
    assert open_for(cast.bank_officer, at=datetime.fromisoformat("2026-11-19T23:59+08:00"))
    with pytest.raises(gate.AccessRefused, match="没有进行中的"):
        open_for(cast.bank_officer, at=datetime.fromisoformat("2026-11-20T00:00+08:00"))
    services.close_access_reason(
        actor=SYSTEM,
        subject_id=cast.owner.actor.subject_id,
        organization_id=cast.bank_officer.organization.pk,
        kind="match",
        ref="1",
        now=now,
    )
    with pytest.raises(gate.AccessRefused, match="没有进行中的"):
        open_for(cast.bank_officer)


def test_open_keeps_one_banks_consent_and_reason_from_another(cast, open_for, now):
    give(cast.owner, now=now, grantee=cast.bank_officer)
    reason(cast.bank_officer, cast.owner, now=now)
    with pytest.raises(gate.AccessRefused, match="没有授权本机构查询；本机构与"):
        open_for(cast.other_bank_officer)


def test_open_lets_a_branch_use_what_its_head_office_has_but_not_another_branch(cast, open_for, now, business_date):
    head = cast.bank_officer.organization
    branches = [
        Organization.objects.create(kind=OrganizationKind.BANK.value, name=f"{n}支行", parent=head, created_at=now)
        for n in ("东关", "西关")
    ]
    for branch in branches:
        user = cast.bank_officer.user.__class__.objects.create_user(username=f"b{branch.pk}", display_name="支行员")
        membership = branch.memberships.create(user=user, role=Role.BANK_OFFICER.value, created_at=now)
        branch.person = Person(user, branch, actor_for(user, membership, on=business_date))
    east, west = (branch.person for branch in branches)
    give(cast.owner, now=now, grantee=cast.bank_officer)
    reason(east, cast.owner, now=now, kind="application", ref="8")
    assert open_for(east)
    with pytest.raises(gate.AccessRefused, match="没有进行中的"):
        open_for(west)
    reason(cast.bank_officer, cast.owner, now=now, kind="listing", ref="9")
    assert open_for(west)


def test_open_stops_at_the_withdrawal_and_at_the_end_of_the_period(cast, open_for, now):
    consent = give(cast.owner, now=now, months=1)
    reason(cast.bank_officer, cast.owner, now=now)
    assert open_for(cast.bank_officer, at=datetime.fromisoformat("2026-12-14T23:59+08:00"))
    with pytest.raises(gate.AccessRefused, match="授权已于2026-12-15到期"):
        open_for(cast.bank_officer, at=datetime.fromisoformat("2026-12-15T00:00+08:00"))
    services.withdraw_consent(actor=cast.owner.actor, consent_id=consent.pk, now=now)
    with pytest.raises(gate.AccessRefused, match="企业已撤回授权"):
        open_for(cast.bank_officer)
    assert AccessRecord.objects.count() == 1


def test_open_counts_a_limited_consent_up_and_stops_at_its_limit(cast, open_for, now):
    consent = give(cast.owner, now=now, use_max=2)
    reason(cast.bank_officer, cast.owner, now=now)
    open_for(cast.bank_officer)
    open_for(cast.bank_officer)
    with pytest.raises(gate.AccessRefused, match="2次查询已用完"):
        open_for(cast.bank_officer)
    consent.refresh_from_db()
    assert consent.use_count == 2


def test_open_finds_a_consent_used_up_between_the_look_and_the_lock(cast, open_for, now, monkeypatch):
    give(cast.owner, now=now, use_max=1)
    reason(cast.bank_officer, cast.owner, now=now)
    hold = gate._hold

    def outrun(found: Consent) -> bool:
        Consent.objects.filter(pk=found.pk).update(use_count=1)
        return hold(found)

    monkeypatch.setattr(gate, "_hold", outrun)
    with pytest.raises(gate.AccessRefused, match="1次查询已用完"):
        open_for(cast.bank_officer)
    assert not AccessRecord.objects.exists()


def test_open_rolls_the_count_back_when_the_reading_fails(cast, now):
    consent = give(cast.owner, now=now, use_max=1)
    reason(cast.bank_officer, cast.owner, now=now)
    with transaction.atomic():
        gate.open(
            actor=cast.bank_officer.actor,
            subject_id=cast.owner.actor.subject_id,
            purpose=Purpose.PRE_LOAN_REVIEW,
            items=ITEMS,
            now=now,
        )
        assert AccessRecord.objects.exists()
        transaction.set_rollback(True)
    consent.refresh_from_db()
    assert consent.use_count == 0
    assert not AccessRecord.objects.exists()


def test_open_covers_public_items_without_consent_reason_or_record(cast, open_for, now):
    for person in (cast.bank_officer, cast.authority, cast.regulator, cast.operator):
        assert open_for(person, items=("registration", "penalty")).access_record_id is None
    give(cast.owner, now=now, items=["tax_payment"])
    reason(cast.bank_officer, cast.owner, now=now)
    permit = open_for(cast.bank_officer, items=("registration", "tax_payment"))
    assert AccessRecord.objects.get(pk=permit.access_record_id).items == ["registration", "tax_payment"]


def test_open_lets_an_authority_look_for_the_whitelist_only_within_its_region(cast, open_for, now):
    with pytest.raises(gate.AccessRefused, match="企业没有授权本机构查询。$"):
        open_for(cast.authority, Purpose.WHITELIST)
    give(cast.owner, now=now)
    assert open_for(cast.authority, Purpose.WHITELIST).access_record_id
    with pytest.raises(gate.AccessRefused, match="不能以“贷前审查”为由"):
        open_for(cast.authority, Purpose.PRE_LOAN_REVIEW)
    Subject.objects.filter(pk=cast.owner.actor.subject_id).update(region_code="610302")
    with pytest.raises(NotVisible):
        open_for(cast.authority, Purpose.WHITELIST)


@pytest.mark.parametrize("name", ["operator", "auditor", "regulator", "department"])
def test_open_shows_no_single_firm_to_those_who_only_need_totals(cast, open_for, now, name):
    give(cast.owner, now=now)
    for purpose in Purpose:
        with pytest.raises(gate.AccessRefused, match="只能使用汇总数据"):
            open_for(cast[name], purpose)


def test_open_as_source_returns_what_the_department_delivered_and_nothing_else(cast, now):
    source = Source.objects.create(organization=cast.department.organization)
    source.items.add(CatalogueItem.objects.get(code="social_insurance"))

    def attempt(person: Person, items: tuple[str, ...]) -> Permit:
        with transaction.atomic():
            return gate.open_as_source(actor=person.actor, subject_id=cast.owner.actor.subject_id, items=items, now=now)

    assert attempt(cast.department, ("social_insurance",)).covers("social_insurance")
    with pytest.raises(gate.AccessRefused, match="不是本部门报送的信息项"):
        attempt(cast.department, ITEMS)
    with pytest.raises(gate.AccessRefused, match="只有数据报送部门"):
        attempt(cast.bank_officer, ("social_insurance",))
    assert not AccessRecord.objects.exists()


def test_open_for_run_leaves_one_record_that_no_firm_sees(cast, now):
    with transaction.atomic():
        permit = gate.open_for_run(
            actor=cast.authority.actor,
            purpose=Purpose.WHITELIST,
            items=ITEMS,
            run_label="十一月白名单筛选",
            subjects=1200,
            now=now,
        )
    record = AccessRecord.objects.get(pk=permit.access_record_id)
    assert (record.subjects_count, record.subject, record.run_label) == (1200, None, "十一月白名单筛选")
    assert not AccessRecord.objects.visible_to(cast.owner.actor).exists()
    assert AccessRecord.objects.visible_to(cast.authority.actor).get() == record


@pytest.mark.parametrize(
    ("name", "purpose"),
    [("owner", "matching"), ("department", "whitelist"), ("regulator", "whitelist"), ("authority", "pre_loan_review")],
)
def test_open_for_run_refuses_roles_that_calculate_nothing(cast, now, name, purpose):
    with pytest.raises(NotPermitted), transaction.atomic():
        gate.open_for_run(actor=cast[name].actor, purpose=purpose, items=ITEMS, run_label="x", subjects=1, now=now)


def test_gate_refuses_to_work_outside_a_transaction(cast, now):
    calls = [
        lambda: gate.open(actor=cast.owner.actor, subject_id=1, purpose=Purpose.REPORT, items=ITEMS, now=now),
        lambda: gate.open_as_source(actor=cast.department.actor, subject_id=1, items=ITEMS, now=now),
        lambda: gate.open_for_run(
            actor=SYSTEM, purpose=Purpose.REPORT, items=ITEMS, run_label="x", subjects=1, now=now
        ),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="outside a transaction"):
            call()


@pytest.mark.django_db(transaction=True)
def test_withdrawal_and_reading_wait_for_each_other(cast, now):
    consent = give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now)
    reading = {
        "actor": cast.bank_officer.actor,
        "subject_id": cast.owner.actor.subject_id,
        "purpose": Purpose.PRE_LOAN_REVIEW,
        "items": ITEMS,
        "now": now,
    }
    withdrawal = "UPDATE consents_consent SET withdrawn_at = now(), withdrawn_by_name = 'x' WHERE id = %s"
    other = connection.copy()
    try:
        with transaction.atomic(), other.cursor() as rival:
            gate.open(**reading)
            rival.execute("SET lock_timeout = '100ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                rival.execute(withdrawal, [consent.pk])
        with transaction.atomic(), other.cursor() as rival:
            rival.execute("BEGIN")
            rival.execute(withdrawal, [consent.pk])
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
                gate.open(**reading)
            rival.execute("COMMIT")
            with pytest.raises(gate.AccessRefused, match="已撤回"), transaction.atomic():
                gate.open(**reading)
    finally:
        other.close()
    assert AccessRecord.objects.count() == 1


def test_permits_are_constructed_only_in_the_gate():
    root = Path(__file__).parents[2] / "apps"
    builders = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) in {"Permit", "RunPermit"}
    }
    assert builders == {"consents/gate.py"}


def test_open_costs_a_fixed_number_of_queries(cast, open_for, now, django_assert_num_queries):
    for _ in range(3):
        give(cast.owner, now=now + timedelta(days=_), grantee=cast.bank_officer)
    reason(cast.bank_officer, cast.owner, now=now)
    with django_assert_num_queries(10):
        open_for(cast.bank_officer, at=now + timedelta(days=3))
