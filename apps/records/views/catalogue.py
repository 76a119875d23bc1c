"""The catalogue in the browser: read by the platform's administrators, completed by them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput
from apps.core.pages import ActorRequest, actor_required
from apps.records import selectors, services
from apps.records.forms_catalogue import AliasForm, FieldForm, ItemForm


@require_GET
@actor_required(Role.OPERATOR)
def catalogue_list(request: ActorRequest) -> HttpResponse:
    """Every item, in the order of the published list."""
    return render(request, "records/catalogue_list.html", {"items": selectors.catalogue_items(request.actor)})


@require_GET
@actor_required(Role.OPERATOR)
def catalogue_detail(request: ActorRequest, code: str) -> HttpResponse:
    """An item and its columns."""
    item = selectors.catalogue_item(request.actor, code)
    context = {"item": item, "fields": selectors.described_fields(item), "senders": selectors.senders_of(item)}
    return render(request, "records/catalogue_detail.html", context)


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def catalogue_add(request: ActorRequest) -> HttpResponse:
    """A new item."""
    form = ItemForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            item = services.add_item(actor=request.actor, values=form.values, columns=form.columns, now=clock.now())
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, f"已新增“{item.name}”。请继续添加其他列，并在“报送范围”里指定报送单位。")
            return redirect("records:catalogue_detail", item.code)
    context = {"form": form, "heading": "新增信息项", "item": None}
    return render(request, "records/catalogue_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def catalogue_field_add(request: ActorRequest, code: str) -> HttpResponse:
    """A new column."""
    item = selectors.catalogue_item(request.actor, code)
    form = FieldForm(request.POST if request.method == "POST" else None, item=selectors.spec_of(item))
    if form.is_valid():
        try:
            services.add_field(actor=request.actor, item_code=code, field=form.field, now=clock.now())
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, f"已新增“{form.field.label}”一列，下一份报送即按此读取。")
            return redirect("records:catalogue_detail", code)
    context = {"form": form, "heading": "新增列", "item": item}
    return render(request, "records/catalogue_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def catalogue_alias_add(request: ActorRequest, code: str, field_name: str) -> HttpResponse:
    """One more label of a column."""
    item = selectors.catalogue_item(request.actor, code)
    field = selectors.described_field(item, field_name)
    form = AliasForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        alias = form.cleaned_data["alias"]
        try:
            services.add_alias(actor=request.actor, item_code=code, field_name=field_name, alias=alias, now=clock.now())
        except InvalidInput as refusal:
            form.take(refusal)
        else:
            messages.success(request, f"已为“{field.label}”添加别名“{alias}”，下一份报送即按此读取。")
            return redirect("records:catalogue_detail", code)
    context = {"form": form, "heading": f"为“{field.label}”添加别名", "item": item}
    return render(request, "records/catalogue_form.html", context, status=422 if form.errors else 200)
