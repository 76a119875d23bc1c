"""What the bank does with an application: accept, return, approve, refuse."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import Organization
from apps.accounts.services import notify
from apps.core.actor import Actor, OrganizationKind
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.money import format_yuan, yuan
from apps.core.months import add_months
from apps.loans import policies
from apps.loans.models import MOST_RATE_PCT, Application, CreditLine
from apps.loans.rules import decide_due_on
from apps.loans.schedule import RepaymentKind
from apps.loans.services.moves import move_application
from apps.loans.workflow import APPLICATION
from apps.reference.selectors import figure
from apps.whitelist.services.pushes import decline_reason

LONGEST_LINE_MONTHS = 120


class SecondPersonNeeded(NotPermitted):
    """The one who accepted an application may not decide it."""

    code = "second-person-needed"
    title = "须由他人审批"
    default_message = "受理这笔申请的人不能审批，请由另一位审批人办理。"


@dataclass(frozen=True, slots=True)
class Approval:
    """What a bank grants: a limit, a highest rate, how it is repaid and secured, how long it may be drawn on."""

    approved_yuan: Decimal
    rate_pct: Decimal
    repayment_kind: str
    guarantee: str
    valid_months: int
    note: str = ""


def accept_application(*, actor: Actor, application: Application, now: datetime) -> Application:
    """An officer finds the materials complete: the days to decide begin to run."""
    policies.require_sight(actor, application)
    today = business_date(now)
    with transaction.atomic():
        move_application(
            actor,
            application,
            "accept",
            now,
            accepted_at=now,
            accepted_by_id=actor.user_id,
            decide_by_on=decide_due_on(today, int(figure("decide_days", today))),
        )
        _tell_firm(application, "银行已受理您的申请", f"将在 {application.decide_by_on} 前作出决定。", now)
    return application


def return_application(*, actor: Actor, application: Application, note: str, now: datetime) -> Application:
    """An officer sends an application back and says what is missing."""
    policies.require_sight(actor, application)
    APPLICATION.check(application.state, "return", actor.roles)
    if not note.strip():
        raise InvalidInput(fields={"note": "请写明需要补充的内容。"})
    with transaction.atomic():
        move_application(actor, application, "return", now, reason=note.strip(), return_note=note.strip())
        _tell_firm(application, "银行退回了您的申请", f"需要补充：{note.strip()}", now)
    return application


def approve_application(*, actor: Actor, application: Application, approval: Approval, now: datetime) -> CreditLine:
    """A second person of the bank grants a credit line, at most what was asked for.

    Raises SecondPersonNeeded, InvalidInput by field.
    """
    _check_decider(actor, application, "approve")
    faults = _faults(application, approval)
    if faults:
        raise InvalidInput(fields=faults)
    today = business_date(now)
    amount = yuan(approval.approved_yuan)
    with transaction.atomic():
        move_application(
            actor,
            application,
            "approve",
            now,
            decided_at=now,
            decided_by_id=actor.user_id,
            approved_yuan=amount,
            decision_note=approval.note.strip(),
        )
        line = CreditLine.objects.create(
            application=application,
            limit_yuan=amount,
            is_revolving=approval.repayment_kind == RepaymentKind.REVOLVING,
            rate_pct=approval.rate_pct,
            repayment_kind=approval.repayment_kind,
            guarantee=approval.guarantee,
            term_months=application.term_months,
            valid_from_on=today,
            valid_to_on=add_months(today, approval.valid_months),
        )
        _tell_firm(application, "银行已批准您的申请", f"额度 {format_yuan(amount)}，有效期至 {line.valid_to_on}。", now)
    return line


def _faults(application: Application, approval: Approval) -> dict[str, str]:
    faults = {}
    if not 0 < approval.approved_yuan <= application.amount_yuan:
        faults["approved_yuan"] = f"批准金额应大于零，且不超过申请金额 {format_yuan(application.amount_yuan)}。"
    if not 0 <= approval.rate_pct <= MOST_RATE_PCT:
        faults["rate_pct"] = f"年利率应在 0 至 {MOST_RATE_PCT} 之间。"
    if approval.repayment_kind not in application.product_version.repayment_types:
        faults["repayment_kind"] = "请选择该产品提供的还款方式。"
    if approval.guarantee not in application.product_version.guarantee_types:
        faults["guarantee"] = "请选择该产品接受的担保方式。"
    if not 1 <= approval.valid_months <= LONGEST_LINE_MONTHS:
        faults["valid_months"] = f"额度有效期应为 1 至 {LONGEST_LINE_MONTHS} 个月。"
    return faults


def refuse_application(
    *, actor: Actor, application: Application, reason_code: str, now: datetime, note: str = ""
) -> Application:
    """A second person of the bank turns an application down, with a coded reason that the firm is told."""
    _check_decider(actor, application, "refuse")
    reason = decline_reason(reason_code, note, business_date(now))
    with transaction.atomic():
        move_application(
            actor,
            application,
            "refuse",
            now,
            reason=reason.code,
            decided_at=now,
            decided_by_id=actor.user_id,
            refusal_reason_id=reason.pk,
            decision_note=note.strip(),
        )
        _tell_firm(application, "银行未批准您的申请", f"原因：{reason.label}。{note.strip()}", now)
    return application


def _check_decider(actor: Actor, application: Application, verb: str) -> None:
    policies.require_sight(actor, application)
    APPLICATION.check(application.state, verb, actor.roles)
    if not policies.can_decide(actor, application):
        raise SecondPersonNeeded


def _tell_firm(application: Application, title: str, body: str, now: datetime) -> None:
    firm = Organization.objects.filter(kind=OrganizationKind.FIRM, subject_id=application.subject_id).first()
    if firm is not None:
        notify(
            organization_id=firm.pk,
            title=f"{title}：{application.product}",
            body=body,
            dedupe_key=f"application-{application.pk}-{application.version}",
            now=now,
        )
