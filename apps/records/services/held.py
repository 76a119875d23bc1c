"""Held rows: retried when new subjects are registered, or dismissed by their sender."""

from collections import Counter
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import NotPermitted, StateConflict
from apps.core.jobs import Lease
from apps.records.models import Delivery, HeldRow
from apps.records.policies import can_decide
from apps.records.reading import ROW_NUMBER, SHEET, TEXT
from apps.records.selectors import spec_of
from apps.records.services.chunks import apply_rows
from apps.records.services.intake import add_outcome
from apps.records.staging import restored
from apps.subjects.models import SubjectCode

BATCH_ROWS: Final = 5_000
_SAVED: Final = ["held", "accepted", "duplicate", "rejected", "normalised", "warned", "corrected", "tallies"]


def retry_held_rows(*, lease: Lease, now: datetime) -> dict[str, Any]:
    """Apply every row that was held for want of its subject and whose code is a subject now, and every correction that
    was held for want of what it corrects and finds it now; the others go on waiting. Raises LeaseLost.
    """
    total: Counter[str] = Counter()
    registered = Q(reason="unknown_subject", code__in=SubjectCode.objects.order_by().values("code"))
    waiting = HeldRow.objects.filter(registered | Q(reason="nothing_to_correct"), state="open")
    deliveries = sorted(set(waiting.order_by("delivery_id").values_list("delivery_id", flat=True)))
    for done, delivery_id in enumerate(deliveries):
        seen = 0
        while batch := list(waiting.filter(delivery_id=delivery_id, pk__gt=seen).order_by("pk")[:BATCH_ROWS]):
            with transaction.atomic():
                lease.guard()
                total += _retry(delivery_id, batch, lease.actor, now)
            seen = batch[-1].pk
        lease.progress(done + 1, len(deliveries))
    return dict(total)


def _retry(delivery_id: int, batch: list[HeldRow], actor: Actor, now: datetime) -> Counter[str]:
    delivery = Delivery.objects.select_for_update(of=("self",), no_key=True).select_related("item").get(pk=delivery_id)
    item = spec_of(delivery.item)
    rows = restored([held.values | {TEXT: held.original_text} for held in batch], item)
    outcome = apply_rows(rows, item, delivery_id, now)
    idle, repeated = set(outcome.waiting.select(SHEET, ROW_NUMBER).rows()), set(outcome.duplicate_rows)
    over = [row for row in batch if (row.sheet, row.row_number) not in idle]
    if not over:
        return Counter()
    again = [row.pk for row in over if (row.sheet, row.row_number) in repeated]
    HeldRow.objects.filter(pk__in=again).update(state="duplicate", resolved_at=now)
    HeldRow.objects.filter(pk__in={row.pk for row in over} - set(again)).update(state="applied", resolved_at=now)
    delivery.held -= len(over)
    add_outcome(delivery, outcome)
    for reason, count in Counter(row.reason for row in over).items():
        _untally(delivery, reason, count)
    delivery.save(update_fields=_SAVED)
    counts = Counter(accepted=outcome.accepted, duplicate=outcome.duplicate)
    audit.record(actor=actor, verb="records.retry_held", target=delivery, now=now, after=dict(counts))
    return counts


def dismiss_held_row(*, actor: Actor, held_row: HeldRow, reason: str, now: datetime) -> None:
    """Decide that a held row is no fact; it counts as rejected from now on.

    Raises NotPermitted, and StateConflict when it was decided already.
    """
    if not can_decide(actor, held_row.delivery):
        raise NotPermitted("您不能决定这一行。")
    with transaction.atomic():
        locked = HeldRow.objects.filter(pk=held_row.pk, state="open")
        if locked.update(state="dismissed", resolved_at=now) != 1:
            raise StateConflict("这一行已经处理过了。")
        delivery = Delivery.objects.select_for_update(of=("self",), no_key=True).get(pk=held_row.delivery_id)
        delivery.held -= 1
        delivery.rejected += 1
        _untally(delivery, held_row.reason, 1)
        tally = Counter(delivery.tallies.get("rejected", {})) + Counter(dismissed=1)
        delivery.tallies = {**delivery.tallies, "rejected": dict(sorted(tally.items()))}
        delivery.save(update_fields=_SAVED)
        audit.record(actor=actor, verb="records.dismiss_held", target=held_row, now=now, reason=reason)


def _untally(delivery: Delivery, reason: str, count: int) -> None:
    tally = Counter(delivery.tallies.get("held", {})) - Counter({reason: count})
    delivery.tallies = {**delivery.tallies, "held": dict(sorted(tally.items()))}
