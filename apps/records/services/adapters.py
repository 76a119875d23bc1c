"""Through which adapter a source is asked: set, paused, tried out by operators; its breaker moved by every answer."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from apps.core import audit, clock, jobs
from apps.core.actor import Actor, Role
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.jobs import Lease
from apps.core.models import Job
from apps.records.catalogue import ItemSpec
from apps.records.models import Source, VerificationAdapter, VerificationQuestion
from apps.records.selectors import spec_of
from apps.records.verification.adapters import Adapter, Question, SourceFailed
from apps.records.verification.breaker import OPEN, Breaker
from apps.records.verification.file_backed import FileBacked
from apps.records.verification.http import Endpoint, Http, check_address
from apps.records.verification.kinds import FILE, HTTP

ASK: Final = "records.ask_source"
TRY: Final = "records.try_adapter"
# Asked to see whether a source answers: no subject has it, so that nothing is learnt of anybody.
NOBODY: Final = "000000000000000000"
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_SETTINGS: Final = (
    "kind", "address", "algorithm", "key_id", "previous_key_id",
    "connect_seconds", "read_seconds", "failures_to_open", "cool_down_seconds",
)  # fmt: skip


def configure_adapter(
    *, actor: Actor, organization_id: int, values: Mapping[str, Any], now: datetime
) -> VerificationAdapter:
    """Set how a source is asked; `values` as the columns of VerificationAdapter are called.

    The breaker begins anew. Raises NotPermitted, NotVisible for an organisation that delivers nothing, InvalidInput.
    """
    _require_operator(actor)
    values = _checked(values)
    with transaction.atomic():
        source = Source.objects.select_for_update(of=("self",), no_key=True).filter(organization_id=organization_id)
        found = source.select_related("organization").first()
        if found is None:
            raise NotVisible("这个单位还没有设定报送范围。")
        before = VerificationAdapter.objects.filter(source=found).values(*_SETTINGS).first()
        closed: dict[str, Any] = {"failures": 0, "opened_at": None, "probe_until": None, "last_error": ""}
        adapter, _ = VerificationAdapter.objects.update_or_create(source=found, defaults={**values, **closed})
        audit.record(
            actor=actor, verb="records.configure_adapter", target=adapter, now=now, before=before, after=dict(values)
        )
        if before and before["kind"] != adapter.kind:
            for question in VerificationQuestion.objects.filter(adapter=adapter, state="waiting").order_by("pk"):
                enqueue(question, actor=actor, key=f"{question.request_no}:{adapter.kind}:{now.timestamp()}", now=now)
    return adapter


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: values[name] for name in _SETTINGS if name in values}
    if kept.get("kind") != HTTP:
        return kept | {"kind": FILE, "address": "", "key_id": "", "previous_key_id": ""}
    faults: dict[str, str] = {}
    try:
        check_address(kept.get("address", ""))
    except InvalidInput as refusal:
        faults |= refusal.fields or {}
    for name in ("key_id", "previous_key_id"):
        if (given := kept.get(name, "")) or name == "key_id":
            if not _KEY_ID.fullmatch(given):
                faults[name] = "密钥编号由字母、数字、点、横线组成，最多40位。"
            elif given not in settings.VERIFICATION_KEYS:
                faults[name] = f"运行环境中没有编号为“{given}”的密钥，请先由运维人员配置。"
    if faults:
        raise InvalidInput("".join(faults.values()), fields=faults)
    return kept


def pause_adapter(*, actor: Actor, adapter_id: int, reason: str, now: datetime) -> VerificationAdapter:
    """Let questions wait. Raises NotPermitted, NotVisible, InvalidInput without a reason, StateConflict."""
    _require_operator(actor)
    reason = reason.strip()[:200]
    if not reason:
        raise InvalidInput(fields={"reason": "请写明暂停的原因。"})
    return _turn(actor, adapter_id, now, verb="pause_adapter", is_paused=True, pause_reason=reason)


def resume_adapter(*, actor: Actor, adapter_id: int, now: datetime) -> VerificationAdapter:
    """Ask again, with a closed breaker. Raises NotPermitted, NotVisible, StateConflict."""
    _require_operator(actor)
    adapter = _turn(actor, adapter_id, now, verb="resume_adapter", is_paused=False, pause_reason="")
    for question in adapter.questions.filter(state="waiting").select_related("job").order_by("pk"):
        if question.job:
            jobs.wake(question.job)
    return adapter


def _turn(actor: Actor, adapter_id: int, now: datetime, *, verb: str, **values: Any) -> VerificationAdapter:
    with transaction.atomic():
        adapter = _locked(adapter_id)
        if adapter.is_paused == values["is_paused"]:
            raise StateConflict("这个核验通道已经是所要的状态。")
        closed: dict[str, Any] = {"failures": 0, "opened_at": None, "probe_until": None}
        VerificationAdapter.objects.filter(pk=adapter.pk).update(**values, **closed)
        reason = str(values["pause_reason"])
        audit.record(actor=actor, verb=f"records.{verb}", target=adapter, now=now, reason=reason)
    adapter.refresh_from_db()
    return adapter


def request_try(*, actor: Actor, adapter_id: int, now: datetime) -> Job:
    """Ask a source about nobody to see whether it answers; the result is on the job. Raises as pause_adapter."""
    _require_operator(actor)
    with transaction.atomic():
        adapter = _locked(adapter_id)
        if adapter.kind != HTTP:
            raise StateConflict("文件交换的来源不能试连，请导出批次。")
        job = jobs.enqueue(
            actor=actor,
            kind=TRY,
            key=f"{adapter.pk}:{now.isoformat()}",
            payload={"adapter_id": adapter.pk},
            now=now,
        )
        audit.record(actor=actor, verb="records.try_adapter", target=adapter, now=now)
    return job


def try_adapter(*, lease: Lease, now: datetime) -> dict[str, Any]:
    """The job of `request_try`: one question about nobody, whatever the breaker says; its state follows the answer."""
    adapter = VerificationAdapter.objects.select_related("source").get(pk=lease.payload["adapter_id"])
    item = adapter.source.items.filter(sharing_mode="verification", is_active=True).order_by("code").first()
    if item is None:
        raise InvalidInput("该单位的报送范围里没有数据核验的信息项。")
    question = Question(f"TRY{lease.job_id}", item.code, NOBODY, "连通试验", {}, "test", now)
    try:
        client_for(adapter, spec_of(item)).ask(question, lambda note: lease.progress(0, 1, note))
    except SourceFailed as error:
        note_failure(adapter, str(error), actor=lease.actor, now=now)
        return {"answered": False, "message": str(error)}
    note_answer(adapter, now=now)
    return {"answered": True, "message": "对方已答复，签名核验通过。"}


def client_for(adapter: VerificationAdapter, item: ItemSpec) -> Adapter:
    """The adapter that a row describes. Raises SourceFailed where the environment has no such key (any more)."""
    if adapter.kind == FILE:
        return FileBacked()
    wanted = [key_id for key_id in (adapter.key_id, adapter.previous_key_id) if key_id]
    keys = {key_id: settings.VERIFICATION_KEYS[key_id] for key_id in wanted if key_id in settings.VERIFICATION_KEYS}
    if adapter.key_id not in keys:
        raise SourceFailed(f"运行环境中没有编号为“{adapter.key_id}”的密钥。")
    endpoint = Endpoint(
        adapter.address, adapter.key_id, keys, adapter.algorithm, adapter.connect_seconds, adapter.read_seconds
    )
    return Http(endpoint, item, clock.machine_now)


def admitted(adapter: VerificationAdapter) -> bool:
    """Whether a question may go out now; in the half-open state only one may, which is then under way."""
    if adapter.kind == FILE:
        return True
    with transaction.atomic():
        locked = _locked(adapter.pk)
        after = locked.breaker.admitted(clock.machine_now(), locked.cool_down)
        if after is None:
            return False
        _save(locked, after)
        return True


def note_answer(adapter: VerificationAdapter, *, now: datetime) -> None:
    """The source answered: the breaker closes."""
    VerificationAdapter.objects.filter(pk=adapter.pk).update(
        failures=0, opened_at=None, probe_until=None, last_answer_at=now
    )


def note_failure(adapter: VerificationAdapter, message: str, *, actor: Actor, now: datetime) -> None:
    """The source did not answer, or not credibly; the breaker may open, which is put on record."""
    with transaction.atomic():
        locked = _locked(adapter.pk)
        at = clock.machine_now()
        was_open = locked.breaker.state(at, locked.cool_down) == OPEN
        after = locked.breaker.failed(at, locked.failures_to_open)
        _save(locked, after, last_error=message[:300], last_error_at=now)
        if after.opened_at and not was_open:
            audit.record(actor=actor, verb="records.open_breaker", target=locked, now=now, reason=message)


def enqueue(question: VerificationQuestion, *, actor: Actor, key: str, now: datetime) -> None:
    """Let a worker put a question."""
    question.job = jobs.enqueue(actor=actor, kind=ASK, key=key, payload={"question_id": question.pk}, now=now)
    question.save(update_fields=["job"])


def _save(adapter: VerificationAdapter, breaker: Breaker, **values: Any) -> None:
    VerificationAdapter.objects.filter(pk=adapter.pk).update(
        failures=breaker.failures, opened_at=breaker.opened_at, probe_until=breaker.probe_until, **values
    )


def _locked(adapter_id: int) -> VerificationAdapter:
    rows = VerificationAdapter.objects.select_for_update(of=("self",), no_key=True)
    adapter = rows.select_related("source__organization").filter(pk=adapter_id).first()
    if adapter is None:
        raise NotVisible("没有这个核验通道。")
    return adapter


def _require_operator(actor: Actor) -> None:
    if not actor.has(Role.OPERATOR):
        raise NotPermitted("只有平台管理员可以设定核验通道。")
