"""Answers of sources: matched to their questions, handed to intake as a delivery, settled when intake is over.

An answer is a row of the item, so intake judges it, holds or refuses it and writes it like any other row: one
definition, and both time axes hold.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Final

from django.db import transaction

from apps.core import audit
from apps.core.actor import SYSTEM, Actor
from apps.core.clock import business_date
from apps.core.digests import canonical_json, sha256_of
from apps.core.errors import InvalidInput, NotPermitted
from apps.records.catalogue import ItemSpec
from apps.records.manifest import ANSWER, clean_name
from apps.records.models import (
    CatalogueItem,
    HeldRow,
    RefusedAnswer,
    RejectedRow,
    VerificationAdapter,
    VerificationQuestion,
)
from apps.records.models.verification import OPEN_STATES
from apps.records.policies import can_deliver
from apps.records.reading import Unreadable
from apps.records.selectors import question_of, spec_of
from apps.records.services.deliveries import receive_delivery
from apps.records.staging import without_citizen_ids
from apps.records.verification.adapters import NO_SUCH_SUBJECT, UNKNOWN, VERIFIED, Reply, fault_of
from apps.records.verification.file_backed import read_batch

MAX_BATCH_BYTES: Final = 20_000_000
KEPT_OF_TEXT: Final = 2_000
_STATE_OF_RESULT: Final = {VERIFIED: "received", NO_SUCH_SUBJECT: "unmatched", UNKNOWN: "unknown"}


@dataclass(slots=True)
class Taken:
    """What became of the answers of a batch: counts by state, and the refused ones with their sentences."""

    states: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedAnswer] = field(default_factory=list)
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    said: Reply | str


def receive_answers(
    *, actor: Actor, adapter: VerificationAdapter, item: CatalogueItem, file_name: str, stream: BinaryIO, now: datetime
) -> Taken:
    """Take a file of answers in: what answers a question of ours goes to intake, every other line is refused by itself.

    Raises NotPermitted when the actor may not deliver for the source, InvalidInput for a file that cannot be read.
    """
    if not can_deliver(actor, adapter.source):
        raise NotPermitted("您不能为该单位导入核验答复。")
    spec = spec_of(item)
    if stream.seek(0, 2) > MAX_BATCH_BYTES:
        raise InvalidInput("核验答复文件超过20MB，请分份导入。", fields={"file": "文件超过20MB。"})
    try:
        lines = [_Line(*line) for line in read_batch(stream, spec)]
    except Unreadable as error:
        raise InvalidInput(error.message, fields={"file": error.message}) from error
    if not lines:
        raise InvalidInput("文件里没有核验答复。", fields={"file": "文件里没有核验答复。"})
    return take(lines, actor=actor, adapter=adapter, item=item, file_name=clean_name(file_name), now=now)


def take_reply(*, question: VerificationQuestion, reply: Reply, now: datetime) -> str:
    """Take the one reply of a source that answers at once; returns the sentence why not, "" when it was taken."""
    file_name = f"核验答复_{question.request_no}.jsonl"
    taken = take(
        [_Line(1, reply.text, reply)],
        actor=SYSTEM,
        adapter=question.adapter,
        item=question.item,
        file_name=file_name,
        now=now,
    )
    return taken.refused[0].message if taken.refused else ""


def take(
    lines: Sequence[_Line],
    *,
    actor: Actor,
    adapter: VerificationAdapter,
    item: CatalogueItem,
    file_name: str,
    now: datetime,
) -> Taken:
    """Match, move the questions, deliver their rows, keep what was refused: in one transaction."""
    spec, taken = spec_of(item), Taken()
    rows: list[str] = []
    moved: list[VerificationQuestion] = []
    with transaction.atomic():
        numbers = [line.said.request_no for line in lines if isinstance(line.said, Reply)]
        questions = _locked(adapter, item, numbers)
        for line in lines:
            if fault := _fault(line, questions, spec, adapter, now):
                taken.refused.append(_refused(line, fault, adapter, item, file_name, now))
                continue
            assert isinstance(line.said, Reply)
            question = questions[line.said.request_no]
            question.state = _STATE_OF_RESULT[line.said.result]
            question.answered_at, question.digest = now, sha256_of(canonical_json(dict(line.said.cells)))
            taken.states[question.state] += 1
            moved.append(question)
            if question.state == "received":
                rows.append(line.said.line(spec))
                question.row_number = len(rows)
        RefusedAnswer.objects.bulk_create(taken.refused)
        if moved:
            VerificationAdapter.objects.filter(pk=adapter.pk).update(last_answer_at=now)
        if rows:
            taken.delivery_id = _delivered(rows, moved, actor, adapter, item, file_name, now)
        VerificationQuestion.objects.bulk_update(
            moved, ["state", "answered_at", "digest", "row_number", "delivery"], batch_size=500
        )
        counts = {**taken.states, "refused": len(taken.refused)}
        audit.record(actor=actor, verb="records.take_answers", target=adapter, now=now, after=counts)
    return taken


def _locked(
    adapter: VerificationAdapter, item: CatalogueItem, numbers: Iterable[str]
) -> dict[str, VerificationQuestion]:
    rows = VerificationQuestion.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.filter(adapter=adapter, item=item, request_no__in=set(numbers)).select_related("item").order_by("pk")
    return {question.request_no: question for question in rows}


def _fault(
    line: _Line,
    questions: dict[str, VerificationQuestion],
    spec: ItemSpec,
    adapter: VerificationAdapter,
    now: datetime,
) -> str:
    if isinstance(line.said, str):
        return line.said
    question = questions.get(line.said.request_no)
    if question is None:
        return f"没有向该单位提出过编号为“{line.said.request_no[:50]}”的核验请求。"
    if question.state == "cancelled":
        return "企业已撤回授权，核验请求已取消，答复未采用。"
    if question.state not in OPEN_STATES:
        return f"编号“{question.request_no}”的核验请求已有答复或已结束，重复的答复未采用。"
    if question.state == "waiting" and adapter.kind == "file":
        return f"编号“{question.request_no}”的核验请求尚未导出，不会有答复。"
    return fault_of(line.said, question_of(question), spec, business_date(now))


def _refused(
    line: _Line, fault: str, adapter: VerificationAdapter, item: CatalogueItem, file_name: str, now: datetime
) -> RefusedAnswer:
    return RefusedAnswer(
        adapter=adapter,
        item=item,
        at=now,
        file_name=file_name,
        line_number=line.number,
        request_no=line.said.request_no[:50] if isinstance(line.said, Reply) else "",
        message=fault,
        original_text=without_citizen_ids(line.text[:KEPT_OF_TEXT]).replace("\x00", ""),
    )


def _delivered(
    rows: Sequence[str],
    moved: Iterable[VerificationQuestion],
    actor: Actor,
    adapter: VerificationAdapter,
    item: CatalogueItem,
    file_name: str,
    now: datetime,
) -> int:
    delivery = receive_delivery(
        actor=actor,
        source=adapter.source,
        item_code=item.code,
        file_name=file_name,
        content=("\n".join(rows) + "\n").encode(),
        now=now,
        way_in=ANSWER,
    )
    for question in moved:
        if question.state == "received":
            question.delivery = delivery
    return delivery.pk


def settle_answers(*, delivery_id: int, now: datetime) -> dict[str, int]:
    """After intake: say of each question that a delivery answers whether its row was stored, held or refused.

    Returns the counts by state; running it again changes nothing.
    """
    waiting = VerificationQuestion.objects.filter(delivery=delivery_id, state="received")
    if not waiting.exists():
        return {}
    with transaction.atomic():
        questions = list(waiting.select_for_update(of=("self",), no_key=True).select_related("delivery").order_by("pk"))
        rejected = dict(
            RejectedRow.objects.filter(delivery=delivery_id).order_by("pk").values_list("row_number", "message")
        )
        held = dict(HeldRow.objects.filter(delivery=delivery_id).order_by("pk").values_list("row_number", "message"))
        for question in questions:
            question.state, question.message = _end(question, rejected, held)
        VerificationQuestion.objects.bulk_update(questions, ["state", "message"], batch_size=500)
        counts: dict[str, Any] = dict(Counter(question.state for question in questions))
        if questions and questions[0].delivery:
            audit.record(
                actor=SYSTEM, verb="records.settle_answers", target=questions[0].delivery, now=now, after=counts
            )
    return counts


def _end(question: VerificationQuestion, rejected: dict[int, str], held: dict[int, str]) -> tuple[str, str]:
    delivery, row = question.delivery, question.row_number or 0
    if delivery is not None and delivery.state != "applied":
        return "refused", delivery.refusal or "答复未能入库。"
    if row in rejected:
        return "refused", rejected[row]
    if row in held:
        return "held", held[row]
    return "stored", ""
