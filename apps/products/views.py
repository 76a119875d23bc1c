"""Pages of products: the public hall, the bank's own products, the import of the banks' catalogue."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.selectors import organization_visible_to
from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput, NotVisible, StateConflict
from apps.core.pages import ActorRequest, actor_required
from apps.criteria.selectors import snapshot
from apps.products import policies, selectors, services
from apps.products.filters import HallFilter
from apps.products.forms import CatalogueFileForm, CriteriaForm, PublishForm, ReasonForm, TermsForm, terms_initial
from apps.products.importing import COLUMNS
from apps.products.models import ProductVersion
from apps.products.workflow import VERSION

PAGE_SIZE = 12


def _today() -> date:
    return clock.business_date(clock.now())


def hall(request: HttpRequest) -> HttpResponse:
    """Everything on offer, for everybody."""
    today = _today()
    lpr = selectors.rates(today)
    found = HallFilter(request.GET, queryset=selectors.hall_versions(today, lpr), request=request)
    page = Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(version, selectors.cost_of(version, lpr)) for version in page]
    context = {"filter": found, "rows": rows, "page": page, "lpr": lpr, **_page_links(request, page)}
    return render(request, "products/product_list.html", context)


def _page_links(request: HttpRequest, page: Any) -> dict[str, str | None]:
    def link(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    return {
        "previous_url": link(page.previous_page_number()) if page.has_previous() else None,
        "next_url": link(page.next_page_number()) if page.has_next() else None,
    }


def version_detail(request: HttpRequest, version_id: int) -> HttpResponse:
    """One version: terms, cost, conditions in words, and for its bank the moves open to the reader."""
    actor = getattr(request, "actor", None)
    version = selectors.version_visible_to(actor, version_id)
    today = _today()
    is_own = actor is not None and policies.owns(actor, version.product.organization_id)
    context = {
        "version": version,
        "cost": selectors.cost_of(version, selectors.rates(version.effective_from or today)),
        "current_cost": selectors.cost_of(version, selectors.rates(today)),
        "terms": version.terms,
        "demands": selectors.demands_of(version, snapshot(today)),
        "own_words": [(column, version.source_texts[column]) for column in COLUMNS if column in version.source_texts],
        "is_own": is_own,
        "moves": policies.moves_open_to(actor, version) if is_own and actor else [],
        "can_edit": actor is not None and policies.can_edit(actor, version),
        "can_draft": is_own and actor is not None and actor.has(Role.BANK_OFFICER),
        "versions": selectors.versions_of(version.product, actor) if is_own else [],
    }
    return render(request, "products/product_detail.html", context)


@actor_required(Role.BANK_OFFICER, Role.BANK_APPROVER)
def own_list(request: ActorRequest) -> HttpResponse:
    """The newest version of each product of the own bank."""
    lpr = selectors.rates(_today())
    page = Paginator(selectors.latest_versions_of_bank(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(version, selectors.cost_of(version, lpr)) for version in page]
    context = {
        "rows": rows,
        "page": page,
        "can_draft": request.actor.has(Role.BANK_OFFICER),
        **_page_links(request, page),
    }
    return render(request, "products/own_list.html", context)


def _forms(request: HttpRequest, version: ProductVersion | None) -> tuple[TermsForm, CriteriaForm]:
    today = _today()
    initial = terms_initial(version.product.name, version.terms, version.revision) if version else None
    data = request.POST if request.method == "POST" else None
    criteria = CriteriaForm(
        data,
        stored=version.criteria if version else (),
        vocabulary=selectors.vocabulary(today),
        lists=selectors.blocking_lists(today),
    )
    return TermsForm(data, initial=initial), criteria


def _saved(terms: TermsForm, criteria: CriteriaForm, save: Callable[[], Any]) -> Any:
    """What the service returned, or None where a form or the service refused: the forms then say why."""
    if not (terms.is_valid() & criteria.is_valid()):
        return None
    try:
        return save()
    except InvalidInput as refusal:
        terms.take(refusal)
        return None


@actor_required(Role.BANK_OFFICER)
def product_create(request: ActorRequest) -> HttpResponse:
    """A new product with its first draft."""
    terms, criteria = _forms(request, None)

    def save() -> ProductVersion:
        organization_id = request.actor.organization_id
        if organization_id is None:
            raise NotVisible
        return services.draft_product(
            actor=request.actor,
            organization=organization_visible_to(request.actor, organization_id),
            name=terms.cleaned_data["name"],
            terms=terms.terms(),
            criteria=criteria.criteria(),
            business_date=_today(),
            now=clock.now(),
        )

    if request.method == "POST" and (version := _saved(terms, criteria, save)):
        messages.success(request, "草稿已保存，请核对后提交审核。")
        return redirect("products:version_detail", version.pk)
    return render(request, "products/product_form.html", {"terms": terms, "criteria": criteria, "version": None})


@actor_required(Role.BANK_OFFICER)
def version_edit(request: ActorRequest, version_id: int) -> HttpResponse:
    """Edit a draft; who saves over somebody else's change is told so."""
    version = selectors.version_visible_to(request.actor, version_id)
    policies.require_own(request.actor, version.product)
    if not policies.can_edit(request.actor, version):
        raise StateConflict("只有草稿可以修改。")
    terms, criteria = _forms(request, version)
    terms.fields["name"].disabled = True

    def save() -> ProductVersion:
        services.edit_draft(
            actor=request.actor,
            version=version,
            revision=terms.cleaned_data["revision"] or 0,
            terms=terms.terms(),
            criteria=criteria.criteria(),
            business_date=_today(),
            now=clock.now(),
        )
        return version

    if request.method == "POST" and _saved(terms, criteria, save):
        messages.success(request, "草稿已保存。")
        return redirect("products:version_detail", version.pk)
    return render(request, "products/product_form.html", {"terms": terms, "criteria": criteria, "version": version})


@require_POST
@actor_required(Role.BANK_OFFICER)
def version_next(request: ActorRequest, version_id: int) -> HttpResponse:
    """Begin the next version with the words of this one."""
    version = selectors.version_visible_to(request.actor, version_id)
    draft = services.draft_version(
        actor=request.actor,
        product=version.product,
        terms=version.terms,
        criteria=version.criteria,
        source_texts=version.source_texts,
        business_date=_today(),
        now=clock.now(),
    )
    messages.success(request, "已按当前版本起草新版本。")
    return redirect("products:version_edit", draft.pk)


_MOVES: dict[str, Callable[..., None]] = {
    "submit": services.submit_version,
    "take_back": services.take_back_version,
    "resume": services.resume_version,
    "discard": services.discard_draft,
    "return": services.return_version,
    "suspend": services.suspend_version,
    "withdraw": services.withdraw_version,
    "publish": services.publish_version,
}
_FORM_OF = {"publish": PublishForm, "return": ReasonForm, "suspend": ReasonForm, "withdraw": ReasonForm}
_DATED = {"publish", "withdraw"}


@actor_required(Role.BANK_OFFICER, Role.BANK_APPROVER)
def version_move(request: ActorRequest, version_id: int, verb: str) -> HttpResponse:
    """One move of the workflow: asks for a day or a reason where the move needs one, else for a confirmation."""
    version = selectors.version_visible_to(request.actor, version_id)
    if verb not in _MOVES:
        raise NotVisible
    policies.require_own(request.actor, version.product)
    move = VERSION.check(version.state, verb, request.actor.roles)
    form_class = _FORM_OF.get(verb)
    form = form_class(request.POST or None, initial={"effective_from": _today()}) if form_class else None
    if request.method == "POST" and (form is None or form.is_valid()):
        values = dict(form.cleaned_data) if form else {}
        if verb in _DATED:
            values["business_date"] = _today()
        try:
            _MOVES[verb](actor=request.actor, version=version, now=clock.now(), **values)
        except InvalidInput as refusal:
            if form is None:
                raise
            form.take(refusal)
        else:
            messages.success(request, f"{version.product.name}：{move.label}已完成。")
            return redirect("products:version_detail", version.pk)
    return render(request, "products/product_move.html", {"version": version, "move": move, "form": form})


@actor_required(Role.OPERATOR)
def catalogue_import(request: ActorRequest) -> HttpResponse:
    """Take the banks' catalogue in; what cannot be read is shown cell by cell."""
    form = CatalogueFileForm(request.POST or None, request.FILES or None)
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            report = services.import_catalogue(
                actor=request.actor,
                content=form.cleaned_data["file"].read(),
                organizations=selectors.bank_by_name(),
                business_date=_today(),
                now=clock.now(),
            )
        except InvalidInput as refusal:
            form.take(refusal)
    return render(request, "products/catalogue_import.html", {"form": form, "report": report})
