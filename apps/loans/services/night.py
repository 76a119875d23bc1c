"""The night of the loan business: reservations and lines that ran out, days overdue and risk classes."""

from datetime import date, datetime

from django.db import transaction

from apps.core.actor import Actor
from apps.core.errors import StateConflict
from apps.loans import selectors
from apps.loans.models import Application, Drawdown
from apps.loans.rules import RiskBands, overdue_days, risk_class
from apps.loans.services.drawdowns import void_drawdown
from apps.loans.services.moves import move_application
from apps.loans.services.repayments import finish_application
from apps.reference.selectors import figures


def roll_day(*, actor: Actor, business_date: date, now: datetime) -> dict[str, int]:
    """Bring every loan to a business date; returns counts. One transaction an item; may run twice."""
    return {
        "voided": _void_stale_reservations(actor, business_date, now),
        "classified": _classify(business_date),
        "lapsed": _lapse_unused_lines(actor, business_date, now),
        "settled": _settle_finished(actor, business_date, now),
    }


def _void_stale_reservations(actor: Actor, on: date, now: datetime) -> int:
    voided = 0
    stale = Drawdown.objects.filter(state="reserved", reserved_until_on__lte=on).order_by("pk")
    for drawdown in stale.iterator(chunk_size=500):
        try:
            void_drawdown(actor=actor, drawdown=drawdown, reason="预占额度到期未确认放款", now=now)
        except StateConflict:
            continue  # the bank confirmed it meanwhile
        voided += 1
    return voided


def _classify(on: date) -> int:
    bands = RiskBands.of(figures(on))
    classified = 0
    for drawdown, dues in selectors.open_loans_for_batch(on):
        days = overdue_days(dues, on)
        # A repayment that comes in between classes by itself; its day is this one or later.
        waiting = Drawdown.objects.filter(pk=drawdown.pk, state="posted", classified_on=drawdown.classified_on)
        classified += waiting.update(overdue_days=days, risk_class=risk_class(days, bands), classified_on=on)
    return classified


def _lapse_unused_lines(actor: Actor, on: date, now: datetime) -> int:
    lapsed = 0
    unused = Application.objects.filter(state="approved", line__valid_to_on__lte=on, line__reserved_yuan=0)
    for application in unused.select_related("subject", "product").order_by("pk"):
        try:
            with transaction.atomic():
                move_application(actor, application, "lapse", now)
        except StateConflict:
            continue  # somebody else was quicker
        lapsed += 1
    return lapsed


def _settle_finished(actor: Actor, on: date, now: datetime) -> int:
    settled = 0
    ended = Application.objects.filter(state="drawn", line__valid_to_on__lte=on)
    for application in ended.select_related("subject", "product").order_by("pk"):
        try:
            with transaction.atomic():
                settled += finish_application(actor, application, on, now)
        except StateConflict:
            continue  # somebody else was quicker
    return settled
