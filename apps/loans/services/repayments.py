"""Repayments as the bank reports them: what they pay, and what that does to the loan."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.errors import InvalidInput
from apps.core.money import yuan
from apps.loans import policies
from apps.loans.models import Application, CreditLine, Drawdown, Instalment, Repayment
from apps.loans.rules import Allocation, RiskBands, allocate, is_finished, overdue_days, risk_class, split_revolving
from apps.loans.schedule import InterestBasis, PlannedInstalment, RepaymentKind
from apps.loans.services.drawdowns import ReferenceTaken
from apps.loans.services.moves import move_application
from apps.loans.workflow import DRAWDOWN
from apps.reference.selectors import figures

audit.register("loans", {"record_repayment": "登记还款：{target}", "settle_drawdown": "贷款还清：{target}"})


def record_repayment(
    *, actor: Actor, drawdown: Drawdown, bank_reference: str, amount_yuan: Decimal, paid_on: date, now: datetime
) -> Repayment:
    """Register one payment under the bank's number for it. The same report again returns the first registration.

    Oldest instalment first, in each interest before principal; 随借随还 pays the interest accrued to the day, the rest
    is principal. Raises Overpayment, ReferenceTaken, InvalidInput by field, StateConflict, NotPermitted, NotVisible.
    """
    policies.require_sight_of_drawdown(actor, drawdown)
    policies.require_officer(actor, "登记还款")
    amount, reference = yuan(amount_yuan), bank_reference.strip()
    if not 0 < len(reference) <= 64:
        raise InvalidInput(fields={"bank_reference": "请填写银行业务编号（不超过 64 个字符）。"})
    if amount <= 0:
        raise InvalidInput(fields={"amount_yuan": "还款金额应大于零。"})
    try:
        with transaction.atomic():
            # One payment at a time for each loan: what a payment pays depends on all before it.
            held = Drawdown.objects.select_for_update(of=("self",), no_key=True).get(pk=drawdown.pk)
            first = Repayment.objects.filter(bank_id=held.bank_id, bank_reference=reference).first()
            if first is not None:
                return _the_same(first, held, amount, paid_on)
            DRAWDOWN.check(held.state, "repay", actor.roles)
            _check_day(held, paid_on, now)
            return _record(actor, held, reference, amount, paid_on, now)
    except IntegrityError as error:
        taken = Repayment.objects.filter(bank_id=drawdown.bank_id, bank_reference=reference).first()
        if taken is None:
            raise
        raise ReferenceTaken from error


def _the_same(first: Repayment, drawdown: Drawdown, amount: Decimal, paid_on: date) -> Repayment:
    if (first.drawdown_id, first.amount_yuan, first.paid_on) != (drawdown.pk, amount, paid_on):
        raise ReferenceTaken
    return first


def _check_day(drawdown: Drawdown, paid_on: date, now: datetime) -> None:
    if drawdown.disbursed_on is None or not drawdown.disbursed_on <= paid_on <= business_date(now):
        raise InvalidInput(fields={"paid_on": "还款日期应在放款日至今天之间。"})
    if drawdown.repayment_kind == RepaymentKind.REVOLVING:
        last = drawdown.repayments.order_by("-paid_on").values_list("paid_on", flat=True).first()
        if last is not None and paid_on < last:
            raise InvalidInput(fields={"paid_on": f"随借随还按余额逐日计息，还款日期不能早于上一笔（{last}）。"})


def _record(
    actor: Actor, drawdown: Drawdown, reference: str, amount: Decimal, paid_on: date, now: datetime
) -> Repayment:
    rows = {row.number: row for row in drawdown.instalments.order_by("number")}
    if drawdown.repayment_kind == RepaymentKind.REVOLVING:
        _cut_open_instalment(drawdown, rows, amount, paid_on)
    shares = allocate(amount, [row.due for row in rows.values()])
    for share in shares:
        _pay(rows[share.number], share, paid_on)
    principal = sum((share.principal_yuan for share in shares), Decimal("0.00"))
    repayment = Repayment.objects.create(
        drawdown=drawdown,
        bank_id=drawdown.bank_id,
        bank_reference=reference,
        amount_yuan=amount,
        principal_yuan=principal,
        interest_yuan=amount - principal,
        paid_on=paid_on,
        recorded_at=now,
        allocation=[
            {
                "number": share.number,
                "interest_yuan": str(share.interest_yuan),
                "principal_yuan": str(share.principal_yuan),
            }
            for share in shares
        ],
    )
    line = CreditLine.objects.get(pk=drawdown.line_id)
    audit.record(
        actor=actor,
        verb="loans.record_repayment",
        target=repayment,
        now=now,
        subject_id=line.application.subject_id,
        before={"principal_open_yuan": drawdown.principal_open_yuan},
        after={"amount_yuan": amount, "principal_yuan": principal, "paid_on": paid_on},
    )
    if line.is_revolving:
        CreditLine.objects.filter(pk=line.pk).update(drawn_yuan=F("drawn_yuan") - principal)
    _update_loan(actor, drawdown, list(rows.values()), principal, paid_on, now)
    finish_application(actor, line.application, business_date(now), now)
    return repayment


def _cut_open_instalment(drawdown: Drawdown, rows: dict[int, Instalment], amount: Decimal, paid_on: date) -> None:
    """随借随还: end the open instalment on the day of the payment and plan the balance anew."""
    open_row = max(rows.values(), key=lambda row: row.number)
    parts = split_revolving(
        open_due=open_row.due,
        from_on=open_row.from_on,
        paid_on=paid_on,
        amount_yuan=amount,
        rate_pct=drawdown.rate_pct,
        basis=InterestBasis(drawdown.interest_basis),
    )
    if not parts:
        return
    ended, *following = parts
    open_row.due_on, open_row.principal_yuan, open_row.interest_yuan = (
        ended.due_on,
        ended.principal_yuan,
        ended.interest_yuan,
    )
    for row in following:
        rows[row.number] = _planned(drawdown, row)


def _planned(drawdown: Drawdown, row: PlannedInstalment) -> Instalment:
    return Instalment.objects.create(
        drawdown=drawdown,
        number=row.number,
        from_on=row.from_on,
        due_on=row.due_on,
        principal_yuan=row.principal_yuan,
        interest_yuan=row.interest_yuan,
    )


def _pay(row: Instalment, share: Allocation, paid_on: date) -> None:
    row.paid_interest_yuan += share.interest_yuan
    row.paid_principal_yuan += share.principal_yuan
    if not row.due.open_yuan:
        row.settled_on = paid_on
    row.save(
        update_fields=[
            "due_on",
            "principal_yuan",
            "interest_yuan",
            "paid_interest_yuan",
            "paid_principal_yuan",
            "settled_on",
        ]
    )


def _update_loan(
    actor: Actor, drawdown: Drawdown, rows: list[Instalment], principal: Decimal, paid_on: date, now: datetime
) -> None:
    today = business_date(now)
    dues = [row.due for row in rows]
    days = overdue_days(dues, today)
    values = {
        "principal_open_yuan": drawdown.principal_open_yuan - principal,
        "overdue_days": days,
        "risk_class": risk_class(days, RiskBands.of(figures(today))),
        "classified_on": today,
    }
    settled = not any(due.open_yuan for due in dues)
    if settled:
        values |= {"state": DRAWDOWN.check(drawdown.state, "settle", actor.roles).target, "settled_on": paid_on}
    Drawdown.objects.filter(pk=drawdown.pk).update(**values)
    if settled:
        audit.record(
            actor=actor,
            verb="loans.settle_drawdown",
            target=drawdown,
            now=now,
            subject_id=drawdown.line.application.subject_id,
            before={"state": drawdown.state},
            after={"state": "settled", "settled_on": paid_on},
        )
    drawdown.refresh_from_db()


def finish_application(actor: Actor, application: Application, on: date, now: datetime) -> bool:
    """Close an application on whose line nothing more can happen; False while something can."""
    line = CreditLine.objects.get(application_id=application.pk)
    still_open = Drawdown.objects.filter(line=line, state__in=["reserved", "posted"]).count()
    finished = is_finished(
        open_drawdowns=still_open,
        available_yuan=line.available_yuan,
        is_revolving=line.is_revolving,
        valid_to_on=line.valid_to_on,
        on=on,
    )
    if finished:
        move_application(actor, application, "settle", now)
    return finished
