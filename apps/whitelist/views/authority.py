"""An authority sets up a programme, has it screened, approves, publishes and pushes; a regulator looks on."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import clock
from apps.core.actor import Actor, Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.whitelist import policies, selectors, services
from apps.whitelist.forms import NoteForm, ProgrammeForm, PushForm, ReasonForm
from apps.whitelist.models import Programme, ScreeningRun
from apps.whitelist.workflow import PROGRAMME, RUN

PAGE_SIZE = 50
READERS = (Role.AUTHORITY, Role.REGULATOR)


@require_GET
@actor_required(*READERS)
def programme_list(request: ActorRequest) -> HttpResponse:
    """The programmes of the region."""
    page = Paginator(selectors.programmes_visible_to(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "whitelist/programme_list.html", {"page": page})


@require_http_methods(["GET", "POST"])
@actor_required(Role.AUTHORITY)
def programme_create(request: ActorRequest) -> HttpResponse:
    """Draft a programme, starting from the platform's rule of the day."""
    now = clock.now()
    start = selectors.platform_rule(clock.business_date(now))
    form = ProgrammeForm(
        request.POST or None,
        regions=selectors.regions_for(request.actor, clock.business_date(now)),
        initial=ProgrammeForm.initial_of(start.criteria) | {"valid_months": start.valid_months},
    )
    if request.method == "POST" and form.is_valid():
        try:
            programme = services.create_programme(
                actor=request.actor,
                name=form.cleaned_data["name"],
                region_code=form.cleaned_data["region_code"],
                valid_months=form.cleaned_data["valid_months"],
                criteria=form.criteria(),
                now=now,
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, "白名单已保存为草稿，启用后即可筛选。")
            return redirect("whitelist:programme_detail", pk=programme.pk)
    return render(
        request, "whitelist/programme_form.html", {"form": form}, status=422 if request.method == "POST" else 200
    )


@require_GET
@actor_required(*READERS)
def programme_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """A programme: its rule, its runs, what went to which bank and what the banks answered."""
    return _programme_page(request, selectors.programme_visible_to(request.actor, pk))


def _programme_page(
    request: ActorRequest, programme: Programme, push_form: PushForm | None = None, status: int = 200
) -> HttpResponse:
    mine = policies.can_manage(request.actor, programme)
    today = clock.business_date(clock.now())
    moves = PROGRAMME.allowed(programme.state, request.actor.roles) if mine else ()
    context = {
        "programme": programme,
        "demands": selectors.demands_of(programme.criteria, today),
        "runs": selectors.runs_of(programme)[:20],
        "batches": selectors.batches_of(programme)[:20],
        "push_states": selectors.push_states_of(programme),
        "moves": [move for move in moves if move.verb in ("open", "close")],
        "may_screen": mine and programme.state == "open",
        "push_form": (push_form or PushForm(banks=selectors.banks()))
        if mine and selectors.has_listings(programme)
        else None,
    }
    return render(request, "whitelist/programme_detail.html", context, status=status)


@require_POST
@actor_required(Role.AUTHORITY)
def programme_move(request: ActorRequest, pk: int, verb: str) -> HttpResponse:
    """Open or close a programme."""
    programme = selectors.programme_visible_to(request.actor, pk)
    calls: dict[str, Callable[..., Programme]] = {
        "open": services.open_programme,
        "close": services.close_programme,
    }
    if verb not in calls:
        raise NotVisible
    calls[verb](actor=request.actor, programme=programme, now=clock.now())
    messages.success(request, {"open": "白名单已启用。", "close": "白名单已结束。"}[verb])
    return redirect("whitelist:programme_detail", pk=pk)


@require_POST
@actor_required(Role.AUTHORITY)
def programme_screen(request: ActorRequest, pk: int) -> HttpResponse:
    """Ask for a screening run of today."""
    now = clock.now()
    run = services.request_screening(
        actor=request.actor,
        programme=selectors.programme_visible_to(request.actor, pk),
        business_date=clock.business_date(now),
        now=now,
    )
    messages.success(request, "筛选已开始，完成后由另一位同事复核。")
    return redirect("whitelist:run_detail", pk=run.pk)


@require_POST
@actor_required(Role.AUTHORITY)
def programme_push(request: ActorRequest, pk: int) -> HttpResponse:
    """Have the list pushed to a bank."""
    programme = selectors.programme_visible_to(request.actor, pk)
    form = PushForm(request.POST, banks=selectors.banks())
    if not form.is_valid():
        return _programme_page(request, programme, form, status=422)
    job = services.request_push(
        actor=request.actor, programme=programme, bank=form.cleaned_data["bank"], now=clock.now()
    )
    messages.success(request, "推送已开始，只推送授权有效的企业。")
    return redirect("core:job_detail", pk=job.pk)


@require_GET
@actor_required(*READERS)
def listing_list(request: ActorRequest, pk: int) -> HttpResponse:
    """The firms of a programme, those in force first."""
    programme = selectors.programme_visible_to(request.actor, pk)
    listings = selectors.listings_visible_to(request.actor).filter(programme=programme)
    page = Paginator(listings, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "programme": programme,
        "page": page,
        "form": NoteForm() if policies.can_manage(request.actor, programme) else None,
    }
    return render(request, "whitelist/listing_list.html", context)


@require_GET
@actor_required(*READERS)
def run_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """A run: how many came on, who fell out why, its digests, and what may be done with it."""
    return _run_page(request, selectors.run_visible_to(request.actor, pk))


def _run_page(
    request: ActorRequest, run: ScreeningRun, form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "run": run,
        "reasons": selectors.reason_rows(run),
        "moves": _run_moves(request.actor, run),
        "form": form or ReasonForm(),
        "waits_for_second_person": run.state == "screened" and run.requested_by_id == request.actor.user_id,
    }
    return render(request, "whitelist/run_detail.html", context, status=status)


def _run_moves(actor: Actor, run: ScreeningRun) -> list[str]:
    if not policies.can_manage(actor, run.programme):
        return []
    verbs = [move.verb for move in RUN.allowed(run.state, actor.roles) if move.verb != "finish"]
    return [verb for verb in verbs if verb != "approve" or run.requested_by_id != actor.user_id]


@require_POST
@actor_required(Role.AUTHORITY)
def run_move(request: ActorRequest, pk: int, verb: str) -> HttpResponse:
    """Approve, publish or discard a run."""
    run = selectors.run_visible_to(request.actor, pk)
    wanted: dict[str, Any] = {"actor": request.actor, "run": run, "now": clock.now()}
    if verb == "approve":
        services.approve_screening(**wanted)
        messages.success(request, "已复核，可以发布。")
    elif verb == "publish":
        listed = services.publish_screening(**wanted)
        messages.success(request, f"已发布，{listed} 户在册。")
    elif verb == "discard":
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return _run_page(request, run, form, status=422)
        services.discard_screening(**wanted, reason=form.cleaned_data["reason"])
        messages.success(request, "已作废。")
    else:
        raise NotVisible
    return redirect("whitelist:run_detail", pk=pk)
