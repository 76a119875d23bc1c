"""Data quality by month: who owes what, and the figures."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Min

from apps.core import audit, jobs
from apps.core.actor import Actor, Role
from apps.core.audit import Target
from apps.core.clock import business_date
from apps.core.errors import NotPermitted
from apps.core.jobs import Lease
from apps.core.models import Job
from apps.core.months import add_months
from apps.core.workdays import WorkCalendar
from apps.records.models import CatalogueItem, Contradiction, Delivery, Duty, QualityFigure, Source
from apps.records.quality import (
    CONCEALED,
    COUNT_NAMES,
    DECISION,
    LATE,
    MISSING,
    ON_DEMAND,
    ON_TIME,
    Counts,
    decision_verdict,
    gaps,
    month_of,
    period_verdict,
)
from apps.records.selectors.counts import (
    Evidence,
    evidence_for_batch,
    expected_of,
    newest_on_of,
    optional_stores,
)
from apps.records.services.alerts import roll_alerts
from apps.records.services.code_faults import find_code_faults
from apps.records.services.contradictions import find_contradictions
from apps.reference.selectors import figures, work_calendar

COUNT_QUALITY: Final = "records.count_quality"
PENALTY: Final = "penalty"


def roll_quality(*, lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    """The night's part: duties, contradictions, 重错码, the figures of this month and the last one, alerts.

    May run twice: the second run finds everything as it is. Raises LeaseLost.
    """
    actor, month_on = lease.actor, month_of(business_date)
    keep_duties(actor=actor, business_date=business_date, now=now)
    lease.guard()
    contradictions = find_contradictions(actor=actor, business_date=business_date, now=now)
    lease.guard()
    faults = find_code_faults(actor=actor, business_date=business_date, now=now)
    rows = 0
    for month in (add_months(month_on, -1), month_on):
        lease.guard()
        rows += count_figures(actor=actor, month_on=month, business_date=business_date, now=now)
    lease.guard()
    alerts = roll_alerts(actor=actor, business_date=business_date, now=now)
    return {"rows": rows, "contradictions": contradictions, "code_faults": faults, "alerts": alerts}


def request_count(*, actor: Actor, source: Source, month_on: date, now: datetime) -> Job:
    """Have the figures of one source and month counted now. Raises NotPermitted."""
    if not actor.has(Role.OPERATOR):
        raise NotPermitted("只有平台管理员可以重新统计。")
    with transaction.atomic():
        audit.record(actor=actor, verb="records.request_count", target=source, now=now, after={"month": month_on})
        return jobs.enqueue(
            actor=actor,
            kind=COUNT_QUALITY,
            key=f"{source.pk} {month_on:%Y-%m} {now:%Y%m%d%H%M%S}",
            payload={"source_id": source.pk, "month_on": month_on.isoformat()},
            now=now,
            business_date=business_date(now),
        )


def count_source(*, lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    """The job behind `request_count`. Raises LeaseLost."""
    keep_duties(actor=lease.actor, business_date=business_date, now=now)
    lease.guard()
    rows = count_figures(
        actor=lease.actor,
        month_on=date.fromisoformat(lease.payload["month_on"]),
        business_date=business_date,
        now=now,
        source_id=int(lease.payload["source_id"]),
    )
    return {"rows": rows}


def keep_duties(*, actor: Actor, business_date: date, now: datetime) -> int:
    """Bring the duties to what the sources may deliver now; returns how many were new or ended.

    A duty begins with the day on which it is first seen, or with the first delivery where that came before.
    """
    with transaction.atomic():
        links = Source.items.through.objects.filter(source__is_active=True, catalogueitem__is_active=True)
        agreed = set(links.order_by("source_id", "catalogueitem_id").values_list("source_id", "catalogueitem_id"))
        known = {(duty.source_id, duty.item_id): duty for duty in Duty.objects.select_for_update().order_by("pk")}
        first = {
            (row["source_id"], row["item_id"]): row["first"]
            for row in Delivery.objects.filter(state="applied")
            .order_by()
            .values("source_id", "item_id")
            .annotate(first=Min("received_at"))
        }
        fresh = [
            Duty(source_id=source, item_id=item, since_on=_since(first.get((source, item)), business_date))
            for source, item in sorted(agreed - set(known))
        ]
        Duty.objects.bulk_create(fresh)
        changed = []
        for pair, duty in known.items():
            if (duty.until_on is None) != (pair in agreed):
                duty.until_on = None if pair in agreed else business_date
                if duty.until_on is None:
                    duty.since_on = business_date
                changed.append(duty)
        Duty.objects.bulk_update(changed, ["since_on", "until_on"])
        if fresh or changed:
            target = Target("records.duty", str(business_date), f"{len(fresh) + len(changed)}项报送任务")
            audit.record(actor=actor, verb="records.keep_duties", target=target, now=now)
    return len(fresh) + len(changed)


def _since(first: datetime | None, today: date) -> date:
    return today if first is None else min(business_date(first), today)


def count_figures(
    *, actor: Actor, month_on: date, business_date: date, now: datetime, source_id: int | None = None
) -> int:
    """Count a month anew for every duty (of one source: `source_id`); returns the number of rows written."""
    duties = Duty.objects.filter(until_on__isnull=True).select_related("item", "source")
    if source_id is not None:
        duties = duties.filter(source_id=source_id)
    as_of_on = min(business_date, add_months(month_on, 1) - timedelta(days=1))
    items = CatalogueItem.objects.filter(is_active=True).order_by("code")
    evidence = evidence_for_batch(month_on, items, source_id)
    policy, calendar = figures(as_of_on), work_calendar()
    contradictions = _contradictions()
    rows = []
    for duty in duties.order_by("source_id", "item_id"):
        counts, gap_labels = _counted(duty, month_on, as_of_on, evidence, policy, calendar)
        counts += Counts(contradictions=contradictions.get((duty.source_id, duty.item_id), 0))
        rows.append(
            QualityFigure(
                source_id=duty.source_id,
                item_id=duty.item_id,
                month_on=month_on,
                as_of_on=as_of_on,
                computed_at=now,
                gap_labels=gap_labels,
                **{name: getattr(counts, name) for name in COUNT_NAMES},
            )
        )
    with transaction.atomic():
        QualityFigure.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["source", "item", "month_on"],
            update_fields=["as_of_on", "computed_at", "gap_labels", *COUNT_NAMES],
        )
        target = Target("records.qualityfigure", f"{month_on:%Y-%m}", f"{month_on:%Y年%m月}")
        audit.record(actor=actor, verb="records.count_quality", target=target, now=now, after={"rows": len(rows)})
    return len(rows)


def _counted(
    duty: Duty,
    month_on: date,
    as_of_on: date,
    evidence: Evidence,
    policy: Mapping[str, Any],
    calendar: WorkCalendar,
) -> tuple[Counts, list[str]]:
    item, pair = duty.item, (duty.source_id, duty.item.code)
    counts = Counts(active_subjects=evidence.active_subjects, newest_on=newest_on_of(duty, evidence, as_of_on))
    received = evidence.received.get(pair, [])
    for day in received:
        if month_of(day.on) == month_on:
            counts += Counts(
                deliveries=day.deliveries,
                rows=day.rows,
                accepted=day.accepted,
                rejected=day.rejected,
                held=day.held,
                duplicate=day.duplicate,
                incomplete=day.incomplete,
            )
    if facts := evidence.facts.get(pair):
        counts += Counts(
            optional_cells=facts.recorded * len(optional_stores(item)),
            optional_filled=facts.optional_filled,
            subjects=facts.subjects,
            covered_subjects=facts.covered_subjects,
        )
    if item.code == PENALTY:
        counts += Counts(concealed=evidence.never_delivered)
    if item.cadence == DECISION:
        return counts + _decisions(duty, evidence, policy, calendar), []
    if item.cadence == ON_DEMAND:
        return counts, []
    for row in expected_of(duty, evidence, as_of_on, calendar):
        if month_of(row.due_on) == month_on:
            counts += _as_counts(period_verdict(row.due_on, row.received_on, as_of_on))
    delivered = sorted(evidence.first_received.get(pair, {})) if item.shape == "payment" else []
    return counts, [period.label for period in gaps(item.cadence, delivered)]


def _decisions(duty: Duty, evidence: Evidence, policy: Mapping[str, Any], calendar: WorkCalendar) -> Counts:
    """双公示: decisions that came in the month; those whose term was over before the duty began are history."""
    workdays = int(policy["dual_publicity_workdays"])
    counts = Counts()
    for decided_on, received_on, count in evidence.decisions.get((duty.source_id, duty.item.code), []):
        if calendar.add_workdays(decided_on, workdays).on < duty.since_on:
            continue
        verdict = decision_verdict(
            decided_on,
            received_on,
            workdays=workdays,
            concealed_after_workdays=int(policy["concealed_after_workdays"]),
            calendar=calendar,
        )
        counts += _as_counts(verdict, count)
    return counts


def _as_counts(verdict: str, count: int = 1) -> Counts:
    counted: dict[str, Any] = {verdict: count} if verdict in (ON_TIME, LATE, MISSING, CONCEALED) else {}
    return Counts(**counted)


def _contradictions() -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    rows = Contradiction.objects.filter(ended_on__isnull=True).order_by("pk")
    for names in (("first_source_id", "first_item_id"), ("second_source_id", "second_item_id")):
        for pair in rows.values_list(*names):
            found[pair] = found.get(pair, 0) + 1
    return found
