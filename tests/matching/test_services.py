"""Posting, matching, sending and answering: who may, when, and what it leaves."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from apps.consents.models import AccessReason, AccessRecord
from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.jobs import run_now
from apps.core.models import AuditEvent
from apps.matching import services
from apps.matching.importing import InvalidNeed
from apps.matching.models import Dispatch, FinancingNeed, Match, MatchRun
from apps.matching.workflow import ACCEPTED, CLOSED, DECLINED, DISPATCH, OPEN, RECALLED, SENT
from tests.matching.factories import TODAY, need, profile
from tests.matching.test_importing import FILE, GOOD, file_of
from tests.products.factories import published

pytestmark = pytest.mark.django_db
CRITERIA = [{"slug": "region_within", "value": ["610305"]}, {"slug": "tax_grade_in", "value": ["A", "B"]}]


def last_event():
    return AuditEvent.objects.order_by("-id").first()


@pytest.fixture
def version(cast, now):
    return published(cast, now, criteria=CRITERIA)


@pytest.fixture
def portrait(cast, now):
    return profile(cast.owner.organization.subject, now)


@pytest.mark.parametrize("who", ["owner", "accountant"])
def test_post_need_by_the_people_of_a_firm(cast, now, who):
    posted = need(cast, now, who=who)
    assert (posted.subject, posted.state, posted.submitted_on) == (cast.owner.organization.subject, OPEN, TODAY)
    assert (last_event().verb, last_event().subject_id) == ("matching.post_need", posted.subject_id)


@pytest.mark.parametrize(
    "who", ["bank_officer", "bank_approver", "authority", "department", "regulator", "operator", "auditor"]
)
def test_post_need_is_refused_to_everybody_else(cast, now, who):
    with pytest.raises(NotPermitted):
        need(cast, now, who=who)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_yuan": Decimal(0)}, "amount_yuan"),
        ({"term_months": 0}, "term_months"),
        ({"term_months": 601}, "term_months"),
        ({"purpose": "shares"}, "purpose"),
        ({"max_rate_pct": Decimal(0)}, "max_rate_pct"),
        ({"max_rate_pct": Decimal("4.355")}, "max_rate_pct"),
    ],
)
def test_post_need_refuses_what_cannot_be(cast, now, changes, field):
    with pytest.raises(InvalidNeed) as refusal:
        need(cast, now, **changes)
    assert list(refusal.value.fields) == [field]


def test_the_same_amount_is_posted_once_a_day(cast, now):
    need(cast, now)
    with pytest.raises(InvalidNeed, match="今天已经发布过同样金额的融资需求"):
        need(cast, now)


def test_run_match_keeps_facts_versions_digest_and_a_reason_for_every_criterion(cast, now, version, portrait):
    posted = need(cast, now)
    run = services.run_match(actor=cast.owner.actor, need=posted, now=now)
    assert (run.met_count, run.unknown_count, run.not_met_count) == (1, 0, 0)
    assert (run.version_ids, run.profile_digest, run.lpr["1Y"]) == ([version.pk], portrait.payload_digest, "3.00")
    assert (run.facts["annual_revenue_yuan"], run.facts["need_max_rate_pct"]) == ("12000000.00", "5.00")
    match = run.matches.get()
    assert [finding["text"] for finding in match.verdicts] == [
        "融资金额100万元，在10万元至300万元的额度内。",
        "融资期限12个月，符合产品期限（不超过12个月）。",
        "可接受的最高年利率为5.00%，产品最低年利率为3.50%。",
        "可以采用信用方式。",
        "登记在凤翔区，在适用区域（凤翔区）内。",
        "纳税缴费信用级别为A，在接受的级别（A、B）内。",
        "登记状态为存续。",
        "没有阻断融资申请的失信记录。",
    ]
    assert last_event().verb == "matching.run_match"
    assert not AccessRecord.objects.exists()


def test_run_match_keeps_unknown_apart_from_not_met(cast, now, version):
    subject = cast.owner.organization.subject
    profile(subject, now, tax_grade="", has_block_application=False)
    posted = need(cast, now)
    run = services.run_match(actor=cast.owner.actor, need=posted, now=now)
    assert (run.met_count, run.unknown_count, run.not_met_count) == (0, 1, 0)
    finding = next(f for f in run.matches.get().verdicts if f["slug"] == "tax_grade_in")
    assert (finding["verdict"], finding["missing"]) == ("unknown", ["tax_grade"])


def test_a_firm_without_profile_is_told_what_is_missing(cast, now, version):
    run = services.run_match(actor=cast.owner.actor, need=need(cast, now), now=now)
    assert run.matches.get().verdict == "unknown"
    assert run.profile_as_of_on is None


def test_the_same_inputs_add_no_second_run_and_a_changed_profile_does(cast, now, version, portrait):
    posted = need(cast, now)
    first = services.run_match(actor=cast.owner.actor, need=posted, now=now)
    again = services.run_match(actor=cast.accountant.actor, need=posted, now=now + timedelta(hours=1))
    assert again == first
    portrait.tax_grade = "C"
    portrait.payload_digest = "q" * 64
    portrait.save()
    third = services.run_match(actor=cast.owner.actor, need=posted, now=now)
    assert third != first
    assert third.not_met_count == 1


def test_the_smallest_change_is_kept_and_true(cast, now, version, portrait):
    posted = need(cast, now, term_months=36)
    change = services.run_match(actor=cast.owner.actor, need=posted, now=now).matches.get().change
    assert (change["fact"], change["before"], change["after"]) == ("need_term_months", 36, 12)
    assert change["text"] == "将融资期限由36个月改为12个月，即可符合全部条件。"
    shorter = need(cast, now, term_months=change["after"], amount_yuan=Decimal("999999.00"))
    assert services.run_match(actor=cast.owner.actor, need=shorter, now=now).met_count == 1


def test_run_match_is_for_the_firm_itself_and_for_open_needs(cast, now, version):
    posted = need(cast, now)
    with pytest.raises(NotVisible):
        services.run_match(actor=cast.stranger.actor, need=posted, now=now)
    with pytest.raises(NotPermitted):
        services.run_match(actor=cast.bank_officer.actor, need=posted, now=now)
    services.close_need(actor=cast.owner.actor, need=posted, now=now)
    with pytest.raises(StateConflict, match="已经结束"):
        services.run_match(actor=cast.owner.actor, need=posted, now=now)


def test_close_need_once_by_its_firm(cast, now):
    posted = need(cast, now)
    with pytest.raises(NotVisible):
        services.close_need(actor=cast.stranger.actor, need=posted, now=now)
    services.close_need(actor=cast.owner.actor, need=posted, now=now)
    assert (posted.state, posted.closed_at, last_event().verb) == (CLOSED, now, "matching.close_need")
    with pytest.raises(StateConflict):
        services.close_need(actor=cast.owner.actor, need=posted, now=now)


def _sent(cast, now, version, **changes):
    posted = need(cast, now, **changes)
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    return services.send_need(actor=cast.owner.actor, need=posted, product_version=version, now=now)


def test_send_need_gives_the_bank_its_reason_to_look(cast, now, version, portrait):
    dispatch = _sent(cast, now, version)
    reason = AccessReason.objects.get()
    assert (reason.organization, reason.subject_id) == (version.product.organization, dispatch.need.subject_id)
    assert (reason.kind, reason.until_on) == ("match", TODAY + timedelta(days=30))
    event = AuditEvent.objects.get(verb="matching.send_need")
    assert event.subject_id == dispatch.need.subject_id


def test_send_need_refuses_what_was_not_matched(cast, now, version, portrait):
    posted = need(cast, now)
    with pytest.raises(InvalidInput, match="请重新匹配"):
        services.send_need(actor=cast.owner.actor, need=posted, product_version=version, now=now)
    unfit = need(cast, now, amount_yuan=Decimal("9000000.00"))
    services.run_match(actor=cast.owner.actor, need=unfit, now=now)
    with pytest.raises(InvalidInput, match="有条件不符合"):
        services.send_need(actor=cast.owner.actor, need=unfit, product_version=version, now=now)
    assert not Dispatch.objects.exists()
    assert not AccessReason.objects.exists()


def test_send_need_refuses_a_second_time_a_closed_need_and_a_product_off_the_market(cast, now, version, portrait):
    dispatch = _sent(cast, now, version)
    send = {"actor": cast.owner.actor, "need": dispatch.need, "product_version": version, "now": now}
    with pytest.raises(StateConflict, match="已经发送"):
        services.send_need(**send)
    version.state = "suspended"
    with pytest.raises(StateConflict, match="目前不受理"):
        services.send_need(**send)
    version.state = "published"
    services.close_need(actor=cast.owner.actor, need=dispatch.need, now=now)
    with pytest.raises(StateConflict, match="已经结束"):
        services.send_need(**send)
    with pytest.raises(NotVisible):
        services.send_need(**send | {"actor": cast.stranger.actor})


def _answer(dispatch, verb, actor, now):
    if verb == "recall":
        services.recall_dispatch(actor=actor, dispatch=dispatch, now=now)
    else:
        services.answer_dispatch(actor=actor, dispatch=dispatch, verb=verb, reason="额度已满", now=now)


@pytest.mark.parametrize(
    "who", ["owner", "accountant", "stranger", "bank_officer", "bank_approver", "other_bank_officer"]
)
@pytest.mark.parametrize("state", [state.value for state in DISPATCH.states])
def test_every_answer_in_every_state_by_every_role(cast, now, version, portrait, state, who):
    dispatch = _sent(cast, now, version)
    if state != SENT:
        verb = {ACCEPTED: "accept", DECLINED: "decline", RECALLED: "recall"}[state]
        _answer(dispatch, verb, cast["owner" if verb == "recall" else "bank_officer"].actor, now)
    actor = cast[who].actor
    mine = who not in {"stranger", "other_bank_officer"}
    for move in DISPATCH.transitions:
        before = transaction.savepoint()
        if mine and move in DISPATCH.allowed(state, actor.roles):
            _answer(dispatch, move.verb, actor, now)
            assert dispatch.state == move.target
            assert AuditEvent.objects.filter(verb=f"matching.{move.verb}_dispatch").exists()
            assert AccessReason.objects.filter(closed_at=None).exists() == (move.target == ACCEPTED)
        else:
            with pytest.raises((NotPermitted, NotVisible, StateConflict)):
                _answer(dispatch, move.verb, actor, now)
        transaction.savepoint_rollback(before)
        dispatch.refresh_from_db()
        assert dispatch.state == state


def test_declining_needs_a_reason(cast, now, version, portrait):
    dispatch = _sent(cast, now, version)
    with pytest.raises(InvalidInput) as refusal:
        services.answer_dispatch(actor=cast.bank_officer.actor, dispatch=dispatch, verb="decline", now=now)
    assert "reason" in refusal.value.fields


def test_import_needs_enters_known_subjects_and_rejects_the_rest_by_row(cast, now):
    subject = cast.owner.organization.subject
    subject.code = GOOD[0]
    subject.save(update_fields=["code"])
    unknown = ["91610305YYL01D270E", *GOOD[1:]]
    content = file_of(GOOD, unknown, GOOD, [GOOD[0], GOOD[1], "150万", *GOOD[3:]])
    imported = {"actor": cast.operator.actor, "content": content, "business_date": TODAY, "now": now}
    report = services.import_needs(**imported)
    assert (report.read, report.not_data, len(report.created), report.duplicates, report.renamed) == (5, 1, 1, 1, 1)
    assert [(rejection.row, rejection.message) for rejection in report.rejected] == [
        (3, "该代码不是已登记的信用主体。"),
        (5, "应为不带单位的数字。"),
    ]
    assert (report.created[0].subject, report.created[0].source) == (subject, "window")
    assert last_event().verb == "matching.import_needs"
    again = services.import_needs(**imported)
    assert (len(again.created), again.duplicates) == (0, 2)
    assert FinancingNeed.objects.count() == 1


def test_import_needs_is_for_the_administrator(cast, now):
    with pytest.raises(NotPermitted):
        services.import_needs(actor=cast.bank_officer.actor, content=FILE.read_bytes(), business_date=TODAY, now=now)


def test_the_job_matches_every_open_need_against_every_product_and_may_run_twice(cast, now, version, portrait):
    other = published(cast, now, name="第二产品", criteria=CRITERIA)
    first, second = need(cast, now), need(cast, now, who="stranger")
    closed = need(cast, now, amount_yuan=Decimal("500000.00"))
    services.close_need(actor=cast.owner.actor, need=closed, now=now)
    job = services.start_matching(actor=cast.operator.actor, business_date=TODAY, now=now)
    assert services.start_matching(actor=cast.operator.actor, business_date=TODAY, now=now) == job
    job = run_now(job)
    assert (job.state, job.result) == ("done", {"needs": 2, "products": 2, "judged": 4})
    assert (job.progress_done, job.progress_total) == (2, 2)
    assert Match.objects.count() == 4
    assert {run.need for run in MatchRun.objects.order_by("pk")} == {first, second}
    assert AccessRecord.objects.get().subjects_count == 2
    one = services.run_match(actor=cast.owner.actor, need=first, now=now)
    assert one == MatchRun.objects.get(need=first)
    assert one.version_ids == [version.pk, other.pk]


def test_start_matching_is_for_the_administrator_and_the_night(cast, now):
    services.start_matching(actor=SYSTEM, business_date=TODAY, now=now)
    assert last_event().verb == "matching.start_matching"
    with pytest.raises(NotPermitted):
        services.start_matching(actor=cast.bank_officer.actor, business_date=TODAY, now=now)
