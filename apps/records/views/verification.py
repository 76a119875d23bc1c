"""Pages of 数据核验: adapters for operators, batches for the source, progress for who asked."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import DomainError, InvalidInput
from apps.core.pages import ActorRequest, actor_required
from apps.records import policies, selectors, services
from apps.records.forms_verification import AdapterForm, AnswersForm, ExportForm, PauseForm
from apps.records.selectors import AdapterState

PAGE_ROWS = 50
SHOWN_REFUSED = 50
SEES = (Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR)
ASKS = (Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT, Role.BANK_OFFICER, Role.BANK_APPROVER, Role.AUTHORITY)


@require_GET
@actor_required(*SEES)
def verification_list(request: ActorRequest) -> HttpResponse:
    """Every adapter with its state; sources that have none yet."""
    adapters = selectors.adapters_visible_to(request.actor, clock.machine_now())
    known = {state.adapter.source_id for state in adapters}
    missing = [source for source in selectors.verifying_sources(request.actor) if source.pk not in known]
    context = {"adapters": adapters, "missing": missing, "may_set": request.actor.has(Role.OPERATOR)}
    return render(request, "records/verification_list.html", context)


@require_GET
@actor_required(*SEES)
def verification_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """An adapter: state, what it was asked, which answers were not taken, what can be done."""
    return _detail(request, _adapter(request, pk))


def _detail(request: ActorRequest, state: AdapterState, form: Form | None = None) -> HttpResponse:
    """The page, with the one form that was refused in place of its empty twin."""
    actor, adapter = request.actor, state.adapter
    page = Paginator(selectors.questions_visible_to(actor, adapter), PAGE_ROWS).get_page(request.GET.get("page"))
    own = actor.has(Role.DEPARTMENT) and policies.can_deliver(actor, adapter.source)
    refused = selectors.refused_answers_of(actor, adapter)
    forms = {"pause": PauseForm(), "export": ExportForm(adapter=adapter), "answers": AnswersForm(adapter=adapter)}
    for name, kind in (("pause", PauseForm), ("export", ExportForm), ("answers", AnswersForm)):
        forms[name] = form if isinstance(form, kind) else forms[name]
    context: dict[str, Any] = {
        "state": state,
        "adapter": adapter,
        "page": page,
        "refused": refused[:SHOWN_REFUSED],
        "refused_count": refused.count(),
        "own": own,
        "may_set": actor.has(Role.OPERATOR),
        "forms": forms,
    }
    return render(request, "records/verification_detail.html", context, status=422 if form else 200)


def _adapter(request: ActorRequest, pk: int) -> AdapterState:
    return selectors.adapter_visible_to(request.actor, pk, clock.machine_now())


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def verification_edit(request: ActorRequest, organization_id: int) -> HttpResponse:
    """How a source is asked."""
    organization = selectors.delivering_organization(request.actor, organization_id)
    adapter = selectors.adapter_of(organization)
    initial = {name: getattr(adapter, name) for name in AdapterForm.base_fields} if adapter else None
    form = AdapterForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            adapter = services.configure_adapter(
                actor=request.actor, organization_id=organization_id, values=form.cleaned_data, now=clock.now()
            )
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, "核验通道已设定。")
            return redirect("records:verification_detail", adapter.pk)
    context = {"form": form, "organization": organization}
    return render(request, "records/verification_form.html", context, status=422 if form.errors else 200)


@require_POST
@actor_required(Role.OPERATOR)
def verification_pause(request: ActorRequest, pk: int) -> HttpResponse:
    """Let questions wait."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _detail(request, _adapter(request, pk), form)
    services.pause_adapter(actor=request.actor, adapter_id=pk, reason=form.cleaned_data["reason"], now=clock.now())
    messages.success(request, "已暂停，核验请求会等到恢复后再发出。")
    return redirect("records:verification_detail", pk)


@require_POST
@actor_required(Role.OPERATOR)
def verification_resume(request: ActorRequest, pk: int) -> HttpResponse:
    """Ask again."""
    services.resume_adapter(actor=request.actor, adapter_id=pk, now=clock.now())
    messages.success(request, "已恢复，等待中的核验请求会陆续发出。")
    return redirect("records:verification_detail", pk)


@require_POST
@actor_required(Role.OPERATOR)
def verification_try(request: ActorRequest, pk: int) -> HttpResponse:
    """Ask about nobody."""
    services.request_try(actor=request.actor, adapter_id=pk, now=clock.now())
    messages.info(request, "已开始试连，不涉及任何企业；片刻后刷新本页，看“最近一次答复”或“最近一次失败”。")
    return redirect("records:verification_detail", pk)


@require_POST
@actor_required(Role.DEPARTMENT)
def verification_export(request: ActorRequest, pk: int) -> HttpResponse:
    """The questions that wait, as a file; they are then on their way."""
    state = _adapter(request, pk)
    form = ExportForm(request.POST, adapter=state.adapter)
    if not form.is_valid():
        return _detail(request, state, form)
    try:
        batch, content = services.export_questions(
            actor=request.actor,
            adapter=state.adapter,
            item=form.cleaned_data["item"],
            now=clock.now(),
            batch=form.cleaned_data["batch"].strip(),
        )
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("records:verification_detail", pk)
    name = f"verification-{form.cleaned_data['item'].code}-{batch}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/x-ndjson; charset=utf-8", headers=headers)


@require_POST
@actor_required(Role.DEPARTMENT)
def verification_import(request: ActorRequest, pk: int) -> HttpResponse:
    """A file of answers."""
    state = _adapter(request, pk)
    form = AnswersForm(request.POST, request.FILES, adapter=state.adapter)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            taken = services.receive_answers(
                actor=request.actor,
                adapter=state.adapter,
                item=form.cleaned_data["item"],
                file_name=upload.name,
                stream=upload,
                now=clock.now(),
            )
        except InvalidInput as refusal:
            form.add_error("file", refusal.message)
        else:
            say = messages.warning if taken.refused else messages.success
            said = f"采用{taken.states.total()}条答复，未采用{len(taken.refused)}条"
            say(request, f"{said}，原因见下。" if taken.refused else f"{said}。")
            return redirect("records:verification_detail", pk)
    return _detail(request, state, form)


@require_GET
@actor_required(*ASKS)
def verification_progress(request: ActorRequest, pk: int) -> HttpResponse:
    """How far a request is, for the page that shows it; once it is over the page is loaded anew."""
    progress = selectors.progress_of(selectors.verification_request_visible_to(request.actor, pk))
    response = render(request, "records/_verification_progress.html", {"progress": progress})
    if not progress["running"]:
        response["HX-Refresh"] = "true"
    return response
