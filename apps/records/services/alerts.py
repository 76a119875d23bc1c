"""Alerts for periods that did not come in time: raised at night, ended by the delivery or the next night."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from apps.accounts.services import notify
from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date as day_of
from apps.records.models import Delivery, Duty, OverdueAlert, PaymentRecord
from apps.records.quality import DECISION, ON_DEMAND, Expected
from apps.records.selectors.counts import expected_of, periods_received_for_batch
from apps.reference.selectors import figure, work_calendar

_LONGEST = timedelta(days=366)


def roll_alerts(*, actor: Actor, business_date: date, now: datetime) -> int:
    """Tell the senders of what is overdue (due day and grace over), once a period; end the alerts of what came and of
    duties that ended. Returns how many alerts are new.
    """
    calendar = work_calendar()
    grace = int(figure("overdue_grace_workdays", business_date))
    duties = Duty.objects.filter(until_on__isnull=True).exclude(item__cadence__in=(DECISION, ON_DEMAND))
    evidence = periods_received_for_batch()
    live = Duty.objects.filter(source=OuterRef("source"), item=OuterRef("item"), until_on__isnull=True)
    OverdueAlert.objects.filter(~Exists(live), ended_at__isnull=True).update(ended_at=now)
    raised = 0
    for duty in duties.select_related("item", "source__organization").order_by("source_id", "item_id"):
        rows = expected_of(duty, evidence, business_date, calendar)
        came = [row.period.start_on for row in rows if row.received_on]
        overdue = [
            row
            for row in rows
            if row.received_on is None and calendar.add_workdays(row.due_on, max(grace, 1)).on < business_date
        ]
        if came or overdue:
            raised += _settle(duty, came, overdue, actor, now)
    return raised


def _settle(duty: Duty, came: Collection[date], overdue: Collection[Expected], actor: Actor, now: datetime) -> int:
    with transaction.atomic():
        rows = OverdueAlert.objects.filter(source_id=duty.source_id, item_id=duty.item_id)
        rows.filter(period_on__in=came, ended_at__isnull=True).update(ended_at=now)
        known = set(rows.order_by("pk").values_list("period_on", flat=True))
        fresh = [row for row in overdue if row.period.start_on not in known]
        for row in fresh:
            _raise(duty, row, actor, now)
    return len(fresh)


def _raise(duty: Duty, row: Expected, actor: Actor, now: datetime) -> None:
    alert = OverdueAlert.objects.create(
        source_id=duty.source_id,
        item_id=duty.item_id,
        period_on=row.period.start_on,
        period_end_on=row.period.end_on,
        due_on=row.due_on,
        raised_at=now,
    )
    audit.record(actor=actor, verb="records.raise_alert", target=alert, now=now, after={"due_on": row.due_on})
    notify(
        organization_id=duty.source.organization_id,
        title=f"“{duty.item}”逾期未报",
        body=f"{row.period.label}的“{duty.item}”应于{row.due_on}前报送，至今未收到。请尽快报送；报送后本提醒自动结束。",
        url=reverse("records:quality"),
        dedupe_key=f"records.overdue:{duty.source_id}:{duty.item_id}:{row.period.start_on}",
        now=now,
    )


def end_alerts(*, delivery_id: int, now: datetime) -> int:
    """End the alerts of the periods that a delivery brought; returns how many. Called when its intake is over."""
    delivery = Delivery.objects.select_related("item").get(pk=delivery_id)
    alerts = OverdueAlert.objects.filter(source_id=delivery.source_id, item_id=delivery.item_id, ended_at__isnull=True)
    if delivery.state != "applied":
        return 0
    if delivery.item.shape != "payment":
        return alerts.filter(period_on__lte=day_of(delivery.received_at)).update(ended_at=now)
    ended = 0
    for alert in alerts.order_by("pk"):
        rows = PaymentRecord.objects.filter(
            item_code=delivery.item.code,
            delivery_id=delivery_id,
            period_end_on__range=(alert.period_on, alert.period_end_on),
            # The key of the partitions: a period of payments begins within a year of its end.
            period_on__gt=alert.period_on - _LONGEST,
            period_on__lte=alert.period_end_on,
        )
        if rows.exists():
            ended += OverdueAlert.objects.filter(pk=alert.pk, ended_at__isnull=True).update(ended_at=now)
    return ended
