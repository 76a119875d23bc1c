"""Screening, publishing, pushing, answering, leaving: by the right people, once, and on record."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import Notice
from apps.consents.models import AccessReason, AccessRecord, Consent
from apps.consents.services import withdraw_consent
from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.files import default_storage
from apps.core.jobs import run_now
from apps.core.models import AuditEvent, Job
from apps.criteria.values import InvalidCriterion
from apps.profiles.models import Profile
from apps.subjects.models import Subject
from apps.whitelist import selectors, services
from apps.whitelist.models import Listing, Programme, Push, PushBatch, ScreeningOutcome, ScreeningRun
from apps.whitelist.services.runs import SecondPersonNeeded
from tests.consents.factories import give
from tests.whitelist.factories import Lists, portray

DAY = date(2026, 11, 15)


def verbs() -> list[str]:
    """The whitelist events so far, oldest first."""
    return list(AuditEvent.objects.filter(stream="whitelist").order_by("pk").values_list("verb", flat=True))


def firm(cast, name: str = "owner") -> Subject:
    """The firm of a member of the cast."""
    return Subject.objects.get(pk=cast[name].actor.subject_id)


def test_create_programme_takes_the_platforms_rule_of_the_day(lists):
    assert lists.programme.valid_months == 6
    assert [entry["slug"] for entry in lists.programme.criteria] == [
        "status_active",
        "no_block_whitelist",
        "age_months_min",
        "tax_grade_in",
        "score_min",
        "coverage_min",
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "x"}, "name"),
        ({"region_code": "999999"}, "region_code"),
        ({"valid_months": 25}, "valid_months"),
        ({"criteria": []}, "criteria"),
        ({"criteria": [{"slug": "manual", "value": "上门核实"}]}, "criteria"),
        ({"criteria": [{"any": [{"slug": "first_loan_only", "value": None}]}]}, "criteria"),
    ],
)
def test_create_programme_names_the_field_at_fault(lists, cast, now, changes, field):
    with pytest.raises(InvalidInput) as refused:
        services.create_programme(
            actor=cast.authority.actor, now=now, **({"name": "另一份名单", "region_code": "610305"} | changes)
        )
    assert set(refused.value.fields) == {field}


def test_create_programme_refuses_an_unknown_criterion_and_a_name_taken(lists, cast, now):
    wanted = {"actor": cast.authority.actor, "region_code": "610305", "now": now}
    with pytest.raises(InvalidCriterion):
        services.create_programme(name="另一份名单", criteria=[{"slug": "pretty", "value": 1}], **wanted)
    with pytest.raises(InvalidInput) as refused:
        services.create_programme(name=lists.programme.name, **wanted)
    assert set(refused.value.fields) == {"name"}


def test_programmes_are_an_authoritys_within_its_region(lists, cast, now):
    for person in (cast.operator, cast.bank_officer, cast.regulator):
        with pytest.raises(NotPermitted):
            services.create_programme(actor=person.actor, name="名单一", region_code="610305", now=now)
    with pytest.raises(NotPermitted, match="管辖"):
        services.create_programme(actor=cast.authority.actor, name="名单一", region_code="610302", now=now)


def test_a_programme_is_revised_only_as_a_draft(lists, cast, now):
    values = {"name": "名单二", "region_code": "610305", "valid_months": 3, "now": now}
    criteria = [{"slug": "status_active", "value": None}]
    draft = services.create_programme(actor=cast.authority.actor, name="名单", region_code="610305", now=now)
    services.revise_programme(actor=cast.authority.actor, programme=draft, criteria=criteria, **values)
    assert (draft.name, draft.criteria, draft.valid_months) == ("名单二", criteria, 3)
    with pytest.raises(StateConflict):
        services.revise_programme(actor=cast.authority.actor, programme=lists.programme, criteria=criteria, **values)


def test_screen_judges_every_firm_of_the_region_and_keeps_why(lists, cast, now):
    give(cast.owner, now=now)
    portray(firm(cast), now)
    portray(firm(cast, "stranger"), now, score=700)
    run = lists.run()
    assert run.state == "screened"
    assert {key: run.counts[key] for key in ("judged", "listed", "not_met", "unknown")} == {
        "judged": 2,
        "listed": 1,
        "not_met": 1,
        "unknown": 0,
    }
    outcomes = {row.subject_id: (row.verdict, row.codes) for row in ScreeningOutcome.objects.filter(run=run)}
    assert outcomes == {firm(cast).pk: ("m", "mmmmmmm"), firm(cast, "stranger").pk: ("n", "mmmmnmn")}
    assert len(run.rule_digest) == len(run.input_digest) == len(run.outcome_digest) == 64
    record = AccessRecord.objects.get()
    assert (record.subject_id, record.subjects_count, record.purpose) == (None, 2, "whitelist")
    assert verbs()[-1] == "whitelist.screen"


def test_screen_leaves_out_firms_of_other_regions(lists, cast, now):
    portray(firm(cast), now, region_code="610302")
    assert lists.run().counts["judged"] == 0


def test_screen_may_run_twice(lists, cast, now):
    portray(firm(cast), now)
    run = lists.run()
    Job.objects.filter(pk=run.job_id).update(state="queued", finished_at=None)
    assert run_now(Job.objects.get(pk=run.job_id)).result == run.counts
    assert ScreeningOutcome.objects.count() == 1
    assert verbs().count("whitelist.screen") == 1


def test_the_same_inputs_give_the_same_digests(lists, cast, now):
    portray(firm(cast), now)
    first = lists.run()
    services.discard_screening(actor=cast.authority.actor, run=first, reason="重做", now=now)
    second = lists.run()
    assert second.pk != first.pk
    for name in ("rule_digest", "input_digest", "outcome_digest", "counts"):
        assert getattr(second, name) == getattr(first, name)


def test_request_screening_is_one_at_a_time_and_only_while_open(lists, cast, now):
    lists.run()
    wanted = {"actor": cast.authority.actor, "programme": lists.programme, "business_date": DAY, "now": now}
    with pytest.raises(StateConflict, match="还有一次筛选"):
        services.request_screening(**wanted)
    services.close_programme(actor=cast.authority.actor, programme=lists.programme, now=now)
    with pytest.raises(StateConflict, match="已结束"):
        services.request_screening(**wanted)


def test_runs_belong_to_the_authority_that_set_the_programme_up(lists, cast, now):
    run = lists.run()
    with pytest.raises(NotVisible):
        services.approve_screening(actor=cast.bank_officer.actor, run=run, now=now)
    with pytest.raises(NotPermitted):
        services.approve_screening(actor=cast.regulator.actor, run=run, now=now)


def test_approve_screening_needs_a_second_person(lists, cast, now):
    run = lists.run()
    with pytest.raises(SecondPersonNeeded):
        services.approve_screening(actor=cast.authority.actor, run=run, now=now)
    with pytest.raises(StateConflict):
        services.publish_screening(actor=cast.authority.actor, run=run, now=now)
    services.approve_screening(actor=cast.second_authority.actor, run=run, now=now)
    assert (run.state, run.approved_by) == ("approved", cast.second_authority.user)


def test_publish_screening_lists_who_met_the_rule_for_the_programmes_term(lists, cast, now):
    portray(firm(cast, "stranger"), now)  # no consent
    listing = lists.listing()
    assert Listing.objects.count() == 1
    assert (listing.entered_on, listing.valid_to_on, listing.state) == (DAY, date(2027, 5, 15), "active")
    assert listing.facts["score"] == 800
    with pytest.raises(StateConflict):
        services.publish_screening(actor=cast.authority.actor, run=listing.run, now=now)


def test_publish_screening_again_prolongs_the_same_listing(lists, cast, now):
    listing = lists.listing()
    later = Lists(cast, now + timedelta(days=31), lists.programme)
    run = later.publish()
    listing.refresh_from_db()
    assert Listing.objects.count() == 1
    assert (listing.valid_to_on, listing.last_run) == (date(2027, 6, 16), run)
    assert listing.run != run


def test_discard_screening_says_why_and_ends_the_run(lists, cast, now):
    run = lists.run()
    with pytest.raises(InvalidInput):
        services.discard_screening(actor=cast.authority.actor, run=run, reason=" ", now=now)
    services.discard_screening(actor=cast.authority.actor, run=run, reason="数据有误", now=now)
    with pytest.raises(StateConflict):
        services.approve_screening(actor=cast.second_authority.actor, run=run, now=now)


def test_replay_says_same_different_or_inputs_deleted(lists, cast, now):
    portray(firm(cast), now)
    run = lists.run()
    assert selectors.replay(run).answer == "same"
    Profile.objects.update(score=1)  # later portraits do not matter
    assert selectors.replay(run).answer == "same"
    ScreeningRun.objects.filter(pk=run.pk).update(outcome_digest="f" * 64)
    assert selectors.replay(ScreeningRun.objects.get(pk=run.pk)).answer == "different"
    default_storage.delete(run.inputs.path)
    assert selectors.replay(run).answer == "inputs_deleted"


def test_push_opens_the_banks_reason_tells_the_firm_and_sets_the_clock(lists, cast):
    push = lists.push()
    assert (push.state, push.contact_by_on, push.bank) == ("pushed", date(2026, 11, 20), cast.bank_officer.organization)
    reason = AccessReason.objects.get()
    assert (reason.kind, reason.ref, reason.until_on) == ("listing", str(push.pk), push.listing.valid_to_on)
    assert Notice.objects.filter(organization=cast.owner.organization, title__contains="推荐给").count() == 1
    assert PushBatch.objects.get().counts == {"pushed": 1, "no_consent": 0, "repeated": 0, "left": 0}


def test_push_again_sends_nothing_twice(lists, cast):
    lists.push()
    assert lists.push_to(cast.bank_officer)["pushed"] == 0
    batch = PushBatch.objects.latest("pk")
    again = services.push_listings(
        actor=cast.authority.actor, batch=batch, listings=list(Listing.objects.all()), now=lists.now
    )
    assert again["repeated"] == 1
    assert Push.objects.count() == 1
    assert Notice.objects.filter(organization=cast.owner.organization).count() == 1


def test_push_asks_for_consent_again_at_that_moment(lists, cast, now):
    lists.listing()
    withdraw_consent(actor=cast.owner.actor, consent_id=Consent.objects.get().pk, now=now)
    assert lists.push_to(cast.bank_officer) == {"pushed": 0, "no_consent": 1, "repeated": 0, "left": 0}
    assert not Push.objects.exists()
    assert not AccessReason.objects.exists()


def test_push_goes_to_a_bank_that_the_firm_named_and_to_no_other(lists, cast, now):
    give(cast.owner, now=now, grantee=cast.other_bank_officer)
    portray(firm(cast), now)
    lists.publish()
    assert lists.push_to(cast.bank_officer)["no_consent"] == 1
    assert lists.push_to(cast.other_bank_officer)["pushed"] == 1


def test_push_is_the_authoritys_and_goes_to_banks_only(lists, cast, now):
    lists.listing()
    with pytest.raises(InvalidInput):
        services.request_push(
            actor=cast.authority.actor, programme=lists.programme, bank=cast.owner.organization, now=now
        )
    with pytest.raises(NotPermitted):
        services.request_push(
            actor=cast.regulator.actor, programme=lists.programme, bank=cast.bank_officer.organization, now=now
        )


def test_answer_push_is_for_officers_of_that_bank(lists, cast, now):
    push = lists.push()
    with pytest.raises(NotPermitted):
        services.answer_push(actor=cast.bank_approver.actor, push=push, verb="receive", now=now)
    with pytest.raises(NotPermitted):
        services.answer_push(actor=cast.owner.actor, push=push, verb="receive", now=now)
    for person in (cast.other_bank_officer, cast.stranger):
        with pytest.raises(NotVisible):
            services.answer_push(actor=person.actor, push=push, verb="receive", now=now)


def test_answer_push_to_the_loan_keeps_every_answer(lists):
    push = lists.answer(lists.push(), "receive", "contact", "accept", "examine")
    assert push.decide_by_on == date(2026, 12, 15)
    push = lists.answer(push, "credit", credit_yuan=Decimal(300000), credit_months=12, credit_rate_pct=Decimal("3.85"))
    push = lists.answer(push, "lend", lent_yuan=Decimal(200000), lent_on=DAY)
    assert (push.state, push.credit_yuan, push.lent_yuan) == ("lent", Decimal(300000), Decimal(200000))
    states = [answer.state for answer in selectors.feedback_of(push)]
    assert states == ["lent", "credited", "examining", "accepted", "contacted", "received"]
    assert verbs().count("whitelist.answer_push") == 6


@pytest.mark.parametrize(
    ("before", "verb", "parts", "fields"),
    [
        (("contact", "accept"), "credit", {}, {"credit_yuan", "credit_months", "credit_rate_pct"}),
        (
            ("contact", "accept"),
            "credit",
            {"credit_yuan": Decimal(-1), "credit_months": 601, "credit_rate_pct": Decimal(37)},
            {"credit_yuan", "credit_months", "credit_rate_pct"},
        ),
        ((), "decline", {}, {"reason_code"}),
        ((), "decline", {"reason_code": "other"}, {"note"}),
    ],
)
def test_answer_push_names_what_is_missing(lists, before, verb, parts, fields):
    push = lists.answer(lists.push(), *before)
    with pytest.raises(InvalidInput) as refused:
        lists.answer(push, verb, **parts)
    assert set(refused.value.fields) == fields


def test_answer_push_cannot_lend_more_than_was_credited(lists):
    push = lists.answer(
        lists.push(),
        "contact",
        "accept",
        "credit",
        credit_yuan=Decimal(100),
        credit_months=1,
        credit_rate_pct=Decimal(3),
    )
    with pytest.raises(InvalidInput) as refused:
        lists.answer(push, "lend", lent_yuan=Decimal("100.01"), lent_on=DAY + timedelta(days=1))
    assert set(refused.value.fields) == {"lent_yuan", "lent_on"}


def test_a_declined_push_ends_the_banks_right_to_look(lists, now):
    push = lists.answer(lists.push(), "decline", reason_code="no_need")
    assert (push.state, push.reason.label) == ("declined", "企业暂无融资需求")
    assert AccessReason.objects.get().closed_at == now
    with pytest.raises(StateConflict):
        lists.answer(push, "contact")


def test_a_firm_opts_out_and_open_pushes_are_recalled(lists, cast, now):
    push = lists.push()
    with pytest.raises(NotPermitted):
        services.exit_listing(actor=cast.accountant.actor, listing=push.listing, now=now)
    with pytest.raises(NotVisible):
        services.exit_listing(actor=cast.stranger.actor, listing=push.listing, now=now)
    listing = services.exit_listing(actor=cast.owner.actor, listing=push.listing, now=now)
    push.refresh_from_db()
    assert (listing.state, listing.exit_reason, push.state) == ("exited", "opted_out", "recalled")
    assert AccessReason.objects.get().closed_at == now
    assert Notice.objects.filter(organization=push.bank, title__contains="退出白名单").count() == 1


def test_an_authority_removes_a_firm_and_says_why(lists, cast, now):
    listing = lists.listing()
    with pytest.raises(InvalidInput):
        services.exit_listing(actor=cast.authority.actor, listing=listing, now=now)
    services.exit_listing(actor=cast.authority.actor, listing=listing, now=now, note="核实材料不实")
    assert (listing.exit_reason, listing.exit_note) == ("removed", "核实材料不实")
    with pytest.raises(StateConflict):
        services.exit_listing(actor=cast.authority.actor, listing=listing, now=now, note="再次")


def expire(now, day: date) -> dict[str, int]:
    """The night of a day."""
    return services.expire_listings(actor=SYSTEM, business_date=day, now=now)


def test_expire_listings_takes_off_who_is_blocked_and_twice_changes_nothing(lists, now):
    push = lists.push()
    assert expire(now, DAY) == {}
    Profile.objects.update(has_block_whitelist=True)
    assert expire(now, DAY) == {"blocked": 1}
    assert expire(now, DAY) == {}
    push.refresh_from_db()
    assert push.state == "recalled"


def test_expire_listings_at_the_end_of_the_term_leaves_pushes_alone(lists, cast, now):
    push = lists.push()
    give(cast.owner, now=now + timedelta(days=150), months=12)
    assert expire(now, date(2027, 5, 14)) == {}
    assert expire(now, date(2027, 5, 15)) == {"expired": 1}
    push.refresh_from_db()
    assert push.state == "pushed"


def test_expire_listings_takes_off_who_withdrew_the_consent(lists, cast, now):
    lists.listing()
    withdraw_consent(actor=cast.owner.actor, consent_id=Consent.objects.get().pk, now=now)
    assert expire(now, DAY) == {"consent_ended": 1}


def test_load_decline_reasons_adds_only_what_is_new(lists, cast, now):
    rows = [
        {
            "code": "no_need",
            "label": "改写",
            "effective_from": "2024-10-15",
            "effective_to": None,
            "source_document": "x",
            "certainty": "ours",
        }
    ]
    assert services.load_decline_reasons(actor=SYSTEM, rows=rows, now=now) == 0
    assert ("no_need", "企业暂无融资需求") in selectors.decline_reasons(DAY)
    with pytest.raises(NotPermitted):
        services.load_decline_reasons(actor=cast.authority.actor, rows=rows, now=now)


def test_a_closed_programme_keeps_its_listings(lists, cast, now):
    listing = lists.listing()
    services.close_programme(actor=cast.authority.actor, programme=lists.programme, now=now)
    listing.refresh_from_db()
    assert (Programme.objects.get().state, listing.state) == ("closed", "active")
