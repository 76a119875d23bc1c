"""Held rows: retried by themselves when what they wait for may have come, decided by people otherwise.

Whoever writes here locks the delivery first and the rows after it, and leaves the counts of the delivery right in the
same transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.core import audit, failpoints, jobs
from apps.core.actor import SYSTEM, Actor
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.jobs import Lease
from apps.core.models import Job
from apps.records import held_decisions as decisions
from apps.records.models import Delivery, HeldRow
from apps.records.policies import can_decide
from apps.records.reading import ROW_NUMBER, SHEET, TEXT
from apps.records.reasons import HELD
from apps.records.selectors import HeldFilter, held_rows_found, overtaken_row_ids, spec_of
from apps.records.services.chunks import Writer
from apps.records.services.intake import RETRY_HELD, add_outcome
from apps.records.services.registration import register_as_they_are
from apps.records.staging import REASON, restored
from apps.records.workflow import HELD_ROW
from apps.subjects.models import SubjectCode
from apps.subjects.selectors import subject_by_code
from apps.subjects.services import add_faulty_code

BATCH_ROWS: Final = 5_000
DECIDE_HELD: Final = "records.decide_held"
# As many as a page shows are decided while one waits; more go to a worker.
AT_ONCE_ROWS: Final = 200
_SAVED: Final = ["held", "accepted", "duplicate", "rejected", "normalised", "warned", "corrected", "tallies"]


def retry_held_rows(*, lease: Lease, now: datetime) -> dict[str, Any]:
    """Apply every row that waited for its subject, or for what it corrects, and waits no longer; oldest delivery first.

    A row whose key was stored with other values by a later delivery meanwhile is not applied over it, but waits for a
    decision (`overtaken`). May run twice. Raises LeaseLost.
    """
    total: Counter[str] = Counter()
    waiting = HeldRow.objects.filter(state="open").filter(
        Q(reason="unknown_subject", code__in=SubjectCode.objects.order_by().values("code"))
        | Q(reason="nothing_to_correct")
    )
    deliveries = waiting.order_by("delivery__received_at", "delivery_id").values_list("delivery_id", flat=True)
    found = list(dict.fromkeys(deliveries))
    for done, delivery_id in enumerate(found):
        last = 0
        rows = waiting.filter(delivery_id=delivery_id).order_by("pk")
        while batch := list(rows.filter(pk__gt=last)[:BATCH_ROWS]):
            last = batch[-1].pk
            with transaction.atomic():
                lease.guard()
                total += _retry(delivery_id, batch, lease.actor, now)
                failpoints.reach("held.retried")
            failpoints.reach("held.retry_committed")
        lease.progress(done + 1, len(found))
    return dict(+total)


def _retry(delivery_id: int, batch: list[HeldRow], actor: Actor, now: datetime) -> Counter[str]:
    delivery = _locked(delivery_id)
    # Somebody may have decided some of them between the look and the lock.
    batch = list(HeldRow.objects.filter(pk__in=[row.pk for row in batch], state="open").order_by("pk"))
    overtaken = overtaken_row_ids(delivery, batch)
    _hold_for(delivery, [row for row in batch if row.pk in overtaken], "overtaken")
    counts = _apply(delivery, [row for row in batch if row.pk not in overtaken], "apply", SYSTEM, now)
    delivery.save(update_fields=_SAVED)
    counts["overtaken"] = len(overtaken)
    if +counts:
        audit.record(actor=actor, verb="records.retry_held", target=delivery, now=now, after=dict(+counts))
    return counts


def _locked(delivery_id: int) -> Delivery:
    related = ("item", "source__organization")
    locked = Delivery.objects.select_for_update(of=("self",), no_key=True).select_related(*related)
    return locked.get(pk=delivery_id)


def _apply(
    delivery: Delivery, rows: Sequence[HeldRow], verb: str, actor: Actor, now: datetime, reason: str = ""
) -> Counter[str]:
    """Make facts of open rows; those that still find no subject, or nothing to correct, go on waiting for it."""
    if not rows:
        return Counter()
    frame = restored([row.values | {TEXT: row.original_text} for row in rows], spec_of(delivery.item))
    outcome = Writer(spec_of(delivery.item), delivery.pk, now, decided=verb == "accept").apply(frame)
    add_outcome(delivery, outcome)
    by_place = {(row.sheet, row.row_number): row for row in rows}
    waiting = {(sheet, number): why for sheet, number, why in outcome.waiting.select(SHEET, ROW_NUMBER, REASON).rows()}
    for why in sorted(set(waiting.values())):
        _hold_for(delivery, [by_place[place] for place in sorted(waiting) if waiting[place] == why], why)
    again = {place for place in outcome.duplicate_rows if place not in waiting}
    _decide(delivery, [by_place[place] for place in sorted(again)], "find_duplicate", actor, now, reason)
    fresh = [row for place, row in by_place.items() if place not in waiting and place not in again]
    _decide(delivery, fresh, verb, actor, now, reason)
    return Counter(accepted=len(fresh), duplicate=len(again))


def _hold_for(delivery: Delivery, rows: Sequence[HeldRow], reason: str) -> None:
    """Rows that stay open, from now on for another reason."""
    changed = [row for row in rows if row.reason != reason]
    HeldRow.objects.filter(pk__in=[row.pk for row in changed]).update(reason=reason, message=HELD[reason])
    _tally(delivery, "held", Counter({reason: len(changed)}), Counter(row.reason for row in changed))


def _decide(
    delivery: Delivery, rows: Sequence[HeldRow], verb: str, actor: Actor, now: datetime, reason: str, why: str = ""
) -> None:
    """Close open rows of a locked delivery and take them out of its waiting ones; `why` they count as rejected."""
    if not rows:
        return
    move = HELD_ROW.check("open", verb, actor.roles)
    closed = HeldRow.objects.filter(pk__in=[row.pk for row in rows], state="open").update(
        state=move.target, resolved_at=now, decided_by=actor.name, decision_reason=reason
    )
    if closed != len(rows):
        raise StateConflict("其中有的行刚刚由他人处理过，请刷新后再试。")
    delivery.held -= len(rows)
    _tally(delivery, "held", Counter(), Counter(row.reason for row in rows))
    if why:
        delivery.rejected += len(rows)
        _tally(delivery, "rejected", Counter({why: len(rows)}), Counter())


def _tally(delivery: Delivery, kind: str, more: Counter[str], fewer: Counter[str]) -> None:
    tally = Counter(delivery.tallies.get(kind, {})) + more - fewer
    delivery.tallies = {**delivery.tallies, kind: dict(sorted(tally.items()))}


def decide_held_rows(
    *, actor: Actor, row_ids: Iterable[int], decision: str, reason: str, now: datetime, subject_code: str = ""
) -> Counter[str]:
    """Decide rows with one reason; with a row the others of its key are decided too (see held_decisions).

    `subject_code`: for «归入所选主体», the right code of the group. Accepted rows become facts known from `now` on. All
    or nothing. Returns how many rows came to which end. Raises NotPermitted, InvalidInput, and StateConflict for one
    that was decided before.
    """
    wanted = set(row_ids)
    if not wanted:
        raise InvalidInput("请先勾选要处理的行。")
    if not reason.strip():
        raise InvalidInput("请填写理由。", fields={"reason": "请填写理由。"})
    what = decisions.decision_of(decision)
    total: Counter[str] = Counter()
    with transaction.atomic():
        deliveries = HeldRow.objects.filter(pk__in=wanted).order_by("delivery_id").values_list("delivery_id", flat=True)
        for delivery_id in dict.fromkeys(deliveries):
            delivery = _locked(delivery_id)
            if not can_decide(actor, delivery):
                raise NotPermitted("您不能决定这一行。")
            rows = list(HeldRow.objects.filter(delivery=delivery, pk__in=wanted).order_by("sheet", "row_number", "pk"))
            _refuse_decided(rows)
            decisions.refuse_unfit(what, (row.reason for row in rows))
            total += _decide_in(delivery, rows, what, actor, reason.strip(), now, subject_code)
    return +total


def _refuse_decided(rows: Iterable[HeldRow]) -> None:
    for row in rows:
        if row.state != "open":
            by = f"由{row.decided_by}" if row.decided_by else ""
            raise StateConflict(f"第{row.row_number}行已{by}处理为“{row.get_state_display()}”，不能再次处理。")


def _decide_in(
    delivery: Delivery,
    rows: list[HeldRow],
    what: decisions.Decision,
    actor: Actor,
    reason: str,
    now: datetime,
    subject_code: str,
) -> Counter[str]:
    groups: dict[str, list[HeldRow]] = defaultdict(list)
    keys = {row.group_key for row in rows}
    for row in HeldRow.objects.filter(delivery=delivery, state="open", group_key__in=keys).order_by(
        "sheet", "row_number", "pk"
    ):
        groups[row.group_key].append(row)
    chosen = {row.pk for row in rows}
    if what.slug == decisions.ASSIGN:
        counts = Counter[str]()
        for group in groups.values():
            counts += _assign(delivery, group, subject_code, actor, reason, now)
    elif what.verb == "dismiss":
        _decide(delivery, rows, "dismiss", actor, now, reason, "dismissed")
        counts = Counter(dismissed=len(rows))
    else:
        kept, others = _kept_of(groups.values(), chosen, what.slug)
        counts = _accept(delivery, kept, actor, reason, now)
        _decide(delivery, others, "dismiss", actor, now, f"同一主键已采纳另一行：{reason}"[:200], "dismissed")
        counts["dismissed"] += len(others)
    delivery.save(update_fields=_SAVED)
    _put_on_record(delivery, rows, what, actor, reason, now, counts)
    return counts


def _put_on_record(
    delivery: Delivery,
    rows: list[HeldRow],
    what: decisions.Decision,
    actor: Actor,
    reason: str,
    now: datetime,
    counts: Counter[str],
) -> None:
    audit.record(
        actor=actor,
        verb=f"records.{what.verb}_held",
        target=rows[0] if len(rows) == 1 else delivery,
        now=now,
        after={"delivery": delivery.pk, "rows": [row.row_number for row in rows], **+counts},
        reason=reason,
    )


def _kept_of(groups: Iterable[list[HeldRow]], chosen: set[int], slug: str) -> tuple[list[HeldRow], list[HeldRow]]:
    """The rows to accept, and those of the same keys that fall with it."""
    kept, others = [], []
    for group in groups:
        mine = [row for row in group if row.pk in chosen]
        if group[0].reason not in decisions.EXCLUSIVE:
            kept += mine
            continue
        if slug == decisions.ACCEPT and len(mine) > 1:
            numbers = "、".join(str(row.row_number) for row in mine)
            raise InvalidInput(f"第{numbers}行是同一主键，只能采纳其中一行。")
        row = mine[-1] if slug == decisions.ACCEPT_LAST else mine[0]
        kept.append(row)
        others += [other for other in group if other.pk != row.pk]
    return kept, others


def _accept(delivery: Delivery, rows: list[HeldRow], actor: Actor, reason: str, now: datetime) -> Counter[str]:
    if delivery.item.creates_subjects and rows:
        register_as_they_are([row.values for row in rows], delivery.source, actor, now)
        _retry_soon(delivery, actor, now)
    return _apply(delivery, rows, "accept", actor, now, reason)


def _retry_soon(delivery: Delivery, actor: Actor, now: datetime) -> None:
    """A decision made a subject or gave it a code: rows of it may wait."""
    payload = {"delivery_id": delivery.pk}
    jobs.enqueue(actor=actor, kind=RETRY_HELD, key=f"{delivery.pk} {now.isoformat()}", payload=payload, now=now)


def _assign(
    delivery: Delivery, group: list[HeldRow], right_code: str, actor: Actor, reason: str, now: datetime
) -> Counter[str]:
    """一主体多码: `right_code` is the subject's; every other code of the group leads to it from now on, as a 重错码."""
    right = [row for row in group if row.code == right_code]
    others = [row for row in group if row.code != right_code]
    counts = _accept(delivery, right, actor, reason, now) if right else Counter[str]()
    subject = subject_by_code(right_code)
    if subject is None or subject.name_key != group[0].group_key:
        raise InvalidInput("请在同名的主体中选择正确的代码。", fields={"subject_code": "请选择正确的代码。"})
    for code in dict.fromkeys(row.code for row in others):
        add_faulty_code(actor=actor, subject=subject, code=code, reason=reason, now=now)
    _decide(delivery, others, "assign", actor, now, f"归入{right_code}：{reason}"[:200], "merged_code")
    _retry_soon(delivery, actor, now)
    counts["assigned"] += len(others)
    return counts


def decide_found_rows(
    *, actor: Actor, found: HeldFilter, decision: str, reason: str, now: datetime
) -> Job | Counter[str]:
    """Decide everything that a filter finds, at once where it is little, else as a job that is returned.

    Rows that are held after this moment are not decided. Raises InvalidInput for what cannot be decided for all.
    """
    what = decisions.decision_of(decision)
    if not what.for_all:
        raise InvalidInput(f"“{what.label}”需逐行选择。")
    if not reason.strip():
        raise InvalidInput("请填写理由。", fields={"reason": "请填写理由。"})
    rows = held_rows_found(actor, found).order_by("pk")
    decisions.refuse_unfit(what, rows.order_by("reason").values_list("reason", flat=True).distinct())
    ids = list(rows.values_list("pk", flat=True)[: AT_ONCE_ROWS + 1])
    if len(ids) <= AT_ONCE_ROWS:
        return decide_held_rows(actor=actor, row_ids=ids, decision=decision, reason=reason, now=now)
    newest = rows.order_by("-pk").values_list("pk", flat=True)[0]
    payload: dict[str, Any] = {
        "found": found.as_json(),
        "decision": decision,
        "reason": reason.strip(),
        "newest": newest,
    }
    key = f"{actor.user_id} {now.isoformat()}"
    with transaction.atomic():
        job = jobs.enqueue(actor=actor, kind=DECIDE_HELD, key=key, payload=payload, now=now, total=rows.count())
        audit.record(
            actor=actor,
            verb="records.decide_all_held",
            target=jobs.target_of(job),
            now=now,
            after=payload["found"] | {"decision": decision},
            reason=reason.strip(),
        )
    return job


def decide_found_rows_by_job(*, lease: Lease, now: datetime) -> dict[str, Any]:
    """The job of `decide_found_rows`: delivery by delivery, a few thousand rows a transaction, never half a key.

    May run twice: decided rows are found no more. Raises LeaseLost.
    """
    payload = lease.payload
    what, found = decisions.decision_of(payload["decision"]), HeldFilter.from_json(payload["found"])
    rows = held_rows_found(lease.actor, found).filter(pk__lte=payload["newest"], reason__in=what.reasons)
    total: Counter[str] = Counter()
    todo, done = rows.count(), 0
    for delivery_id in list(dict.fromkeys(rows.order_by("delivery_id").values_list("delivery_id", flat=True))):
        for ids in _whole_keys(rows.filter(delivery_id=delivery_id)):
            with transaction.atomic():
                lease.guard()
                _locked(delivery_id)
                # What somebody decided meanwhile is decided.
                left = list(rows.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
                if left:
                    total += decide_held_rows(
                        actor=lease.actor, row_ids=left, decision=what.slug, reason=payload["reason"], now=now
                    )
            done += len(ids)
            lease.progress(done, todo)
    return dict(total)


def _whole_keys(rows: QuerySet[HeldRow]) -> Iterable[list[int]]:
    """Ids of open rows in batches, the rows of a key together."""
    after: str | None = None
    while True:
        left = rows if after is None else rows.filter(group_key__gt=after)
        batch = list(left.order_by("group_key", "pk").values_list("group_key", "pk")[:BATCH_ROWS])
        if not batch:
            return
        after = batch[-1][0]
        rest = rows.filter(group_key=after, pk__gt=batch[-1][1]).order_by("pk").values_list("pk", flat=True)
        yield [pk for _, pk in batch] + list(rest)
