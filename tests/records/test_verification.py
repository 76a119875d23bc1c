"""A question from asking to a stored fact: over the line and by file, once for everybody, taken back with a consent."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.core import clock
from apps.core.actor import SYSTEM, Actor
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.jobs import run_now
from apps.core.models import AuditEvent, Job, JobState
from apps.core.permit import Permit
from apps.records import selectors, services
from apps.records.models import (
    CatalogueItem,
    Delivery,
    HoldingRecord,
    RefusedAnswer,
    VerificationAdapter,
    VerificationQuestion,
    VerificationRequest,
)
from apps.records.services import adapters
from apps.records.verification import http
from apps.subjects.models import Subject, SubjectCode
from tests.records.support import CODES
from tests.records.verification_source import KEY_ID, SECRET, Source, answer_of, answers, running, says, unsigned
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
ITEM = "real_estate"
Ask = Callable[..., VerificationRequest]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, settings: Any, now: datetime) -> None:
    """Jobs happen at the instant of the tests; no pauses between tries; the environment has a key."""
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(http, "FIRST_WAIT_SECONDS", 0)
    settings.VERIFICATION_KEYS = {KEY_ID: SECRET}


@pytest.fixture
def source() -> Iterator[Source]:
    """A source that answers over the line."""
    with running() as found:
        yield found


@pytest.fixture
def subject(cast: Cast, now: datetime) -> Subject:
    """宏远制造 as the register knows it."""
    found = Subject.objects.get(pk=cast.owner.actor.subject_id)
    found.code = CODES[1]
    found.save()
    SubjectCode.objects.create(subject=found, code=found.code, seen_from_at=now)
    return found


@pytest.fixture
def adapter(cast: Cast, now: datetime) -> VerificationAdapter:
    """The department answers by file."""
    services.set_source(actor=SYSTEM, organization=cast.department.organization, item_codes=[ITEM], now=now)
    return configure(cast, now, kind="file")


@pytest.fixture
def online(adapter: VerificationAdapter, cast: Cast, source: Source, now: datetime) -> VerificationAdapter:
    """The department answers over the line."""
    return configure(cast, now, kind="http", address=source.address, key_id=KEY_ID)


def configure(cast: Cast, now: datetime, **values: Any) -> VerificationAdapter:
    """Set how the department is asked."""
    organization_id = cast.department.organization.pk
    return services.configure_adapter(
        actor=cast.operator.actor, organization_id=organization_id, values=values, now=now
    )


@pytest.fixture
def ask(cast: Cast, subject: Subject, now: datetime) -> Ask:
    """The firm asks about itself, unless another actor and permit are given; the worker does its job at once."""

    def act(actor: Actor | None = None, at: datetime = now, work: bool = True, **values: Any) -> VerificationRequest:
        actor = actor or cast.owner.actor
        own = actor.subject_id == subject.pk
        terms = {"purpose": "own", "items": frozenset({ITEM}), "access_record_id": None, "own": own} | values
        permit = Permit(subject.pk, actor_organization_id=actor.organization_id, opened_at=at, **terms)
        request = services.ask_source(actor=actor, subject_id=subject.pk, item_code=ITEM, permit=permit, now=at)
        if work and request.question.job and not request.from_store:
            run_now(request.question.job)
            take_in(request.question)
        request.question.refresh_from_db()
        return request

    return act


def take_in(question: VerificationQuestion) -> None:
    """Let intake do its job."""
    question.refresh_from_db()
    if question.delivery and question.delivery.job:
        job = run_now(question.delivery.job)
        assert job.state == JobState.DONE, job.error
    question.refresh_from_db()


def receive(cast: Cast, adapter: VerificationAdapter, now: datetime, *lines: str) -> services.Taken:
    """The department hands in a file of answers, and intake does its job."""
    taken = services.receive_answers(
        actor=cast.department.actor,
        adapter=adapter,
        item=CatalogueItem.objects.get(code=ITEM),
        file_name="不动产核验结果.jsonl",
        stream=BytesIO("\n".join(lines).encode()),
        now=now,
    )
    if taken.delivery_id:
        run_now(Delivery.objects.get(pk=taken.delivery_id).job)
    return taken


def export(cast: Cast, adapter: VerificationAdapter, now: datetime, batch: str = "") -> list[dict[str, Any]]:
    """The department takes a batch of questions out."""
    item = CatalogueItem.objects.get(code=ITEM)
    _, content = services.export_questions(
        actor=cast.department.actor, adapter=adapter, item=item, now=now, batch=batch
    )
    return [json.loads(text) for text in content.decode().splitlines()]


def test_an_answer_over_the_line_becomes_a_fact(online: VerificationAdapter, ask: Ask, subject: Subject) -> None:
    question = ask().question
    assert question.state == "stored"
    fact = HoldingRecord.objects.get(subject_id=subject.pk, item_code=ITEM)
    assert (fact.encumbered, fact.extra["has_real_estate"], fact.extra["sealed"]) == (True, "是", "否")
    assert fact.extra["request_no"] == question.request_no
    assert (fact.delivery_id, fact.row_number) == (question.delivery_id, question.row_number)
    delivery = Delivery.objects.get()
    assert (delivery.way_in, delivery.accepted, delivery.received_from) == ("answer", 1, "系统")
    assert len(question.digest) == 64
    assert set(AuditEvent.objects.values_list("verb", flat=True)) >= {
        "records.configure_adapter", "records.ask_source", "records.take_answers", "records.settle_answers"
    }  # fmt: skip


def test_both_time_axes_hold(online: VerificationAdapter, ask: Ask, source: Source, subject: Subject, now: datetime,
                             monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    ask()
    later = now + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    source.script = [answers(mortgaged="否")]
    assert ask(at=later).question.state == "stored"
    facts = HoldingRecord.objects.filter(subject_id=subject.pk).order_by("recorded_at")
    assert [(fact.encumbered, fact.superseded_at) for fact in facts] == [(True, later), (False, None)]
    known = selectors.as_known(facts, now + timedelta(days=1))
    assert [fact.encumbered for fact in known] == [True]


def test_what_was_answered_lately_is_not_asked_again(
    online: VerificationAdapter, ask: Ask, source: Source, now: datetime
) -> None:
    first = ask()
    again = ask(at=now + timedelta(days=29))
    assert (again.question, again.from_store, first.from_store) == (first.question, True, False)
    assert len(source.asked) == 1
    assert VerificationRequest.objects.count() == 2


def test_one_question_serves_everybody_who_waits(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, now: datetime
) -> None:
    mine = ask()
    theirs = ask(cast.bank_officer.actor, purpose="pre_loan_review", access_record_id=7)
    assert (mine.question, theirs.from_store, mine.question.state) == (theirs.question, False, "waiting")
    twin = VerificationQuestion.objects.get(pk=mine.question_id)
    twin.pk, twin.request_no = None, "HY-twin"
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


def test_a_permit_for_something_else_asks_nothing(
    online: VerificationAdapter, ask: Ask, cast: Cast, subject: Subject, now: datetime
) -> None:
    bank = cast.bank_officer.actor
    with pytest.raises(NotPermitted):
        ask(bank, items=frozenset({"tax_payment"}))
    stolen = Permit(subject.pk, "own", frozenset({ITEM}), None, cast.owner.actor.organization_id, now, own=True)
    with pytest.raises(NotPermitted):
        services.ask_source(actor=bank, subject_id=subject.pk, item_code=ITEM, permit=stolen, now=now)
    with pytest.raises(NotPermitted):
        services.ask_source(actor=cast.owner.actor, subject_id=subject.pk + 1, item_code=ITEM, permit=stolen, now=now)
    assert not VerificationQuestion.objects.exists()


def test_only_verification_items_with_an_adapter_are_asked(cast: Cast, subject: Subject, now: datetime) -> None:
    actor = cast.owner.actor
    permit = Permit(subject.pk, "own", frozenset(), None, actor.organization_id, now, own=True)
    for code, why in ((ITEM, "还没有开通核验通道"), ("social_insurance", "不以数据核验方式提供")):
        with pytest.raises(InvalidInput, match=why):
            services.ask_source(actor=actor, subject_id=subject.pk, item_code=code, permit=permit, now=now)


@pytest.mark.parametrize(
    ("changes", "state", "message"),
    [
        ({"result": "查无此主体"}, "unmatched", ""),
        ({"result": "无法核验"}, "unknown", ""),
        ({"mortgaged": "也许"}, "refused", "“是否抵押”的值“也许”不在代码表内，可填：否、是。"),
        ({"hasRealEstate": None}, "refused", "必填项“是否有不动产登记”为空。"),
        ({"verifiedOn": "2099-01-01"}, "refused", "“核验日期”的值“2099-01-01”晚于接收日期。"),
        ({"uscc": "91610305YY0756CE27"}, "failed", "答复的是另一主体（91610305YY0756CE27），"),
        ({"verifiedOn": "2026-11-14"}, "failed", "答复日期2026-11-14早于提问日期2026-11-15。"),
    ],
)
def test_other_answers(
    online: VerificationAdapter, ask: Ask, source: Source, changes: dict[str, Any], state: str, message: str
) -> None:
    source.script = [answers(**changes)]
    question = ask().question
    assert question.state == state
    assert question.message.startswith(message)
    assert HoldingRecord.objects.filter(item_code=ITEM).count() == 0
    assert RefusedAnswer.objects.count() == (state == "failed")


def test_a_source_that_is_down_is_asked_again_later_and_then_given_up(
    online: VerificationAdapter, ask: Ask, source: Source
) -> None:
    source.script = [unsigned(500)]
    question = ask().question
    assert (question.state, question.rounds, question.job.state) == ("waiting", 1, JobState.QUEUED)
    assert "HTTP 500" in question.job.progress_note
    source.script = [answers()]
    run_now(question.job)
    take_in(question)
    assert question.state == "stored"
    assert {asked["requestId"] for asked in source.asked} == {question.request_no}
    online.refresh_from_db()
    assert (online.failures, online.last_error != "") == (0, True)


def test_after_the_last_round_the_question_has_failed(
    online: VerificationAdapter, ask: Ask, source: Source, cast: Cast, now: datetime
) -> None:
    VerificationAdapter.objects.update(failures_to_open=100)
    source.script = [unsigned(503)]
    question = ask().question
    for _ in range(4):
        run_now(question.job)
    question.refresh_from_db()
    assert (question.state, question.message) == ("failed", "对方暂时不能处理（HTTP 503）。")
    assert question.job.state != JobState.FAILED
    assert ask().question.pk != question.pk, "what failed may be asked anew"


def test_an_answer_that_is_not_trusted_ends_the_question(online: VerificationAdapter, ask: Ask, source: Source) -> None:
    source.script = [answers({"secret": b"x" * 32})]
    question = ask().question
    assert (question.state, len(source.asked)) == ("failed", 1)
    assert "签名不符" in question.message
    assert SECRET.decode() not in json.dumps(list(AuditEvent.objects.values_list("after", "reason")))


def test_the_breaker_opens_rests_and_probes(
    online: VerificationAdapter, ask: Ask, source: Source, monkeypatch: pytest.MonkeyPatch, cast: Cast
) -> None:
    VerificationAdapter.objects.update(failures_to_open=2)
    source.script = [unsigned(500)]
    question = ask().question
    run_now(question.job)
    online.refresh_from_db()
    asked = len(source.asked)
    assert (online.failures, online.opened_at is not None, asked) == (2, True, 6)
    assert AuditEvent.objects.filter(verb="records.open_breaker").count() == 1
    state = selectors.adapter_visible_to(cast.operator.actor, online.pk, clock.machine_now())
    assert (state.state, state.label) == ("open", "已熔断")
    job = run_now(question.job)
    assert (len(source.asked), job.state) == (asked, JobState.QUEUED)
    assert "连续失败" in job.progress_note
    later = clock.machine_now() + timedelta(seconds=61)
    VerificationAdapter.objects.update(opened_at=later - timedelta(seconds=122))
    assert adapters.admitted(online)
    assert not adapters.admitted(online), "one probe at a time"
    VerificationAdapter.objects.update(probe_until=None)
    source.script = [answers()]
    run_now(question.job)
    take_in(question)
    online.refresh_from_db()
    assert (question.state, online.failures, online.opened_at) == ("stored", 0, None)


def test_a_paused_source_is_not_asked(
    online: VerificationAdapter, ask: Ask, source: Source, cast: Cast, now: datetime
) -> None:
    operator = cast.operator.actor
    with pytest.raises(InvalidInput):
        services.pause_adapter(actor=operator, adapter_id=online.pk, reason=" ", now=now)
    services.pause_adapter(actor=operator, adapter_id=online.pk, reason="对方停机维护", now=now)
    question = ask().question
    assert (question.state, len(source.asked)) == ("waiting", 0)
    assert "已暂停" in question.job.progress_note
    with pytest.raises(StateConflict):
        services.pause_adapter(actor=operator, adapter_id=online.pk, reason="再停", now=now)
    services.resume_adapter(actor=operator, adapter_id=online.pk, now=now)
    run_now(question.job)
    take_in(question)
    assert question.state == "stored"


def test_only_operators_set_pause_and_try(online: VerificationAdapter, cast: Cast, now: datetime) -> None:
    for person in (cast.department, cast.owner, cast.bank_officer, cast.auditor):
        with pytest.raises(NotPermitted):
            services.pause_adapter(actor=person.actor, adapter_id=online.pk, reason="停", now=now)
        with pytest.raises(NotPermitted):
            services.resume_adapter(actor=person.actor, adapter_id=online.pk, now=now)
        with pytest.raises(NotPermitted):
            services.request_try(actor=person.actor, adapter_id=online.pk, now=now)
        with pytest.raises(NotPermitted):
            services.configure_adapter(
                actor=person.actor, organization_id=cast.department.organization.pk, values={"kind": "file"}, now=now
            )
    with pytest.raises(NotVisible):
        services.pause_adapter(actor=cast.operator.actor, adapter_id=0, reason="停", now=now)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "http://10.0.0.1/"}, "address"),
        ({"key_id": ""}, "key_id"),
        ({"key_id": "nobody-has-it"}, "key_id"),
        ({"key_id": "坏"}, "key_id"),
        ({"previous_key_id": "nobody-has-it"}, "previous_key_id"),
    ],
)
def test_an_adapter_is_checked(
    adapter: VerificationAdapter, cast: Cast, now: datetime, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        configure(cast, now, **{"kind": "http", "address": "https://example.gov.cn/", "key_id": KEY_ID, **changes})
    assert field in (refused.value.fields or {})
    adapter.refresh_from_db()
    assert adapter.kind == "file"


@pytest.mark.parametrize(("act", "answered"), [(answers(result="查无此主体"), True), (says(b"{}"), False)])
def test_trying_a_source_out_tells_nothing_of_anybody(
    online: VerificationAdapter, source: Source, cast: Cast, now: datetime, act: Any, answered: bool
) -> None:
    source.script = [act]
    job = run_now(services.request_try(actor=cast.operator.actor, adapter_id=online.pk, now=now))
    assert (job.state, job.result["answered"]) == (JobState.DONE, answered)
    assert source.asked[0]["uscc"] == adapters.NOBODY
    assert not VerificationQuestion.objects.exists()
    online.refresh_from_db()
    assert online.failures == (0 if answered else 1)


def test_a_batch_goes_out_once_and_its_answers_become_facts(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, subject: Subject, now: datetime
) -> None:
    question = ask().question
    (sent,) = export(cast, adapter, now)
    assert (sent["requestId"], sent["uscc"], sent["name"]) == (question.request_no, subject.code, subject.name)
    with pytest.raises(StateConflict):
        export(cast, adapter, now)
    question.refresh_from_db()
    assert (question.state, export(cast, adapter, now, question.batch)) == ("sent", [sent])
    answer = json.dumps(answer_of(sent))
    taken = receive(cast, adapter, now, answer)
    question.refresh_from_db()
    assert (dict(taken.states), question.state) == ({"received": 1}, "stored")
    assert HoldingRecord.objects.get(subject_id=subject.pk).encumbered is True
    assert Delivery.objects.get().received_from == cast.department.actor.name


def test_every_line_that_is_no_answer_is_refused_by_itself(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, now: datetime
) -> None:
    waiting = ask().question
    early = json.dumps(answer_of({"requestId": waiting.request_no, "uscc": "", "name": "", "askedAt": "2026-11-15"}))
    assert "尚未导出" in receive(cast, adapter, now, early).refused[0].message
    (sent,) = export(cast, adapter, now)
    good = json.dumps(answer_of(sent))
    lines = [
        json.dumps(answer_of(sent, requestId="HY-unknown")),
        json.dumps(answer_of(sent, uscc="91610305YY0756CE27")),
        json.dumps(answer_of(sent, verifiedOn="2026-11-01")),
        "{坏",
        good,
        good,
    ]
    taken = receive(cast, adapter, now, *lines)
    assert [(refused.line_number, refused.message[:12]) for refused in taken.refused] == [
        (1, "没有向该单位提出过编号为"),
        (2, "答复的是另一主体（916"),
        (3, "答复日期2026-11-"),
        (4, "不是一个完整的JSON对"),
        (6, f"编号“{sent['requestId']}"[:12]),
    ]
    assert dict(taken.states) == {"received": 1}
    again = receive(cast, adapter, now, good)
    assert "已有答复" in again.refused[0].message
    assert again.delivery_id is None
    assert Delivery.objects.get().accepted == 1
    kept = RefusedAnswer.objects.filter(message__startswith="没有向").get()
    assert json.loads(kept.original_text)["requestId"] == "HY-unknown"


def test_a_foreign_department_neither_takes_out_nor_hands_in(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, now: datetime
) -> None:
    ask()
    item = CatalogueItem.objects.get(code=ITEM)
    for person in (cast.owner, cast.bank_officer, cast.authority):
        with pytest.raises(NotPermitted):
            services.export_questions(actor=person.actor, adapter=adapter, item=item, now=now)
        with pytest.raises(NotPermitted):
            services.receive_answers(
                actor=person.actor, adapter=adapter, item=item, file_name="a", stream=BytesIO(b"{}"), now=now
            )


def test_a_withdrawn_consent_takes_the_question_back(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, now: datetime
) -> None:
    bank = cast.bank_officer.actor
    question = ask(bank, purpose="pre_loan_review", access_record_id=7).question
    (sent,) = export(cast, adapter, now)
    assert services.cancel_requests(actor=cast.owner.actor, access_record_ids=[8], now=now) == 0
    assert services.cancel_requests(actor=cast.owner.actor, access_record_ids=[7], now=now) == 1
    question.refresh_from_db()
    assert (question.state, question.message) == ("cancelled", "企业已撤回授权。")
    taken = receive(cast, adapter, now, json.dumps(answer_of(sent)))
    assert taken.refused[0].message == "企业已撤回授权，核验请求已取消，答复未采用。"
    assert not HoldingRecord.objects.filter(item_code=ITEM).exists()
    assert services.cancel_requests(actor=cast.owner.actor, access_record_ids=[7], now=now) == 0


def test_a_question_that_others_wait_for_stays(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, now: datetime
) -> None:
    ask(cast.bank_officer.actor, access_record_id=7)
    question = ask(cast.other_bank_officer.actor, access_record_id=8).question
    assert services.cancel_requests(actor=cast.owner.actor, access_record_ids=[7], now=now) == 0
    question.refresh_from_db()
    assert question.state == "waiting"
    assert services.cancel_requests(actor=cast.owner.actor, access_record_ids=[8], now=now) == 1


def test_a_cancelled_question_is_not_put(
    online: VerificationAdapter, ask: Ask, source: Source, cast: Cast, now: datetime
) -> None:
    question = ask(cast.bank_officer.actor, access_record_id=7, work=False).question
    services.cancel_requests(actor=cast.owner.actor, access_record_ids=[7], now=now)
    job = run_now(question.job)
    assert (job.result, source.asked) == ({"state": "cancelled"}, [])


def test_what_waits_too_long_is_given_up_and_asked_anew(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, now: datetime
) -> None:
    first = ask().question
    later = now + timedelta(days=15)
    second = ask(at=later).question
    first.refresh_from_db()
    assert (first.state, second.state, second.pk != first.pk) == ("expired", "waiting", True)
    (sent,) = export(cast, adapter, later)
    assert sent["requestId"] == second.request_no


def test_a_change_of_kind_puts_what_waits(
    adapter: VerificationAdapter, ask: Ask, cast: Cast, source: Source, now: datetime
) -> None:
    question = ask().question
    first = question.job
    configure(cast, now, kind="http", address=source.address, key_id=KEY_ID)
    question.refresh_from_db()
    assert question.job != first
    run_now(question.job)
    take_in(question)
    assert question.state == "stored"


def test_jobs_run_twice_ask_once(online: VerificationAdapter, ask: Ask, source: Source, now: datetime) -> None:
    question = ask().question
    Job.objects.filter(pk=question.job_id).update(state=JobState.QUEUED, finished_at=None)
    assert run_now(question.job).result == {"state": "stored"}
    assert len(source.asked) == 1
    assert services.settle_answers(delivery_id=question.delivery_id or 0, now=now) == {}


def test_who_sees_what(adapter: VerificationAdapter, ask: Ask, cast: Cast) -> None:
    ask()
    ask(cast.bank_officer.actor, access_record_id=7)
    seen = {name: selectors.verification_requests_visible_to(cast[name].actor).count() for name in (
        "owner", "accountant", "stranger", "bank_officer", "bank_approver", "other_bank_officer", "operator", "auditor"
    )}  # fmt: skip
    assert seen == {
        "owner": 2, "accountant": 2, "stranger": 0, "bank_officer": 1, "bank_approver": 1, "other_bank_officer": 0,
        "operator": 0, "auditor": 2,
    }  # fmt: skip
    for name, count in {"operator": 1, "department": 1, "owner": 0, "bank_officer": 0, "authority": 0}.items():
        assert selectors.questions_visible_to(cast[name].actor, adapter).count() == count
        assert len(selectors.adapters_visible_to(cast[name].actor, clock.machine_now())) == count
