"""Pages of the loan business: a firm applies and repays; a bank accepts, decides, pays out and registers payments."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import clock
from apps.core.actor import Actor, Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.forms import RefusableForm
from apps.core.pages import ActorRequest, actor_required
from apps.loans import forms, selectors, services
from apps.loans.models import Application, CreditLine, Drawdown
from apps.loans.workflow import APPLICATION, DRAWDOWN
from apps.matching.selectors import need_visible_to
from apps.products.selectors import version_visible_to
from apps.whitelist.selectors import decline_reasons

PAGE_SIZE = 50
FIRM = (Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT)
BANK = (Role.BANK_OFFICER, Role.BANK_APPROVER)
_ID = re.compile(r"[0-9]{1,18}")


def _today() -> date:
    return clock.business_date(clock.now())


@require_GET
@actor_required(*FIRM, *BANK)
def application_list(request: ActorRequest) -> HttpResponse:
    """The firm's own applications, or the bank's work list; `?state=` narrows it down."""
    applications = selectors.applications_visible_to(request.actor)
    state = request.GET.get("state", "")
    if state in dict(APPLICATION.choices()):
        applications = applications.filter(state=state)
    page = Paginator(applications, PAGE_SIZE).get_page(request.GET.get("page"))
    today = _today()
    rows = [
        {"application": item, "due_on": _due_on(item), "late": selectors.is_application_late(item, today)}
        for item in page
    ]
    states = [(value, label) for value, label in APPLICATION.choices() if value != "draft" or request.actor.subject_id]
    context = {"page": page, "rows": rows, "states": states, "chosen": state}
    return render(request, "loans/application_list.html", context)


def _due_on(application: Application) -> date | None:
    """The day by which the bank has to act, while it has to."""
    return {"submitted": application.contact_by_on, "accepted": application.decide_by_on}.get(application.state)


@require_http_methods(["GET", "POST"])
@actor_required(*FIRM)
def application_create(request: ActorRequest, version_id: int) -> HttpResponse:
    """Fill in an application for a product, taking over amount and term of a need (`?need=`)."""
    version = version_visible_to(request.actor, version_id)
    need_id = request.GET.get("need", "")
    need = need_visible_to(request.actor, int(need_id)) if _ID.fullmatch(need_id) else None
    initial = (
        {"amount_yuan": need.amount_yuan, "term_months": need.term_months, "purpose": need.purpose} if need else {}
    )
    form = forms.WishForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            application = services.draft_application(
                actor=request.actor, product_version=version, need=need, now=clock.now(), **form.cleaned_data
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, "申请已保存为草稿，请核对后提交。")
            return redirect("loans:application_detail", pk=application.pk)
    return _form_page(request, {"form": form, "version": version, "application": None})


@require_http_methods(["GET", "POST"])
@actor_required(*FIRM)
def application_revise(request: ActorRequest, pk: int) -> HttpResponse:
    """Change a draft or a returned application."""
    application = selectors.application_visible_to(request.actor, pk)
    names = ("amount_yuan", "term_months", "purpose", "purpose_note")
    form = forms.WishForm(request.POST or None, initial={name: getattr(application, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            services.revise_application(
                actor=request.actor, application=application, now=clock.now(), **form.cleaned_data
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, "申请已修改。")
            return redirect("loans:application_detail", pk=pk)
    context = {"form": form, "version": application.product_version, "application": application}
    return _form_page(request, context)


def _form_page(request: ActorRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "loans/application_form.html", context, status=status)


@require_GET
@actor_required(*FIRM, *BANK)
def application_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """An application with its way, its line, its loans, and what the reader may do next."""
    application = selectors.application_visible_to(request.actor, pk)
    return _detail_page(request, application)


def _detail_page(
    request: ActorRequest, application: Application, bound: dict[str, RefusableForm] | None = None, status: int = 200
) -> HttpResponse:
    actor, today = request.actor, _today()
    line = selectors.line_of(application)
    filled = bound or {}
    loans = [
        {"drawdown": loan, "steps": _loan_steps(actor, loan, today, filled)}
        for loan in selectors.drawdowns_of(application)
    ]
    is_own = actor.subject_id is not None
    context = {
        "application": application,
        "steps": selectors.steps_of(application),
        "moves": _moves(actor, application, today, filled),
        "line": line,
        "loans": loans,
        "reserve_form": _reserve_form(actor, application, line, filled),
        "needs_consent": is_own
        and application.state in ("draft", "returned")
        and selectors.needs_consent(application, today),
        # What the profile says of the firm is shown here to the firm alone; a bank reads the profile through the gate.
        "eligibility": application.eligibility if is_own else None,
        "late": selectors.is_application_late(application, today),
    }
    return render(request, "loans/application_detail.html", context, status=status)


_FORMS: dict[str, type[RefusableForm]] = {
    "submit": forms.SubmitForm,
    "withdraw": forms.WithdrawForm,
    "accept": forms.AcceptForm,
    "return": forms.ReturnForm,
    "approve": forms.ApproveForm,
    "refuse": forms.RefuseForm,
}


def _step_form(verb: str, application: Application, today: date, data: Any = None) -> RefusableForm:
    if verb == "approve":
        return forms.ApproveForm(data, application=application, prefix=verb)
    if verb == "refuse":
        return forms.RefuseForm(data, reasons=decline_reasons(today), prefix=verb)
    return _FORMS[verb](data, prefix=verb)


def _moves(
    actor: Actor, application: Application, today: date, filled: dict[str, RefusableForm]
) -> list[dict[str, Any]]:
    """The steps open to the actor that are made on this page, each with its form."""
    moves = selectors.moves_open_to(actor, application)
    return [
        {
            "verb": move.verb,
            "label": move.label,
            "form": filled.get(move.verb) or _step_form(move.verb, application, today),
        }
        for move in moves
        if move.verb in _FORMS
    ]


def _reserve_form(
    actor: Actor, application: Application, line: CreditLine | None, filled: dict[str, RefusableForm]
) -> RefusableForm | None:
    if line is None or not actor.has(Role.BANK_OFFICER) or application.state not in ("approved", "drawn"):
        return None
    return filled.get("reserve") or (forms.ReserveForm(line=line, prefix="reserve") if line.available_yuan else None)


_LOAN_FORMS: dict[str, type[RefusableForm]] = {
    "post": forms.PostForm,
    "void": forms.VoidForm,
    "repay": forms.RepayForm,
}


def _loan_steps(actor: Actor, loan: Drawdown, today: date, filled: dict[str, RefusableForm]) -> list[dict[str, Any]]:
    initial = {"disbursed_on": today, "paid_on": today}
    return [
        {
            "verb": move.verb,
            "label": move.label,
            "form": filled.get(f"{move.verb}-{loan.pk}")
            or _LOAN_FORMS[move.verb](initial=initial, prefix=f"{move.verb}-{loan.pk}"),
        }
        for move in DRAWDOWN.allowed(loan.state, actor.roles)
        if move.verb in _LOAN_FORMS
    ]


_DONE = {
    "submit": "申请已提交给银行。",
    "withdraw": "申请已撤回。",
    "accept": "已受理。",
    "return": "已退回企业补充。",
    "approve": "已批准，额度已建立。",
    "refuse": "已拒绝，企业会看到原因。",
}


def _step(actor: Actor, application: Application, form: Any, verb: str, now: datetime) -> None:
    given = form.cleaned_data
    calls: dict[str, Callable[[], Any]] = {
        "submit": lambda: services.submit_application(actor=actor, application=application, now=now),
        "withdraw": lambda: services.withdraw_application(actor=actor, application=application, now=now, **given),
        "accept": lambda: services.accept_application(actor=actor, application=application, now=now),
        "return": lambda: services.return_application(actor=actor, application=application, now=now, **given),
        "approve": lambda: services.approve_application(
            actor=actor, application=application, approval=form.approval(), now=now
        ),
        "refuse": lambda: services.refuse_application(actor=actor, application=application, now=now, **given),
    }
    calls[verb]()


@require_POST
@actor_required(*FIRM, *BANK)
def application_step(request: ActorRequest, pk: int, verb: str) -> HttpResponse:
    """One step of an application; a refusal comes back beside its field."""
    application = selectors.application_visible_to(request.actor, pk)
    if verb not in _FORMS:
        raise NotVisible
    APPLICATION.check(application.state, verb, request.actor.roles)
    form = _step_form(verb, application, _today(), request.POST)
    if form.is_valid():
        try:
            _step(request.actor, application, form, verb, clock.now())
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, _DONE[verb])
            return redirect("loans:application_detail", pk=pk)
    return _detail_page(request, application, {verb: form}, status=422)


@require_POST
@actor_required(Role.BANK_OFFICER)
def drawdown_reserve(request: ActorRequest, pk: int) -> HttpResponse:
    """Reserve an amount of the line for a disbursement."""
    application = selectors.application_visible_to(request.actor, pk)
    APPLICATION.check(application.state, "draw", request.actor.roles)
    line = selectors.line_of(application)
    if line is None:
        raise NotVisible
    form = forms.ReserveForm(request.POST, line=line, prefix="reserve")
    if form.is_valid():
        try:
            services.reserve_drawdown(
                actor=request.actor, application=application, wanted=form.disbursement(), now=clock.now()
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, "额度已预占，放款后请确认。")
            return redirect("loans:application_detail", pk=pk)
    return _detail_page(request, application, {"reserve": form}, status=422)


_LOAN_DONE = {"post": "放款已登记，还款计划已生成。", "void": "放款已取消，额度已释放。", "repay": "还款已登记。"}


def _loan_step(actor: Actor, loan: Drawdown, given: dict[str, Any], verb: str, now: datetime) -> None:
    calls: dict[str, Callable[[], Any]] = {
        "post": lambda: services.post_drawdown(actor=actor, drawdown=loan, now=now, **given),
        "void": lambda: services.void_drawdown(actor=actor, drawdown=loan, now=now, **given),
        "repay": lambda: services.record_repayment(actor=actor, drawdown=loan, now=now, **given),
    }
    calls[verb]()


@require_POST
@actor_required(Role.BANK_OFFICER)
def drawdown_step(request: ActorRequest, pk: int, verb: str) -> HttpResponse:
    """Confirm or cancel a disbursement, or register a payment."""
    loan = selectors.drawdown_visible_to(request.actor, pk)
    if verb not in _LOAN_FORMS:
        raise NotVisible
    form = _LOAN_FORMS[verb](request.POST, prefix=f"{verb}-{pk}")
    if form.is_valid():
        try:
            _loan_step(request.actor, loan, form.cleaned_data, verb, clock.now())
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, _LOAN_DONE[verb])
            return redirect("loans:application_detail", pk=loan.line.application_id)
    application = selectors.application_visible_to(request.actor, loan.line.application_id)
    return _detail_page(request, application, {f"{verb}-{pk}": form}, status=422)


@require_GET
@actor_required(*FIRM)
def repayment_list(request: ActorRequest) -> HttpResponse:
    """What the firm still has to pay, soonest first, and what is late."""
    today = _today()
    page = Paginator(selectors.instalments_due_to(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"instalment": row, "open_yuan": row.due.open_yuan, "late": row.due_on < today} for row in page]
    return render(request, "loans/repayment_list.html", {"page": page, "rows": rows})
