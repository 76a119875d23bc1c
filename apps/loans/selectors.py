"""Reads of applications, lines, drawdowns and repayments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Prefetch, Q, QuerySet, Sum

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.consents.selectors import has_consent
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.clock import business_date
from apps.core.errors import NotVisible
from apps.core.money import format_wan
from apps.core.work import WorkItem
from apps.core.workflow import Transition
from apps.criteria.evaluation import evaluate
from apps.criteria.facts import fact_named
from apps.criteria.language import facts_asked
from apps.criteria.selectors import snapshot
from apps.criteria.wording import finding_json
from apps.loans import policies
from apps.loans.models import Application, CreditLine, Drawdown, Instalment, Repayment
from apps.loans.rules import Due, is_late
from apps.loans.workflow import APPLICATION
from apps.matching.facts import firm_facts
from apps.products.models import ProductVersion
from apps.products.selectors import own_criteria_of
from apps.products.terms import platform_criteria
from apps.profiles.models import Profile
from apps.profiles.selectors import latest_profile_of

_STEPS = (
    ("draft", "填写申请"),
    ("submitted", "提交银行"),
    ("accepted", "银行受理"),
    ("approved", "银行审批"),
    ("drawn", "放款"),
    ("repaid", "还清"),
)
_STOPPED = {"refused": "approved", "lapsed": "drawn"}


def applications_visible_to(actor: Actor) -> QuerySet[Application]:
    """Applications, newest first."""
    applications = Application.objects.visible_to(actor)
    return applications.select_related("subject", "product", "bank", "refusal_reason").order_by("-pk")


def application_visible_to(actor: Actor, application_id: int) -> Application:
    """One application. Raises NotVisible."""
    found = applications_visible_to(actor).select_related("product_version", "line", "accepted_by", "decided_by")
    application = found.filter(pk=application_id).first()
    if application is None:
        raise NotVisible
    return application


def line_of(application: Application) -> CreditLine | None:
    """The credit line that an approval led to."""
    return CreditLine.objects.filter(application=application).first()


def drawdowns_of(application: Application) -> QuerySet[Drawdown]:
    """The drawdowns of an application with plan and payments, oldest first."""
    plans = Prefetch("instalments", queryset=Instalment.objects.order_by("number"))
    payments = Prefetch("repayments", queryset=Repayment.objects.order_by("-paid_on", "-pk"))
    return Drawdown.objects.filter(line__application=application).prefetch_related(plans, payments).order_by("pk")


def drawdown_visible_to(actor: Actor, drawdown_id: int) -> Drawdown:
    """One drawdown. Raises NotVisible."""
    drawdowns = Drawdown.objects.visible_to(actor).select_related("line__application__subject", "bank")
    found = drawdowns.filter(pk=drawdown_id).first()
    if found is None:
        raise NotVisible
    return found


def instalments_due_to(actor: Actor) -> QuerySet[Instalment]:
    """What is still to be paid on the actor's loans, soonest first."""
    own = Drawdown.objects.visible_to(actor).filter(state="posted")
    rows = Instalment.objects.filter(drawdown__in=own.values("pk"), settled_on=None)
    return rows.select_related("drawdown__line__application__product", "drawdown__bank").order_by("due_on", "pk")


def steps_of(application: Application) -> list[dict[str, Any]]:
    """The way of an application for the steps component."""
    order = [state for state, _ in _STEPS]
    state = "draft" if application.state == "returned" else application.state
    stopped = state not in order
    if state == "withdrawn":
        stopped_at = "accepted" if application.accepted_at else "submitted" if application.submitted_at else "draft"
    else:
        stopped_at = _STOPPED.get(state, state)
    current = order.index(stopped_at)
    notes = _notes(application)
    steps = []
    for position, (name, label) in enumerate(_STEPS):
        if position < current or (position == current and state == "repaid"):
            mark = "done"
        elif position == current:
            mark = "stopped" if stopped else "current"
        else:
            mark = "todo"
        steps.append({"label": label, "state": mark, "note": notes.get(name, "")})
    if not stopped and state not in ("draft", "repaid"):
        # What a state names is done; the step after it is the current one.
        steps[current]["state"], steps[current + 1]["state"] = "done", "current"
    return steps


def _notes(application: Application) -> dict[str, str]:
    notes = {
        "submitted": application.submitted_at,
        "accepted": application.accepted_at,
        "approved": application.decided_at,
    }
    words = {name: f"{business_date(at)}" for name, at in notes.items() if at is not None}
    if application.state == "submitted":
        words["accepted"] = f"不晚于 {application.contact_by_on}"
    if application.state == "accepted":
        words["approved"] = f"不晚于 {application.decide_by_on}"
    if application.state in ("refused", "withdrawn", "lapsed"):
        words[_STOPPED.get(application.state, "accepted")] = application.get_state_display()
    return words


def moves_open_to(actor: Actor, application: Application) -> tuple[Transition, ...]:
    """The moves that the actor may make now; an approver who accepted it himself may not decide."""
    moves = APPLICATION.allowed(application.state, actor.roles)
    if not policies.can_decide(actor, application):
        moves = tuple(move for move in moves if move.verb not in ("approve", "refuse"))
    return moves


def needs_consent(application: Application, on: date) -> bool:
    """Whether the firm has yet to let the bank look before it can submit."""
    return not has_consent(application.subject_id, application.bank_id, Purpose.PRE_LOAN_REVIEW, on)


def eligibility_of(
    actor: Actor, application: Application, version: ProductVersion, now: datetime
) -> dict[str, Any] | None:
    """What the product's conditions say of the firm today, for information; None without a profile.

    Inside a transaction; the firm reads its own profile.
    """
    tables = snapshot(business_date(now))
    nodes = (*own_criteria_of(version, tables), *platform_criteria())
    items = {item for name in facts_asked(nodes) if (item := fact_named(name).item)}
    permit = gate.open(
        actor=actor, subject_id=application.subject_id, purpose=Purpose.PRE_LOAN_REVIEW, items=items, now=now
    )
    profile = latest_profile_of(application.subject_id, permit=permit)
    if profile is None:
        return None
    facts = firm_facts(_columns(profile)) | {
        "need_amount_yuan": application.amount_yuan,
        "need_term_months": application.term_months,
        "need_purpose": application.purpose,
    }
    evaluation = evaluate(nodes, facts)
    return {
        "verdict": str(evaluation.verdict),
        "profile_as_of_on": str(profile.as_of_on),
        "profile_digest": profile.payload_digest,
        "findings": [finding_json(finding, tables.names) for finding in evaluation.findings],
    }


def _columns(profile: Profile) -> dict[str, Any]:
    return {field.attname: getattr(profile, field.attname) for field in profile._meta.concrete_fields}


def open_loans_for_batch(on: date) -> Iterator[tuple[Drawdown, list[Due]]]:
    """Every running loan that is not yet classed on the day, with its unpaid instalments."""
    waiting = Drawdown.objects.filter(Q(classified_on=None) | Q(classified_on__lt=on), state="posted")
    unpaid = Prefetch("instalments", queryset=Instalment.objects.filter(settled_on=None).order_by("number"))
    for drawdown in waiting.prefetch_related(unpaid).order_by("pk").iterator(chunk_size=500):
        yield drawdown, [row.due for row in drawdown.instalments.all()]


@dataclass(frozen=True, slots=True)
class Difference:
    """A balance that is not what its entries add up to."""

    what: str
    pk: int
    stored_yuan: Decimal
    found_yuan: Decimal


def differences_for_batch() -> list[Difference]:
    """Every stored balance that its entries contradict (pitfalls §3, I2 and I9); empty when the books are right."""
    zero = Decimal(0)
    found = []
    for line in CreditLine.objects.annotate(
        reserved=Sum("drawdowns__amount_yuan", filter=Q(drawdowns__state="reserved")),
        posted=Sum("drawdowns__amount_yuan", filter=Q(drawdowns__state__in=["posted", "settled"])),
        owed=Sum("drawdowns__principal_open_yuan"),
    ).order_by("pk"):
        drawn = (line.owed if line.is_revolving else line.posted) or zero
        if line.reserved_yuan != (line.reserved or zero):
            found.append(Difference("预占额度", line.pk, line.reserved_yuan, line.reserved or zero))
        if line.drawn_yuan != drawn:
            found.append(Difference("已用额度", line.pk, line.drawn_yuan, drawn))
    for loan in Drawdown.objects.filter(state__in=["posted", "settled"]).order_by("pk"):
        repaid = loan.repayments.aggregate(sum=Sum("principal_yuan"))["sum"] or zero
        if loan.principal_open_yuan != loan.amount_yuan - repaid:
            found.append(Difference("本金余额", loan.pk, loan.principal_open_yuan, loan.amount_yuan - repaid))
        planned = loan.instalments.aggregate(all=Sum("principal_yuan"), paid=Sum("paid_principal_yuan"))
        if planned["all"] != loan.amount_yuan:
            found.append(Difference("还款计划本金", loan.pk, loan.amount_yuan, planned["all"] or zero))
        if planned["paid"] != repaid:
            found.append(Difference("还款计划已还本金", loan.pk, planned["paid"] or zero, repaid))
    return found


def is_application_late(application: Application, on: date) -> bool:
    """Whether the bank has let a day go by on which it should have acted."""
    accepted_on = business_date(application.accepted_at) if application.accepted_at else None
    decided_on = business_date(application.decided_at) if application.decided_at else None
    return is_late(application.contact_by_on, accepted_on, on) or is_late(application.decide_by_on, decided_on, on)


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """What waits for the actor: of the firm, the officer, or the approver."""
    today = business_date(now)
    if actor.has(Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT):
        return _firm_items(actor, today)
    if actor.organization_kind == OrganizationKind.BANK:
        return _bank_items(actor)
    return []


def _firm_items(actor: Actor, today: date) -> list[WorkItem]:
    items = []
    states = {"draft": ("融资申请待提交", "请核对后提交"), "returned": ("融资申请需补充", "银行退回，请补充后再次提交")}
    own = Application.objects.visible_to(actor).filter(state__in=states).select_related("product").order_by("pk")
    for application in own:
        title, detail = states[application.state]
        url = ("loans:application_detail", (application.pk,))
        items.append(WorkItem(title, f"{application.product}：{detail}", *url))
    for row in instalments_due_to(actor).filter(due_on__lte=today + 30 * (date.resolution))[:5]:
        owed = format_wan(row.due.open_yuan)
        product = row.drawdown.line.application.product
        title = "还款已逾期" if row.due_on < today else "近期还款"
        items.append(
            WorkItem(title, f"{product} 第{row.number}期 {owed}", "loans:repayment_list", due_on=row.due_on, kind="due")
        )
    return items


def _bank_items(actor: Actor) -> list[WorkItem]:
    waiting = Application.objects.visible_to(actor).order_by()
    items = []
    if actor.has(Role.BANK_OFFICER):
        new = waiting.filter(state="submitted").aggregate(count=Count("pk"), pk=Min("pk"), due_on=Min("contact_by_on"))
        items += _item("融资申请待受理", "核对材料后受理或退回", "submitted", new)
        draw = waiting.filter(state="approved").aggregate(
            count=Count("pk"), pk=Min("pk"), due_on=Min("line__valid_to_on")
        )
        items += _item("已批准待放款", "登记放款", "approved", draw)
        reserved = Drawdown.objects.visible_to(actor).filter(state="reserved").order_by()
        held = reserved.aggregate(count=Count("pk"), pk=Min("line__application_id"), due_on=Min("reserved_until_on"))
        items += _item("放款待确认", "确认或取消已预占的放款", "", held)
    if actor.has(Role.BANK_APPROVER):
        undecided = waiting.filter(state="accepted").exclude(accepted_by_id=actor.user_id)
        items += _item(
            "融资申请待审批",
            "请在期限内作出决定",
            "accepted",
            undecided.aggregate(count=Count("pk"), pk=Min("pk"), due_on=Min("decide_by_on")),
        )
    return items


def _item(title: str, detail: str, state: str, found: dict[str, Any]) -> list[WorkItem]:
    if not found["count"]:
        return []
    due_on = found["due_on"]
    if found["count"] == 1:
        return [WorkItem(title, detail, "loans:application_detail", (found["pk"],), due_on)]
    query = f"state={state}"
    return [WorkItem(title, detail, "loans:application_list", (), due_on, found["count"], query=query)]
