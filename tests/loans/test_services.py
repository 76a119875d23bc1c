"""Every step by the right role, refused for the wrong one, recorded once, with its event."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from apps.accounts.models import Notice
from apps.consents.models import AccessReason, Consent
from apps.consents.services import withdraw_consent
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.models import AuditEvent
from apps.loans import selectors, services
from apps.loans.models import Application, CreditLine, Drawdown, Instalment, Repayment
from apps.loans.rules import Overpayment
from apps.loans.services.drawdowns import ReferenceTaken
from apps.products.services import suspend_version
from tests.loans.factories import order

DAY = date(2026, 11, 15)


def verbs() -> list[str]:
    """The loan events so far, oldest first."""
    return list(AuditEvent.objects.filter(stream="loans").order_by("pk").values_list("verb", flat=True))


def test_draft_application_is_for_the_firms_own_people(loans, cast, now):
    application = loans.draft()
    assert (application.state, application.subject_id) == ("draft", cast.owner.actor.subject_id)
    assert application.bank == cast.bank_officer.organization
    assert verbs() == ["loans.draft_application"]
    with pytest.raises(NotPermitted):
        services.draft_application(
            actor=cast.bank_officer.actor,
            product_version=loans.version,
            amount_yuan=Decimal(100000),
            term_months=6,
            purpose="wages",
            now=now,
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_yuan": Decimal(3000001)}, "amount_yuan"),
        ({"amount_yuan": Decimal(-1)}, "amount_yuan"),
        ({"term_months": 37}, "term_months"),
        ({"term_months": 0}, "term_months"),
        ({"purpose": "stocks"}, "purpose"),
        ({"purpose_note": "字" * 501}, "purpose_note"),
    ],
)
def test_draft_application_names_the_field_at_fault(loans, changes, field):
    with pytest.raises(InvalidInput) as refused:
        loans.draft(**changes)
    assert set(refused.value.fields) == {field}
    assert not Application.objects.exists()


def test_draft_application_allows_one_open_application_a_product(loans, cast):
    loans.draft()
    with pytest.raises(StateConflict, match="尚未办结"):
        loans.draft()
    assert Application.objects.count() == 1


def test_draft_application_refuses_a_product_not_on_offer(loans, cast, now):
    suspend_version(actor=cast.bank_approver.actor, version=loans.version, reason="额度用完", now=now)
    with pytest.raises(StateConflict, match="不受理"):
        loans.draft()


def test_draft_application_refuses_a_branch_of_another_bank(loans, cast):
    with pytest.raises(InvalidInput) as refused:
        loans.draft(branch=cast.other_bank_officer.organization)
    assert set(refused.value.fields) == {"branch"}


def test_only_the_owner_submits(loans, cast, now):
    application = loans.draft()
    with pytest.raises(NotPermitted):
        services.submit_application(actor=cast.accountant.actor, application=application, now=now)
    with pytest.raises(NotVisible):
        services.submit_application(actor=cast.stranger.actor, application=application, now=now)


def test_submit_application_needs_consent_for_the_bank(loans, cast, now):
    application = loans.draft()
    with pytest.raises(services.ConsentNeeded, match=cast.bank_officer.organization.name):
        services.submit_application(actor=cast.owner.actor, application=application, now=now)
    application.refresh_from_db()
    assert application.state == "draft"
    assert not AccessReason.objects.exists()


def test_submit_application_opens_the_banks_reason_and_sets_its_clock(loans, cast, now):
    application = loans.submit()
    assert (application.state, application.contact_by_on) == ("submitted", date(2026, 11, 20))
    reason = AccessReason.objects.get()
    assert (reason.kind, reason.ref, reason.organization) == ("application", str(application.pk), application.bank)
    assert Notice.objects.filter(organization=application.bank, title__contains="收到融资申请").count() == 1


def test_submit_application_refuses_a_withdrawn_consent(loans, cast, now):
    application = loans.submit()
    services.return_application(actor=cast.bank_officer.actor, application=application, note="补财务报表", now=now)
    withdraw_consent(actor=cast.owner.actor, consent_id=Consent.objects.get().pk, now=now)
    with pytest.raises(services.ConsentNeeded):
        services.submit_application(actor=cast.owner.actor, application=application, now=now)


def test_a_returned_application_is_revised_and_comes_again(loans, cast, now):
    application = loans.submit()
    with pytest.raises(InvalidInput):
        services.return_application(actor=cast.bank_officer.actor, application=application, note=" ", now=now)
    services.return_application(actor=cast.bank_officer.actor, application=application, note="请补充合同", now=now)
    assert (application.state, application.return_note) == ("returned", "请补充合同")
    services.revise_application(
        actor=cast.accountant.actor,
        application=application,
        amount_yuan=Decimal(400000),
        term_months=6,
        purpose="raw_materials",
        now=now,
    )
    services.submit_application(actor=cast.owner.actor, application=application, now=now)
    assert (application.state, application.amount_yuan) == ("submitted", Decimal(400000))
    assert verbs() == [
        "loans.draft_application",
        "loans.submit_application",
        "loans.return_application",
        "loans.revise_application",
        "loans.submit_application",
    ]


def test_accept_application_is_for_an_officer_of_the_bank(loans, cast, now):
    application = loans.submit()
    for person in (cast.bank_approver, cast.owner):
        with pytest.raises(NotPermitted):
            services.accept_application(actor=person.actor, application=application, now=now)
    with pytest.raises(NotVisible):
        services.accept_application(actor=cast.other_bank_officer.actor, application=application, now=now)
    services.accept_application(actor=cast.bank_officer.actor, application=application, now=now)
    assert (application.state, application.decide_by_on) == ("accepted", date(2026, 12, 15))


def test_approve_application_needs_another_person_than_the_one_who_accepted(loans, cast, now):
    application = loans.accept()
    both = replace(cast.bank_officer.actor, roles=frozenset({"bank_officer", "bank_approver"}))
    approval = services.Approval(Decimal(1), Decimal(4), "bullet", "credit", 6)
    with pytest.raises(services.SecondPersonNeeded):
        services.approve_application(actor=both, application=application, approval=approval, now=now)
    with pytest.raises(services.SecondPersonNeeded):
        services.refuse_application(actor=both, application=application, reason_code="repayment", now=now)
    with pytest.raises(NotPermitted):
        services.approve_application(actor=cast.bank_officer.actor, application=application, approval=approval, now=now)


def test_approve_application_grants_a_line(loans, cast):
    line = loans.approve(kind="revolving", approved_yuan=Decimal(450000))
    assert (line.limit_yuan, line.available_yuan, line.is_revolving) == (Decimal(450000), Decimal(450000), True)
    assert (line.valid_from_on, line.valid_to_on) == (DAY, date(2027, 11, 15))
    assert line.application.state == "approved"
    assert Notice.objects.filter(organization=cast.owner.organization, title__contains="已批准").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"approved_yuan": Decimal("500000.01")}, "approved_yuan"),
        ({"approved_yuan": Decimal(0)}, "approved_yuan"),
        ({"rate_pct": Decimal(37)}, "rate_pct"),
        ({"rate_pct": Decimal(-1)}, "rate_pct"),
        ({"kind": "equal_principal"}, "repayment_kind"),
        ({"guarantee": "mortgage"}, "guarantee"),
        ({"valid_months": 0}, "valid_months"),
    ],
)
def test_approve_application_names_the_field_at_fault(loans, changes, field):
    with pytest.raises(InvalidInput) as refused:
        loans.approve(**changes)
    assert set(refused.value.fields) == {field}
    assert Application.objects.get().state == "accepted"
    assert not CreditLine.objects.exists()


def test_refuse_application_needs_a_coded_reason_and_ends_the_right_to_look(loans, cast, now):
    application = loans.accept()
    approver = cast.bank_approver.actor
    for code, note, field in (("", "", "reason_code"), ("nonsense", "", "reason_code"), ("other", " ", "note")):
        with pytest.raises(InvalidInput) as refused:
            services.refuse_application(actor=approver, application=application, reason_code=code, note=note, now=now)
        assert set(refused.value.fields) == {field}
    services.refuse_application(actor=approver, application=application, reason_code="repayment", now=now)
    assert (application.state, application.refusal_reason.code) == ("refused", "repayment")
    assert AccessReason.objects.get().closed_at == now
    assert loans.draft().state == "draft"  # the way is free again


def test_withdraw_application_is_the_owners_and_only_before_the_decision(loans, cast, now):
    application = loans.accept()
    with pytest.raises(NotPermitted):
        services.withdraw_application(actor=cast.accountant.actor, application=application, now=now)
    services.withdraw_application(actor=cast.owner.actor, application=application, now=now, reason="另有安排")
    assert application.state == "withdrawn"
    assert AccessReason.objects.get().closed_at == now
    with pytest.raises(StateConflict):
        services.approve_application(
            actor=cast.bank_approver.actor,
            application=application,
            approval=services.Approval(Decimal(1), Decimal(4), "bullet", "credit", 6),
            now=now,
        )


def test_a_stale_copy_of_an_application_moves_nothing(loans, cast, now):
    application = loans.submit()
    stale = Application.objects.get(pk=application.pk)
    services.accept_application(actor=cast.bank_officer.actor, application=application, now=now)
    with pytest.raises(StateConflict):
        services.return_application(actor=cast.bank_officer.actor, application=stale, note="补材料", now=now)
    assert Application.objects.get().state == "accepted"
    assert "loans.return_application" not in verbs()


def test_reserve_drawdown_takes_from_the_line_and_again_returns_the_first(loans, cast):
    line = loans.approve()
    first = loans.reserve(line)
    again = loans.reserve(line)
    line.refresh_from_db()
    assert first == again
    assert (line.reserved_yuan, line.drawn_yuan, line.available_yuan) == (300000, 0, 200000)
    assert verbs().count("loans.reserve_drawdown") == 1


def test_reserve_drawdown_refuses_the_same_number_with_other_content(loans):
    line = loans.approve()
    loans.reserve(line)
    with pytest.raises(ReferenceTaken):
        loans.reserve(line, amount="300000.01")
    line.refresh_from_db()
    assert line.reserved_yuan == 300000


def test_reserve_drawdown_never_exceeds_the_line(loans):
    line = loans.approve()
    loans.reserve(line, "JJ-1", "300000")
    with pytest.raises(services.LimitExceeded, match="200,000.00"):
        loans.reserve(line, "JJ-2", "200000.01")
    assert Drawdown.objects.count() == 1
    loans.reserve(line, "JJ-3", "200000")
    line.refresh_from_db()
    assert line.available_yuan == 0


def test_reserve_drawdown_needs_a_valid_line(loans, cast, now):
    line = loans.approve(valid_months=1)
    with pytest.raises(services.LimitExceeded, match="有效期"):
        services.reserve_drawdown(
            actor=cast.bank_officer.actor,
            application=line.application,
            wanted=order(),
            now=now + timedelta(days=30),
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"bank_reference": " "}, "bank_reference"),
        ({"bank_reference": "9" * 65}, "bank_reference"),
        ({"amount_yuan": Decimal(0)}, "amount_yuan"),
        ({"rate_pct": Decimal("4.36")}, "rate_pct"),
        ({"term_months": 13}, "term_months"),
        ({"repayment_kind": "bullet"}, "repayment_kind"),
        ({"basis": "act_360"}, "basis"),
    ],
)
def test_reserve_drawdown_names_the_field_at_fault(loans, changes, field):
    line = loans.approve()
    with pytest.raises(InvalidInput) as refused:
        loans.reserve(line, **changes)
    assert set(refused.value.fields) == {field}


def test_drawdowns_are_for_officers_of_the_bank(loans, cast, now):
    line = loans.approve()
    for person in (cast.bank_approver, cast.owner):
        with pytest.raises(NotPermitted):
            services.reserve_drawdown(actor=person.actor, application=line.application, wanted=order(), now=now)
    with pytest.raises(NotVisible):
        services.reserve_drawdown(
            actor=cast.other_bank_officer.actor, application=line.application, wanted=order(), now=now
        )
    drawdown = loans.reserve(line)
    with pytest.raises(NotPermitted):
        services.post_drawdown(actor=cast.bank_approver.actor, drawdown=drawdown, disbursed_on=DAY, now=now)
    loans.post(line)
    with pytest.raises(NotPermitted):
        services.post_drawdown(actor=cast.bank_approver.actor, drawdown=drawdown, disbursed_on=DAY, now=now)
    with pytest.raises(NotVisible):
        services.void_drawdown(actor=cast.stranger.actor, drawdown=drawdown, reason="x", now=now)


def test_post_drawdown_makes_the_plan_and_moves_the_application(loans, cast, now):
    line = loans.approve()
    drawdown = loans.post(line)
    line.refresh_from_db()
    assert (line.reserved_yuan, line.drawn_yuan) == (0, 300000)
    assert (drawdown.state, drawdown.matures_on, drawdown.principal_open_yuan) == ("posted", date(2027, 11, 15), 300000)
    rows = list(drawdown.instalments.order_by("number"))
    assert len(rows) == 12
    assert sum(row.principal_yuan for row in rows) == 300000
    assert Application.objects.get().state == "drawn"
    assert verbs()[-3:] == ["loans.reserve_drawdown", "loans.draw_application", "loans.post_drawdown"]


def test_post_drawdown_again_changes_nothing_and_another_day_is_a_conflict(loans, cast, now):
    drawdown = loans.post(loans.approve())
    events = AuditEvent.objects.count()
    actor = cast.bank_officer.actor
    assert services.post_drawdown(actor=actor, drawdown=drawdown, disbursed_on=DAY, now=now) == drawdown
    assert Instalment.objects.count() == 12
    assert AuditEvent.objects.count() == events
    with pytest.raises(StateConflict):
        services.post_drawdown(actor=actor, drawdown=drawdown, disbursed_on=DAY - timedelta(days=1), now=now)


@pytest.mark.parametrize("day", [date(2026, 11, 16), date(2026, 11, 14)])
def test_post_drawdown_refuses_an_impossible_day(loans, cast, now, day):
    drawdown = loans.reserve(loans.approve())
    with pytest.raises(InvalidInput) as refused:
        services.post_drawdown(actor=cast.bank_officer.actor, drawdown=drawdown, disbursed_on=day, now=now)
    assert set(refused.value.fields) == {"disbursed_on"}


def test_void_drawdown_frees_the_line_and_cannot_be_posted_afterwards(loans, cast, now):
    line = loans.approve()
    drawdown = loans.reserve(line)
    actor = cast.bank_officer.actor
    with pytest.raises(InvalidInput):
        services.void_drawdown(actor=actor, drawdown=drawdown, reason=" ", now=now)
    services.void_drawdown(actor=actor, drawdown=drawdown, reason="企业暂不用款", now=now)
    assert services.void_drawdown(actor=actor, drawdown=drawdown, reason="再次", now=now).void_reason == "企业暂不用款"
    line.refresh_from_db()
    assert line.available_yuan == line.limit_yuan
    with pytest.raises(StateConflict):
        services.post_drawdown(actor=actor, drawdown=drawdown, disbursed_on=DAY, now=now)
    assert verbs().count("loans.void_drawdown") == 1


def test_a_posted_drawdown_cannot_be_voided(loans, cast, now):
    drawdown = loans.post(loans.approve())
    with pytest.raises(StateConflict):
        services.void_drawdown(actor=cast.bank_officer.actor, drawdown=drawdown, reason="误登", now=now)


def test_record_repayment_pays_the_plan_and_again_returns_the_first(loans):
    drawdown = loans.post(loans.approve())
    first = loans.repay(drawdown, "30000", date(2026, 12, 15))
    again = loans.repay(drawdown, "30000", date(2026, 12, 15))
    assert first == again
    rows = list(drawdown.instalments.order_by("number"))
    assert first.interest_yuan == rows[0].interest_yuan + rows[1].paid_interest_yuan
    assert rows[0].settled_on == date(2026, 12, 15)
    drawdown.refresh_from_db()
    assert drawdown.principal_open_yuan == 300000 - first.principal_yuan
    assert verbs().count("loans.record_repayment") == 1
    assert selectors.differences_for_batch() == []


def test_record_repayment_refuses_the_same_number_for_another_payment(loans):
    line = loans.approve()
    one, two = loans.post(line, "JJ-1", "300000"), loans.post(line, "JJ-2", "200000")
    loans.repay(one, "1000", DAY)
    for drawdown, amount, day in ((one, "1000.01", DAY), (two, "1000", DAY), (one, "1000", date(2026, 11, 16))):
        with pytest.raises(ReferenceTaken):
            loans.repay(drawdown, amount, day, at=loans.now + timedelta(days=5))
    assert Repayment.objects.count() == 1


def test_record_repayment_refuses_too_much_and_changes_nothing(loans):
    drawdown = loans.post(loans.approve())
    with pytest.raises(Overpayment):
        loans.repay(drawdown, "400000", date(2026, 12, 15))
    assert not Repayment.objects.exists()
    assert not Instalment.objects.filter(paid_interest_yuan__gt=0).exists()


@pytest.mark.parametrize("day", [date(2026, 11, 14), date(2026, 11, 16)])
def test_record_repayment_refuses_an_impossible_day(loans, day):
    drawdown = loans.post(loans.approve())
    with pytest.raises(InvalidInput) as refused:
        loans.repay(drawdown, "100", day, at=loans.now)
    assert set(refused.value.fields) == {"paid_on"}


def test_record_repayment_is_for_officers_of_the_bank(loans, cast, now):
    drawdown = loans.post(loans.approve())
    wanted = {"bank_reference": "HK-9", "amount_yuan": Decimal(1), "paid_on": DAY, "now": now}
    for person in (cast.owner, cast.bank_approver):
        with pytest.raises(NotPermitted):
            services.record_repayment(actor=person.actor, drawdown=drawdown, **wanted)
    for person in (cast.stranger, cast.other_bank_officer, cast.regulator):
        with pytest.raises(NotVisible):
            services.record_repayment(actor=person.actor, drawdown=drawdown, **wanted)


def test_the_last_repayment_settles_the_loan_and_closes_an_exhausted_line(loans):
    line = loans.approve(kind="bullet")
    drawdown = loans.post(line, amount="500000")
    owed = drawdown.instalments.get().due.open_yuan
    loans.repay(drawdown, str(owed), date(2027, 11, 15))
    drawdown.refresh_from_db()
    assert (drawdown.state, drawdown.settled_on, drawdown.principal_open_yuan) == ("settled", date(2027, 11, 15), 0)
    application = Application.objects.get()
    assert application.state == "repaid"
    assert AccessReason.objects.get().closed_at is not None
    assert selectors.differences_for_batch() == []


def test_a_settled_loan_leaves_the_application_open_while_the_line_can_be_drawn(loans):
    line = loans.approve(kind="bullet")
    drawdown = loans.post(line, amount="300000")
    loans.repay(drawdown, str(drawdown.instalments.get().due.open_yuan), date(2027, 11, 14))
    assert Application.objects.get().state == "drawn"


def test_a_revolving_line_gives_repaid_principal_free_again(loans):
    line = loans.approve(kind="revolving")
    drawdown = loans.post(line, amount="500000")
    # 30 days on 500 000 at 4.35 %: 1 812.50
    paid = loans.repay(drawdown, "201812.50", date(2026, 12, 15))
    assert (paid.interest_yuan, paid.principal_yuan) == (Decimal("1812.50"), Decimal("200000.00"))
    line.refresh_from_db()
    assert line.available_yuan == 200000
    rows = list(drawdown.instalments.order_by("number"))
    assert [row.principal_yuan for row in rows] == [200000, 300000]
    assert rows[0].settled_on == date(2026, 12, 15)
    assert selectors.differences_for_batch() == []
    with pytest.raises(InvalidInput):
        loans.repay(drawdown, "1", date(2026, 12, 14), "HK-2", at=loans.now + timedelta(days=40))


def test_differences_for_batch_finds_a_balance_that_was_tampered_with(loans):
    line = loans.approve()
    drawdown = loans.post(line)
    CreditLine.objects.filter(pk=line.pk).update(drawn_yuan=1)
    Drawdown.objects.filter(pk=drawdown.pk).update(principal_open_yuan=7)
    assert {difference.what for difference in selectors.differences_for_batch()} == {"已用额度", "本金余额"}


def test_a_service_that_fails_leaves_neither_act_nor_event(loans, cast, now, monkeypatch):
    application = loans.submit()
    before = AuditEvent.objects.count()

    def broken(**_):
        raise RuntimeError("disk full")

    monkeypatch.setattr("apps.loans.services.decisions.notify", broken)
    with pytest.raises(RuntimeError, match="disk full"), transaction.atomic():
        services.accept_application(actor=cast.bank_officer.actor, application=application, now=now)
    assert Application.objects.get().state == "submitted"
    assert AuditEvent.objects.count() == before
