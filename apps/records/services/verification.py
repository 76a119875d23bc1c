"""数据核验: a question goes to its source once, whoever waits for its answer. The right to ask is a Permit, which only
the gate above gives; a withdrawn consent takes back what was not yet answered (pitfalls F3).
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.jobs import Lease, Postponed
from apps.core.permit import Permit
from apps.records.models import CatalogueItem, VerificationAdapter, VerificationQuestion, VerificationRequest
from apps.records.models.verification import ANSWERED_STATES, OPEN_STATES
from apps.records.policies import can_deliver
from apps.records.selectors import question_of, spec_of
from apps.records.services import adapters
from apps.records.services.answers import take_reply
from apps.records.verification.adapters import SourceFailed, SourceUnavailable, key_of, parameters_of
from apps.records.verification.file_backed import write_batch
from apps.reference.selectors import figure
from apps.subjects.models import Subject

MAX_ROUNDS: Final = 5
MAX_BATCH: Final = 20_000


def ask_source(
    *,
    actor: Actor,
    subject_id: int,
    item_code: str,
    permit: Permit,
    now: datetime,
    parameters: Mapping[str, str] | None = None,
) -> VerificationRequest:
    """Ask what is known of a subject; a worker puts the question. Call it in the transaction that opened the gate.

    What was answered within the days of `verification_reuse_days` is not asked again, what is being asked is waited
    for. Raises NotPermitted when the permit is not for this, InvalidInput when the item cannot be asked.
    """
    permit.require(subject_id, item_code)
    if permit.actor_organization_id != actor.organization_id:
        raise NotPermitted("这次查询的授权不是给本单位的。")
    item = CatalogueItem.objects.filter(code=item_code, is_active=True, sharing_mode="verification").first()
    if item is None:
        raise InvalidInput("这一项不以数据核验方式提供。", fields={"item": "这一项不以数据核验方式提供。"})
    adapter = VerificationAdapter.objects.filter(source__items=item, source__is_active=True).order_by("pk").first()
    if adapter is None:
        raise InvalidInput(f"“{item.name}”还没有开通核验通道，请联系平台管理员。")
    asked = parameters_of(spec_of(item), parameters or {}, business_date(now))
    with transaction.atomic():
        # One asker at a time per subject, so that two do not put the same question.
        subject = Subject.objects.select_for_update(of=("self",), no_key=True).get(pk=subject_id)
        question = _answered_or_open(subject, item, asked, actor, now)
        from_store = question is not None and question.state in ANSWERED_STATES
        if question is None:
            question = _new(subject, item, adapter, asked, permit, now)
            adapters.enqueue(question, actor=actor, key=question.request_no, now=now)
        request = VerificationRequest.objects.create(
            question=question,
            at=now,
            actor_id=actor.user_id,
            actor_name=actor.name,
            organization_id=actor.organization_id,
            organization_name=actor.organization_name,
            purpose=permit.purpose,
            access_record_id=permit.access_record_id,
            own=permit.own,
            from_store=from_store,
        )
        audit.record(
            actor=actor,
            verb="records.ask_source",
            target=question,
            now=now,
            subject_id=subject_id,
            after={"purpose": permit.purpose, "from_store": from_store, "access_record_id": permit.access_record_id},
        )
    return request


def _answered_or_open(
    subject: Subject, item: CatalogueItem, asked: Mapping[str, str], actor: Actor, now: datetime
) -> VerificationQuestion | None:
    """The same question where it was answered not long ago or is on its way; one that lasts too long is given up."""
    on = business_date(now)
    key = key_of(spec_of(item), asked, on)
    same = VerificationQuestion.objects.filter(subject=subject, item=item, parameters_key=key)
    reuse_from = now - timedelta(days=int(figure("verification_reuse_days", on)))
    answered = same.filter(state__in=ANSWERED_STATES, answered_at__gt=reuse_from).order_by("-answered_at", "-pk")
    if found := answered.first():
        return found
    wait_from = now - timedelta(days=int(figure("verification_wait_days", on)))
    for question in same.filter(state__in=(*OPEN_STATES, "received")).order_by("pk"):
        if question.asked_at > wait_from:
            return question
        _end(question, "expired", "对方没有在规定的期限内答复。", actor=actor, now=now)
    return None


def _new(
    subject: Subject,
    item: CatalogueItem,
    adapter: VerificationAdapter,
    asked: Mapping[str, str],
    permit: Permit,
    now: datetime,
) -> VerificationQuestion:
    on = business_date(now)
    return VerificationQuestion.objects.create(
        adapter=adapter,
        item=item,
        subject=subject,
        request_no=f"HY{on:%Y%m%d}{secrets.randbelow(10**12):012d}",
        code=subject.code,
        name=subject.name,
        parameters=dict(asked),
        parameters_key=key_of(spec_of(item), asked, on),
        purpose=permit.purpose,
        asked_at=now,
    )


def put_question(*, lease: Lease, now: datetime) -> dict[str, Any]:
    """The job of `ask_source`: put the question to its source and take the reply, or leave it to the next batch.

    Raises Postponed while the source is paused, its breaker open or its answer missing; after some rounds the question
    has failed. A worker that was killed puts the same request number again.
    """
    rows = VerificationQuestion.objects.select_related("adapter__source__organization", "item")
    question = rows.get(pk=lease.payload["question_id"])
    if question.state != "waiting":
        return {"state": question.state}
    wait_days = int(figure("verification_wait_days", business_date(now)))
    if question.asked_at <= now - timedelta(days=wait_days):
        return _end(question, "expired", "对方没有在规定的期限内答复。", actor=lease.actor, now=now)
    adapter = question.adapter
    if adapter.is_paused:
        raise Postponed("该单位的核验通道已暂停，恢复后自动继续")
    if not adapters.admitted(adapter):
        raise Postponed("该单位的核验接口连续失败，正在等待恢复后再试")
    try:
        client = adapters.client_for(adapter, spec_of(question.item))
        reply = client.ask(question_of(question), lambda note: lease.progress(0, 1, note))
    except SourceFailed as error:
        return _failed(question, error, lease, now)
    if reply is None:
        return {"state": "waiting"}
    fault = take_reply(question=question, reply=reply, now=now)
    if not fault:
        adapters.note_answer(adapter, now=now)
        question.refresh_from_db()
        return {"state": question.state}
    adapters.note_failure(adapter, fault, actor=lease.actor, now=now)
    return _end(question, "failed", fault, actor=lease.actor, now=now)


def _failed(question: VerificationQuestion, error: SourceFailed, lease: Lease, now: datetime) -> dict[str, Any]:
    adapters.note_failure(question.adapter, str(error), actor=lease.actor, now=now)
    question.rounds += 1
    VerificationQuestion.objects.filter(pk=question.pk).update(rounds=question.rounds)
    if isinstance(error, SourceUnavailable) and question.rounds < MAX_ROUNDS:
        raise Postponed(f"{str(error).rstrip('。')}，稍后自动再试")
    return _end(question, "failed", str(error), actor=lease.actor, now=now)


def _end(question: VerificationQuestion, state: str, message: str, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """Close a question that got no usable answer; one that was closed meanwhile stays as it is."""
    with transaction.atomic():
        still = VerificationQuestion.objects.filter(pk=question.pk, state__in=(*OPEN_STATES, "received"))
        if still.update(state=state, message=message) == 1:
            audit.record(
                actor=actor,
                verb="records.end_question",
                target=question,
                now=now,
                subject_id=question.subject_id,
                after={"state": state},
                reason=message,
            )
    question.refresh_from_db()
    return {"state": question.state, "message": question.message}


def cancel_requests(*, actor: Actor, access_record_ids: Collection[int], now: datetime) -> int:
    """For the app above, when a consent is withdrawn: nobody waits under it any more, and questions for which nobody
    else waits are cancelled, answers still on their way refused. Returns how many questions ended.
    """
    mine = VerificationRequest.objects.filter(access_record_id__in=access_record_ids, withdrawn_at=None)
    with transaction.atomic():
        waiting = set(mine.filter(question__state__in=OPEN_STATES).order_by().values_list("question_id", flat=True))
        if not waiting:
            return 0
        questions = VerificationQuestion.objects.select_for_update(of=("self",), no_key=True)
        found = list(questions.filter(pk__in=waiting, state__in=OPEN_STATES).order_by("pk"))
        mine.filter(question__in=found).update(withdrawn_at=now)
        wanted = set(
            VerificationRequest.objects.filter(question__in=found, withdrawn_at=None)
            .order_by()
            .values_list("question_id", flat=True)
        )
        ended = [question for question in found if question.pk not in wanted]
        for question in ended:
            _end(question, "cancelled", "企业已撤回授权。", actor=actor, now=now)
    return len(ended)


def export_questions(
    *, actor: Actor, adapter: VerificationAdapter, item: CatalogueItem, now: datetime, batch: str = ""
) -> tuple[str, bytes]:
    """(batch, JSON lines) of the questions that wait for a source that exchanges files, which are thereby sent; with
    `batch` the same lines once more, less those that ended meanwhile.

    Raises NotPermitted, StateConflict where nothing waits or the source is asked another way.
    """
    if not can_deliver(actor, adapter.source):
        raise NotPermitted("您不能导出该单位的核验请求。")
    if adapter.kind != "file":
        raise StateConflict("该单位经接口核验，不导出文件。")
    if adapter.is_paused and not batch:
        raise StateConflict("该单位的核验通道已暂停。")
    wait_from = now - timedelta(days=int(figure("verification_wait_days", business_date(now))))
    with transaction.atomic():
        rows = VerificationQuestion.objects.select_for_update(of=("self",), no_key=True)
        rows = rows.filter(adapter=adapter, item=item).select_related("item").order_by("pk")
        rows = rows.filter(state="sent", batch=batch) if batch else rows.filter(state="waiting", asked_at__gt=wait_from)
        questions = list(rows[:MAX_BATCH])
        if not questions:
            raise StateConflict(f"没有批次“{batch[:40]}”的未答请求。" if batch else "没有等待发出的核验请求。")
        if not batch:
            batch = f"{business_date(now):%Y%m%d}-{questions[0].pk}"
            VerificationQuestion.objects.filter(pk__in=[question.pk for question in questions]).update(
                state="sent", sent_at=now, batch=batch
            )
        audit.record(
            actor=actor,
            verb="records.export_questions",
            target=adapter,
            now=now,
            after={"batch": batch, "questions": len(questions)},
        )
    return batch, write_batch(question_of(question) for question in questions)
