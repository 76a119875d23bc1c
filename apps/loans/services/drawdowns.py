"""Drawdowns in two phases: reserve the amount on the line, then post it or void it.

The scarce thing is the line. It is taken by one conditional UPDATE, so that two clerks, a double click and a retry of
the bank's system can never draw more than was granted; the bank's own number makes the second registration of the same
disbursement return the first.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.accounts.selectors import bank_of
from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, StateConflict
from apps.core.money import format_yuan, yuan
from apps.loans import policies
from apps.loans.models import Application, CreditLine, Drawdown, Instalment
from apps.loans.schedule import DEFAULT_BASIS, InterestBasis, LoanTerms, RepaymentKind, plan
from apps.loans.services.moves import move_application
from apps.loans.workflow import APPLICATION, DRAWDOWN
from apps.reference.selectors import figure

audit.register(
    "loans",
    {
        "reserve_drawdown": "预占放款额度：{target}",
        "post_drawdown": "登记放款：{target}",
        "void_drawdown": "取消放款：{target}",
    },
)


class LimitExceeded(StateConflict):
    """The line has not enough left, or is not valid today."""

    code = "limit-exceeded"
    title = "额度不足"


class ReferenceTaken(StateConflict):
    """The bank's number belongs to another registration."""

    code = "reference-taken"
    title = "业务编号已被使用"
    default_message = "该银行业务编号已用于另一笔登记，内容不同，请核对。"


@dataclass(frozen=True, slots=True)
class Disbursement:
    """A disbursement as the bank orders it; `repayment_kind` None: as approved, `basis` None: as the kind is wont."""

    bank_reference: str
    amount_yuan: Decimal
    rate_pct: Decimal
    term_months: int
    is_first_loan: bool
    repayment_kind: str | None = None
    basis: str | None = None


def reserve_drawdown(*, actor: Actor, application: Application, wanted: Disbursement, now: datetime) -> Drawdown:
    """Set an amount of the line aside for a disbursement. The same order again returns the first registration.

    Raises LimitExceeded, ReferenceTaken, InvalidInput by field, StateConflict, NotPermitted, NotVisible.
    """
    policies.require_sight(actor, application)
    APPLICATION.check(application.state, "draw", actor.roles)
    line = CreditLine.objects.get(application_id=application.pk)
    today = business_date(now)
    columns = _columns(line, wanted)
    bank = bank_of(application.bank_id)
    try:
        with transaction.atomic():
            drawdown = Drawdown.objects.create(
                line=line,
                bank=bank,
                reserved_at=now,
                reserved_until_on=today + timedelta(days=int(figure("drawdown_reservation_days", today))),
                **columns,
            )
            _take(line, drawdown.amount_yuan, today)
            _record(actor, "reserve_drawdown", drawdown, now, after=columns)
    except IntegrityError as error:
        first = Drawdown.objects.filter(bank=bank, bank_reference=columns["bank_reference"]).first()
        if first is None:
            raise
        if first.line_id != line.pk or any(getattr(first, name) != value for name, value in columns.items()):
            raise ReferenceTaken from error
        return first
    return drawdown


def _columns(line: CreditLine, wanted: Disbursement) -> dict[str, Any]:
    """The columns that the bank's order sets. Raises InvalidInput naming every fault."""
    amount = yuan(wanted.amount_yuan)
    kind = wanted.repayment_kind or line.repayment_kind
    faults = {}
    if not 0 < len(wanted.bank_reference.strip()) <= 64:
        faults["bank_reference"] = "请填写银行业务编号（不超过 64 个字符）。"
    if amount <= 0:
        faults["amount_yuan"] = "放款金额应大于零。"
    if not 0 <= wanted.rate_pct <= line.rate_pct:
        faults["rate_pct"] = f"年利率不得高于批准利率 {line.rate_pct.normalize():f}%。"
    if not 1 <= wanted.term_months <= line.term_months:
        faults["term_months"] = f"期限应为 1 至 {line.term_months} 个月。"
    if kind != line.repayment_kind:
        faults["repayment_kind"] = "还款方式应与批准的一致。"
    basis = wanted.basis or DEFAULT_BASIS[RepaymentKind(line.repayment_kind)].value
    if not faults:
        try:
            LoanTerms(RepaymentKind(kind), amount, wanted.rate_pct, wanted.term_months, date.min, InterestBasis(basis))
        except ValueError:
            faults["basis"] = "这种还款方式不能用所选的计息方式。"
    if faults:
        raise InvalidInput(fields=faults)
    return {
        "bank_reference": wanted.bank_reference.strip(),
        "amount_yuan": amount,
        "rate_pct": wanted.rate_pct,
        "repayment_kind": kind,
        "interest_basis": basis,
        "term_months": wanted.term_months,
        "is_first_loan": wanted.is_first_loan,
    }


def _take(line: CreditLine, amount_yuan: Decimal, today: date) -> None:
    """Reserve on the line by one conditional UPDATE: of two who race for the rest exactly one succeeds."""
    enough = CreditLine.objects.filter(
        pk=line.pk,
        valid_from_on__lte=today,
        valid_to_on__gt=today,
        limit_yuan__gte=F("reserved_yuan") + F("drawn_yuan") + amount_yuan,
    )
    if enough.update(reserved_yuan=F("reserved_yuan") + amount_yuan) == 1:
        return
    line.refresh_from_db()
    if not line.valid_from_on <= today < line.valid_to_on:
        raise LimitExceeded(f"额度有效期为 {line.valid_from_on} 至 {line.valid_to_on}（不含当日），今天不能放款。")
    raise LimitExceeded(f"可用额度为 {format_yuan(line.available_yuan)}，不足以放款 {format_yuan(amount_yuan)}。")


def post_drawdown(*, actor: Actor, drawdown: Drawdown, disbursed_on: date, now: datetime) -> Drawdown:
    """The bank has paid out: the reservation becomes a loan with its plan. The same confirmation again changes nothing.

    Raises StateConflict when it was voided or confirmed with another day, InvalidInput for an impossible day.
    """
    policies.require_sight_of_drawdown(actor, drawdown)
    drawdown.refresh_from_db()
    if drawdown.state in ("posted", "settled") and drawdown.disbursed_on == disbursed_on:
        policies.require_officer(actor, "登记放款")
        return drawdown
    DRAWDOWN.check(drawdown.state, "post", actor.roles)
    line = drawdown.line
    if disbursed_on > business_date(now):
        raise InvalidInput(fields={"disbursed_on": "放款日期不能晚于今天。"})
    if not line.valid_from_on <= disbursed_on < line.valid_to_on:
        raise InvalidInput(
            fields={"disbursed_on": f"放款日期应在额度有效期内（{line.valid_from_on} 起，{line.valid_to_on} 前）。"}
        )
    terms = LoanTerms(
        RepaymentKind(drawdown.repayment_kind),
        drawdown.amount_yuan,
        drawdown.rate_pct,
        drawdown.term_months,
        disbursed_on,
        InterestBasis(drawdown.interest_basis),
    )
    with transaction.atomic():
        _resolve(
            drawdown,
            "posted",
            posted_at=now,
            disbursed_on=disbursed_on,
            matures_on=terms.matures_on,
            principal_open_yuan=drawdown.amount_yuan,
        )
        _move_on_line(drawdown, drawn_yuan=F("drawn_yuan") + drawdown.amount_yuan)
        Instalment.objects.bulk_create(
            Instalment(
                drawdown=drawdown,
                number=row.number,
                from_on=row.from_on,
                due_on=row.due_on,
                principal_yuan=row.principal_yuan,
                interest_yuan=row.interest_yuan,
                settled_on=disbursed_on if not row.total_yuan else None,
            )
            for row in plan(terms)
        )
        application = Application.objects.get(pk=line.application_id)
        if application.state != "drawn":
            move_application(actor, application, "draw", now)
        _record(actor, "post_drawdown", drawdown, now, after={"state": "posted", "disbursed_on": disbursed_on})
    drawdown.refresh_from_db()
    return drawdown


def void_drawdown(*, actor: Actor, drawdown: Drawdown, reason: str, now: datetime) -> Drawdown:
    """The disbursement does not happen: the amount is free again. Voiding twice changes nothing.

    Raises StateConflict when it was already paid out, InvalidInput without a reason.
    """
    policies.require_sight_of_drawdown(actor, drawdown)
    drawdown.refresh_from_db()
    if drawdown.state == "voided":
        policies.require_officer(actor, "取消放款")
        return drawdown
    DRAWDOWN.check(drawdown.state, "void", actor.roles)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "请写明取消原因。"})
    with transaction.atomic():
        _resolve(drawdown, "voided", voided_at=now, void_reason=reason.strip())
        _move_on_line(drawdown)
        _record(actor, "void_drawdown", drawdown, now, after={"state": "voided"}, reason=reason.strip())
    drawdown.refresh_from_db()
    return drawdown


def _resolve(drawdown: Drawdown, state: str, **values: Any) -> None:
    if Drawdown.objects.filter(pk=drawdown.pk, state="reserved").update(state=state, **values) != 1:
        raise StateConflict("这笔放款刚被他人办理，请刷新后再试。")


def _move_on_line(drawdown: Drawdown, **values: Any) -> None:
    """Release the reservation; the CHECKs of the line hold whatever happens."""
    CreditLine.objects.filter(pk=drawdown.line_id).update(
        reserved_yuan=F("reserved_yuan") - drawdown.amount_yuan, **values
    )


def _record(actor: Actor, verb: str, drawdown: Drawdown, now: datetime, *, after: Any, reason: str = "") -> None:
    audit.record(
        actor=actor,
        verb=f"loans.{verb}",
        target=drawdown,
        now=now,
        subject_id=drawdown.line.application.subject_id,
        before={"state": drawdown.state},
        after=after,
        reason=reason,
    )
