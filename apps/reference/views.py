"""基础数据: pages on which the platform administrator keeps the dated tables."""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.reference import selectors, services
from apps.reference.forms import (
    BasisForm,
    BlockListForm,
    LprForm,
    PolicyFigureForm,
    RegionChangeForm,
    RegionSearchForm,
    WorkYearForm,
)

REGIONS_SHOWN = 100


def _today() -> date:
    return clock.business_date(clock.now())


def _accepted(form: BasisForm, save: Callable[[], object]) -> bool:
    """Whether the form was whole and the service took it; a refusal is put beside its fields."""
    if not form.is_valid():
        return False
    try:
        save()
    except InvalidInput as refusal:
        form.take(refusal)
        return False
    return True


@actor_required(Role.OPERATOR)
def index(request: ActorRequest) -> HttpResponse:
    """The tables, with what asks for attention."""
    return render(request, "reference/index.html", selectors.attention(_today()))


@actor_required(Role.OPERATOR)
def calendar_list(request: ActorRequest) -> HttpResponse:
    """Years of the work calendar."""
    return render(
        request,
        "reference/calendar_list.html",
        {"years": selectors.calendar_years(), "attention": selectors.attention(_today())},
    )


@actor_required(Role.OPERATOR)
def calendar_detail(request: ActorRequest, year: int) -> HttpResponse:
    """Holidays and swapped weekends of a year."""
    found = selectors.calendar_year(year)
    if found is None:
        raise NotVisible
    return render(
        request, "reference/calendar_detail.html", {"calendar_year": found, "days": selectors.work_days_of(year)}
    )


@actor_required(Role.OPERATOR)
def calendar_add(request: ActorRequest) -> HttpResponse:
    """Enter or replace the holiday notice of a year."""
    form = WorkYearForm(request.POST or None, initial={"year": selectors.first_uncovered_year(_today())})

    def save() -> None:
        services.save_work_year(
            actor=request.actor,
            year=form.cleaned_data["year"],
            days=form.cleaned_data["days"],
            basis=form.basis(),
            now=clock.now(),
        )

    if request.method == "POST" and _accepted(form, save):
        messages.success(request, f"{form.cleaned_data['year']}年工作日历已保存。")
        return redirect("reference:calendar_detail", form.cleaned_data["year"])
    return render(request, "reference/calendar_form.html", {"form": form})


@actor_required(Role.OPERATOR)
def lpr_list(request: ActorRequest) -> HttpResponse:
    """Quotes, and the form for the next one."""
    form = LprForm(request.POST or None)

    def save() -> None:
        services.record_lpr_quote(
            actor=request.actor,
            published_on=form.cleaned_data["published_on"],
            rates_pct={"1Y": form.cleaned_data["one_year_pct"], "5Y": form.cleaned_data["five_years_pct"]},
            basis=form.basis(),
            now=clock.now(),
        )

    if request.method == "POST" and _accepted(form, save):
        messages.success(request, f"{form.cleaned_data['published_on']} 的报价已保存。")
        return redirect("reference:lpr_list")
    return render(request, "reference/lpr_list.html", {"form": form, "quotes": selectors.lpr_quotes()})


@actor_required(Role.OPERATOR)
def region_list(request: ActorRequest) -> HttpResponse:
    """Search regions, past ones included."""
    form = RegionSearchForm(request.GET or None)
    text, on = "", None
    if form.is_valid():
        text, on = form.cleaned_data["text"].strip(), form.cleaned_data["on"]
    found = selectors.find_regions(text, on, REGIONS_SHOWN + 1) if text else []
    return render(
        request,
        "reference/region_list.html",
        {
            "form": form,
            "regions": found[:REGIONS_SHOWN],
            "is_cut": len(found) > REGIONS_SHOWN,
            "text": text,
            "shown": REGIONS_SHOWN,
        },
    )


@actor_required(Role.OPERATOR)
def region_change(request: ActorRequest) -> HttpResponse:
    """Enter a new, renamed or merged region."""
    form = RegionChangeForm(request.POST or None)

    def save() -> None:
        services.save_region_change(
            actor=request.actor,
            code=form.cleaned_data["code"],
            name=form.cleaned_data["name"],
            predecessor_codes=form.cleaned_data["predecessor_codes"],
            effective_from=form.cleaned_data["effective_from"],
            basis=form.basis(),
            now=clock.now(),
        )

    if request.method == "POST" and _accepted(form, save):
        messages.success(request, f"{form.cleaned_data['code']} {form.cleaned_data['name']}已保存。")
        return redirect("reference:region_list")
    return render(request, "reference/region_form.html", {"form": form})


@actor_required(Role.OPERATOR)
def block_list_list(request: ActorRequest) -> HttpResponse:
    """Lists and their effects, past periods included."""
    return render(
        request, "reference/block_list_list.html", {"rows": selectors.block_list_history(), "today": _today()}
    )


@actor_required(Role.OPERATOR)
def block_list_add(request: ActorRequest) -> HttpResponse:
    """Enter a new list."""
    return _block_list_form(request, BlockListForm(request.POST or None))


@actor_required(Role.OPERATOR)
def block_list_edit(request: ActorRequest, code: str) -> HttpResponse:
    """Change a list from a day on."""
    row = selectors.block_list_as_of(code, _today())
    if row is None:
        raise NotVisible
    form = BlockListForm(request.POST or None, initial=BlockListForm.initial_of(row))
    form.fields["code"].disabled = True
    return _block_list_form(request, form)


def _block_list_form(request: ActorRequest, form: BlockListForm) -> HttpResponse:
    def save() -> None:
        services.save_block_list(
            actor=request.actor,
            code=form.cleaned_data["code"],
            values=form.values(),
            effective_from=form.cleaned_data["effective_from"],
            basis=form.basis(),
            now=clock.now(),
        )

    if request.method == "POST" and _accepted(form, save):
        messages.success(request, f"名单 {form.cleaned_data['code']} 已保存。")
        return redirect("reference:block_list_list")
    return render(request, "reference/block_list_form.html", {"form": form})


@actor_required(Role.OPERATOR)
def figure_list(request: ActorRequest) -> HttpResponse:
    """Policy figures, past periods included."""
    return render(request, "reference/figure_list.html", {"rows": selectors.figure_history(), "today": _today()})


@actor_required(Role.OPERATOR)
def figure_edit(request: ActorRequest, key: str) -> HttpResponse:
    """Give a figure a new value from a day on."""
    row = selectors.figure_as_of(key, _today())
    if row is None:
        raise NotVisible
    form = PolicyFigureForm(request.POST or None, initial={"value": row.value})

    def save() -> None:
        services.save_policy_figure(
            actor=request.actor,
            key=key,
            value=form.cleaned_data["value"],
            effective_from=form.cleaned_data["effective_from"],
            basis=form.basis(),
            now=clock.now(),
        )

    if request.method == "POST" and _accepted(form, save):
        messages.success(request, f"{row.label}已保存。")
        return redirect("reference:figure_list")
    return render(request, "reference/figure_form.html", {"form": form, "row": row})


@actor_required(Role.OPERATOR)
def standard_list(request: ActorRequest) -> HttpResponse:
    """The size standard, the classes of penalties and the industries, to read."""
    return render(request, "reference/standard_list.html", selectors.standards(_today()))
