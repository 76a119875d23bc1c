"""The audit trail: every act leaves one event in its own transaction; one sealer chains them within seconds.

Sealing inside the transaction of the act was measured to queue writers for seconds and to deadlock (design §2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from apps.core import clock
from apps.core.actor import Actor
from apps.core.chain import GENESIS, Break, SealedEvent, canonical, first_break, link
from apps.core.digests import plain
from apps.core.models import AuditEvent

UNSEALED_AT_MOST = timedelta(seconds=60)
_SEALER_LOCK = 0x5851_0001
_SEAL_BATCH = 2_000

_sentences: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Target:
    """What an act was done to when that is no row of ours, e.g. a route."""

    type: str
    id: str
    label: str


def register(app: str, sentences: Mapping[str, str]) -> None:
    """Declare the verbs of an app, each with the Chinese sentence that a reader of the trail sees."""
    for verb, sentence in sentences.items():
        name = f"{app}.{verb}"
        if _sentences.setdefault(name, sentence) != sentence:
            raise ValueError(f"audit verb {name} is declared twice")


def verbs() -> dict[str, str]:
    """All declared verbs with their sentences."""
    return dict(_sentences)


def sentence_of(event: AuditEvent) -> str:
    """What happened, in Chinese."""
    return _sentences[event.verb].format(target=event.target_label)


def record(
    *,
    actor: Actor,
    verb: str,
    target: models.Model | Target,
    now: datetime,
    subject_id: int | None = None,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEvent:
    """Put an act on record inside the running transaction.

    `now` is the business instant. Raises KeyError for a verb that no app declared and RuntimeError outside a
    transaction, where act and record could part.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record outside a transaction")
    if verb not in _sentences:
        raise KeyError(f"audit verb not declared: {verb}")
    thing = target if isinstance(target, Target) else _target_of(target)
    return AuditEvent.objects.create(
        stream=verb.partition(".")[0],
        at=now,
        verb=verb,
        actor_id=actor.user_id,
        actor_name=actor.name,
        organization_id=actor.organization_id,
        organization_name=actor.organization_name,
        roles=sorted(actor.roles),
        target_type=thing.type,
        target_id=thing.id,
        target_label=thing.label[:300],
        subject_id=subject_id,
        before=plain(before),
        after=plain(after),
        reason=reason,
        request_id=actor.request_id,
        recorded_at=clock.machine_now(),
    )


def _target_of(row: models.Model) -> Target:
    return Target(row._meta.label_lower, str(row.pk), str(row))


def content_of(event: AuditEvent) -> bytes:
    """The bytes of an event that its seal covers."""
    names = [field.attname for field in AuditEvent._meta.concrete_fields]
    sealed = {"sequence", "previous_digest", "digest"}
    return canonical({name: getattr(event, name) for name in names if name not in sealed})


def seal() -> int:
    """Give every committed, unsealed event its sequence and digest; returns how many.

    One sealer at a time: a second one finds the lock taken and leaves. Runs under `xq_batch`, the only role that may
    set the three sealing columns.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEALER_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        heads: dict[str, tuple[int, str]] = {}
        events = list(AuditEvent.objects.filter(sequence__isnull=True).order_by("id")[:_SEAL_BATCH])
        for event in events:
            sequence, previous = heads.get(event.stream) or _head(event.stream)
            event.sequence, event.previous_digest = sequence + 1, previous
            event.digest = link(previous, event.sequence, content_of(event))
            heads[event.stream] = (event.sequence, event.digest)
        _save_seals(events)
        return len(events)


def _save_seals(events: list[AuditEvent]) -> None:
    if not events:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_auditevent e SET sequence = s.sequence, previous_digest = s.previous, digest = s.digest"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS s(id, sequence, previous, digest)"
            " WHERE e.id = s.id",
            [
                [event.pk for event in events],
                [event.sequence for event in events],
                [event.previous_digest for event in events],
                [event.digest for event in events],
            ],
        )


def _head(stream: str) -> tuple[int, str]:
    last = AuditEvent.objects.filter(stream=stream, sequence__isnull=False).order_by("-sequence").first()
    return (last.sequence or 0, last.digest) if last else (0, GENESIS)


def unsealed() -> int:
    """How many events wait for the sealer."""
    return AuditEvent.objects.filter(sequence__isnull=True).count()


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking the whole trail found; `broken` maps stream → first break."""

    streams: int
    events: int
    broken: dict[str, Break]
    overdue: int

    @property
    def is_whole(self) -> bool:
        """Whether every chain holds and nothing waits too long for its seal."""
        return not self.broken and not self.overdue


def verify(*, machine_now: datetime) -> Verification:
    """Walk every stream in constant memory; events that stay unsealed for over a minute count as a fault."""
    streams = list(AuditEvent.objects.order_by("stream").values_list("stream", flat=True).distinct())
    broken = {stream: fault for stream in streams if (fault := first_break(_sealed_events(stream)))}
    waiting = AuditEvent.objects.filter(sequence__isnull=True, recorded_at__lt=machine_now - UNSEALED_AT_MOST)
    return Verification(len(streams), AuditEvent.objects.count(), broken, waiting.count())


def _sealed_events(stream: str) -> Iterator[SealedEvent]:
    rows = AuditEvent.objects.filter(stream=stream, sequence__isnull=False).order_by("sequence")
    for event in rows.iterator(chunk_size=2_000):
        yield SealedEvent(event.sequence or 0, event.previous_digest, event.digest, content_of(event))
