"""A bank sees the firms recommended to it and answers each."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core import clock
from apps.core.actor import Actor, Role
from apps.core.errors import InvalidInput, NotPermitted, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.whitelist import policies, selectors, services
from apps.whitelist.forms import AnswerForm, CreditForm, DeclineForm, LendForm
from apps.whitelist.models import Push
from apps.whitelist.workflow import ANSWER_VERBS, PUSH

PAGE_SIZE = 50
BANK = (Role.BANK_OFFICER, Role.BANK_APPROVER)


@require_GET
@actor_required(*BANK)
def push_list(request: ActorRequest) -> HttpResponse:
    """The recommended firms, those that wait longest first; `?state=` narrows it down."""
    pushes = selectors.pushes_visible_to(request.actor)
    state = request.GET.get("state", "")
    if state in dict(PUSH.choices()):
        pushes = pushes.filter(state=state)
    page = Paginator(pushes, PAGE_SIZE).get_page(request.GET.get("page"))
    today = clock.business_date(clock.now())
    rows = [
        {"push": push, "due_on": due, "late": due is not None and due < today} for push, due in selectors.clocks(page)
    ]
    context = {"page": page, "rows": rows, "states": PUSH.choices(), "chosen": state}
    return render(request, "whitelist/push_list.html", context)


@require_GET
@actor_required(*BANK)
def push_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """A recommended firm with its answers; `?show=reasons` opens the gate and shows why it is on the list."""
    push = selectors.push_visible_to(request.actor, pk)
    return _push_page(request, push, show_reasons=request.GET.get("show") == "reasons")


def _push_page(
    request: ActorRequest,
    push: Push,
    filled: dict[str, AnswerForm] | None = None,
    *,
    show_reasons: bool = False,
    status: int = 200,
) -> HttpResponse:
    findings, refusal = _findings(request.actor, push) if show_reasons else ([], "")
    moves = PUSH.allowed(push.state, request.actor.roles) if policies.can_answer(request.actor, push) else ()
    context = {
        "push": push,
        "feedback": selectors.feedback_of(push),
        "moves": [
            {"verb": move.verb, "label": move.label, "form": (filled or {}).get(move.verb) or _form(move.verb)}
            for move in moves
            if move.verb in ANSWER_VERBS
        ],
        "show_reasons": show_reasons,
        "findings": findings,
        "refusal": refusal,
    }
    return render(request, "whitelist/push_detail.html", context, status=status)


def _findings(actor: Actor, push: Push) -> tuple[list[dict[str, Any]], str]:
    """Why the firm is on the list, through the gate; the second part says what is missing."""
    listing = push.listing
    try:
        with transaction.atomic():
            permit = gate.open(
                actor=actor,
                subject_id=listing.subject_id,
                purpose=Purpose.WHITELIST,
                items=selectors.items_of(listing.run),
                now=clock.now(),
            )
            return selectors.findings_of(listing, permit=permit), ""
    except NotPermitted as error:
        return [], error.message


def _form(verb: str, data: Any = None) -> AnswerForm:
    if verb == "decline":
        reasons = selectors.decline_reasons(clock.business_date(clock.now()))
        return DeclineForm(data, reasons=reasons, prefix=verb)
    return {"credit": CreditForm, "lend": LendForm}.get(verb, AnswerForm)(data, prefix=verb)


@require_POST
@actor_required(Role.BANK_OFFICER)
def push_answer(request: ActorRequest, pk: int, verb: str) -> HttpResponse:
    """One answer; a refusal comes back beside its field."""
    push = selectors.push_visible_to(request.actor, pk)
    if verb not in ANSWER_VERBS:
        raise NotVisible
    PUSH.check(push.state, verb, request.actor.roles)
    form = _form(verb, request.POST)
    if form.is_valid():
        try:
            push = services.answer_push(
                actor=request.actor, push=push, verb=verb, now=clock.now(), answer=form.answer()
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, f"已登记：{push.get_state_display()}。")
            return redirect("whitelist:push_detail", pk=pk)
    return _push_page(request, push, {verb: form}, status=422)
