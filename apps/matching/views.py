"""Pages of matching: the firm's needs with their ranked products, what a bank received, the window's file."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput
from apps.core.pages import ActorRequest, actor_required
from apps.matching import rules, selectors, services
from apps.matching.forms import AnswerForm, NeedFileForm, NeedForm, SendForm
from apps.matching.workflow import OPEN, SENT
from apps.products.selectors import version_visible_to

PAGE_SIZE = 20
FIRM = (Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT)
READERS = (*FIRM, Role.OPERATOR, Role.AUTHORITY, Role.REGULATOR)


def _today() -> date:
    return clock.business_date(clock.now())


@actor_required(*READERS)
def need_list(request: ActorRequest) -> HttpResponse:
    """A firm its own needs, the administrator all, an authority or regulator those of its region."""
    page = Paginator(selectors.needs_with_newest_run(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "can_post": request.actor.has(*FIRM),
        "can_import": request.actor.has(Role.OPERATOR),
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else None,
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else None,
    }
    return render(request, "matching/need_list.html", context)


@actor_required(*FIRM)
def need_create(request: ActorRequest) -> HttpResponse:
    """Post a need and see at once what fits."""
    form = NeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        try:
            need = services.post_need(
                actor=request.actor, terms=form.terms(), business_date=clock.business_date(now), now=now
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            services.run_match(actor=request.actor, need=need, now=now)
            messages.success(request, "融资需求已发布，以下是匹配结果。")
            return redirect("matching:need_detail", need.pk)
    return render(request, "matching/need_form.html", {"form": form})


@actor_required(*READERS)
def need_detail(request: ActorRequest, need_id: int) -> HttpResponse:
    """A need; for its firm also the ranked products with every reason."""
    need = selectors.need_visible_to(request.actor, need_id)
    is_own = request.actor.has(*FIRM)
    run = selectors.newest_run_of(need)
    context = {
        "need": need,
        "run": run,
        "is_own": is_own,
        "is_open": need.state == OPEN,
        "shelves": selectors.shelves_of(run) if run and is_own else [],
        "ranking_rule": rules.RANKING_RULE,
    }
    return render(request, "matching/need_detail.html", context)


@require_POST
@actor_required(*FIRM)
def need_match(request: ActorRequest, need_id: int) -> HttpResponse:
    """Match again."""
    need = selectors.need_visible_to(request.actor, need_id)
    services.run_match(actor=request.actor, need=need, now=clock.now())
    messages.success(request, "已按最新信息重新匹配。")
    return redirect("matching:need_detail", need.pk)


@require_POST
@actor_required(*FIRM)
def need_close(request: ActorRequest, need_id: int) -> HttpResponse:
    """End a need."""
    need = selectors.need_visible_to(request.actor, need_id)
    services.close_need(actor=request.actor, need=need, now=clock.now())
    messages.success(request, "融资需求已结束。")
    return redirect("matching:need_detail", need.pk)


@require_POST
@actor_required(*FIRM)
def need_send(request: ActorRequest, need_id: int) -> HttpResponse:
    """Send a need to the bank of one product."""
    need = selectors.need_visible_to(request.actor, need_id)
    form = SendForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("请选择要发送的产品。")
    version = version_visible_to(request.actor, form.cleaned_data["product_version"])
    services.send_need(actor=request.actor, need=need, product_version=version, now=clock.now())
    messages.success(request, f"已发送给{version.product.organization.name}。")
    return redirect("matching:need_detail", need.pk)


@actor_required(Role.BANK_OFFICER, Role.BANK_APPROVER)
def dispatch_list(request: ActorRequest) -> HttpResponse:
    """Needs that firms sent to this bank."""
    page = Paginator(selectors.dispatches_visible_to(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else None,
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else None,
    }
    return render(request, "matching/dispatch_list.html", context)


@actor_required(Role.BANK_OFFICER, Role.BANK_APPROVER)
def dispatch_detail(request: ActorRequest, dispatch_id: int) -> HttpResponse:
    """A received need with the reasons, as far as the firm consented, and the answer."""
    dispatch = selectors.dispatch_visible_to(request.actor, dispatch_id)
    now = clock.now()
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.answer_dispatch(
                actor=request.actor,
                dispatch=dispatch,
                verb=form.cleaned_data["verb"],
                reason=form.cleaned_data["reason"],
                now=now,
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, "已答复企业。")
            return redirect("matching:dispatch_detail", dispatch.pk)
    context = {
        "dispatch": dispatch,
        "form": form,
        "can_answer": dispatch.state == SENT and request.actor.has(Role.BANK_OFFICER),
        "disclosure": selectors.disclosure_to_bank(request.actor, dispatch, now),
    }
    return render(request, "matching/dispatch_detail.html", context)


@require_POST
@actor_required(*FIRM)
def dispatch_recall(request: ActorRequest, dispatch_id: int) -> HttpResponse:
    """Take a need back from a bank."""
    dispatch = selectors.dispatch_visible_to(request.actor, dispatch_id)
    services.recall_dispatch(actor=request.actor, dispatch=dispatch, now=clock.now())
    messages.success(request, f"已从{dispatch.organization.name}撤回。")
    return redirect("matching:need_detail", dispatch.need_id)


@actor_required(Role.OPERATOR)
def need_import(request: ActorRequest) -> HttpResponse:
    """Enter needs from the window's file; every rejected row says why."""
    form = NeedFileForm(request.POST or None, request.FILES or None)
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            report = services.import_needs(
                actor=request.actor,
                content=form.cleaned_data["file"].read(),
                business_date=_today(),
                now=clock.now(),
            )
        except InvalidInput as refusal:
            form.take(refusal)
    return render(request, "matching/need_import.html", {"form": form, "report": report})


@require_POST
@actor_required(Role.OPERATOR)
def need_match_all(request: ActorRequest) -> HttpResponse:
    """Match every open need in the background."""
    job = services.start_matching(actor=request.actor, business_date=_today(), now=clock.now())
    return redirect("core:job_detail", job.pk)
