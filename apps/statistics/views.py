"""Pages of published figures, for supervisors and the platform."""

import csv
from io import StringIO

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput
from apps.core.pages import ActorRequest, actor_required
from apps.statistics import policies, presenting, selectors, services
from apps.statistics.figures import THEMES
from apps.statistics.forms import BuildForm, DayForm

READERS = (Role.REGULATOR, Role.AUTHORITY, Role.OPERATOR, Role.AUDITOR)


@require_GET
@actor_required(*READERS)
def index(request: ActorRequest) -> HttpResponse:
    """The lending figures come first."""
    return redirect("statistics:sheet", theme="lending")


@require_GET
@actor_required(*READERS)
def theme_sheet(request: ActorRequest, theme: str) -> HttpResponse:
    """One theme on one day within the reader's region."""
    sheet, form = _sheet(request, theme)
    context = {
        "themes": list(THEMES.values()),
        "theme": THEMES[theme],
        "sheet": sheet,
        "form": form,
        "page": presenting.page_of(sheet) if sheet else None,
        "build_form": BuildForm() if policies.can_build(request.actor) else None,
    }
    template = "statistics/lending.html" if theme == "lending" else "statistics/theme.html"
    return render(request, template, context)


@require_GET
@actor_required(*READERS)
def export(request: ActorRequest, theme: str) -> HttpResponse:
    """The same figures as a table file, small cells withheld in the same way."""
    sheet, _ = _sheet(request, theme)
    if sheet is None:
        raise InvalidInput("还没有统计数据。")
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(["维度", "取值", "指标", "单位", "数量", "金额（元）或比率"])
    writer.writerows(presenting.rows_of(sheet))
    # Spreadsheets take a file for UTF-8 only when it begins with the mark.
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{theme}-{sheet.on}.csv"'
    return response


def _sheet(request: ActorRequest, theme: str) -> tuple[selectors.Sheet | None, DayForm]:
    form = DayForm(request.GET or None, days=selectors.built_days(request.actor))
    on = None
    if form.is_bound:
        if not form.is_valid():
            raise InvalidInput("没有这一天的统计数据，请从列表中选择日期。")
        on = form.cleaned_data["on"]
    return selectors.sheet(theme, on, actor=request.actor), form


@require_POST
@actor_required(Role.OPERATOR)
def build(request: ActorRequest) -> HttpResponse:
    """Have a day counted again."""
    form = BuildForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("请选择要统计的日期。")
    job = services.request_day(actor=request.actor, business_date=form.cleaned_data["on"], now=clock.now())
    messages.success(request, f"已申请统计 {form.cleaned_data['on']}。")
    return redirect("core:job_detail", pk=job.pk)
