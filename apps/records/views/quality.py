"""Pages of data quality: figures, 重错码 with its correction workbook, contradictions, the monthly bulletin."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.records import selectors, services
from apps.records.forms import CorrectionForm, FaultFilterForm, QualityFilterForm, RoundForm
from apps.records.selectors.quality import Filters
from apps.records.workbooks import bulletin_workbook, correction_workbook, read_corrections

PAGE_ROWS = 50
SEES = (Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR)
ACTS = (Role.DEPARTMENT, Role.OPERATOR)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def today() -> date:
    """The business date of the request."""
    return clock.business_date(clock.now())


def month(year: int, number: int) -> date:
    """The month of an address. Raises NotVisible for one that does not exist."""
    try:
        return date(year, number, 1)
    except ValueError as error:
        raise NotVisible("没有这个月份。") from error


@require_GET
@actor_required(*SEES)
def quality(request: ActorRequest) -> HttpResponse:
    """The figures of a month by source and item; the filters are in the address."""
    everything = selectors.overview(request.actor, Filters(), today())
    form = QualityFilterForm(request.GET or None, found=everything)
    filters = form.filters if form.is_bound and form.is_valid() else Filters()
    found = selectors.overview(request.actor, filters, today()) if filters != Filters() else everything
    context = {
        "form": form,
        "found": found,
        "overdue": selectors.overdue_alerts_visible_to(request.actor)[:PAGE_ROWS],
        "is_operator": request.actor.has(Role.OPERATOR),
        "one_source": found.rows[0].figure.source if found.rows and filters.source_id else None,
        "lines": selectors.lines_with_sources(today()),
    }
    return render(request, "records/quality.html", context, status=422 if form.errors else 200)


@require_POST
@actor_required(Role.OPERATOR)
def quality_count(request: ActorRequest, source_id: int, year: int, number: int) -> HttpResponse:
    """Have the figures of one source and month counted now."""
    source = selectors.source_visible_to(request.actor, source_id)
    job = services.request_count(actor=request.actor, source=source, month_on=month(year, number), now=clock.now())
    messages.success(request, f"已申请重新统计“{source}”{year}年{number}月的数据质量。")
    return redirect("core:job_detail", pk=job.pk)


@require_GET
@actor_required(*SEES)
def quality_detail(request: ActorRequest, source_id: int, item_code: str, year: int, number: int) -> HttpResponse:
    """One source, item and month: every figure with its definition, down to the deliveries."""
    found = selectors.quality_detail(request.actor, source_id, item_code, month(year, number), today())
    return render(request, "records/quality_detail.html", {"found": found})


@require_GET
@actor_required(*SEES)
def contradiction_list(request: ActorRequest) -> HttpResponse:
    """What departments say differently of one subject."""
    page, links = paged(request, selectors.contradictions_visible_to(request.actor))
    rows = selectors.said(request.actor, list(page))
    context = {"page": page, "links": links, "rows": rows, "lines": selectors.tolerances(today())}
    return render(request, "records/contradiction_list.html", context)


@require_GET
@actor_required(*SEES)
def code_fault_list(request: ActorRequest) -> HttpResponse:
    """重错码 by kind and registrar, the rate against its line, and the correction workbook."""
    form = _fault_filter(request.actor, request.GET)
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {"kind": "", "source": None}
    faults = selectors.code_faults_visible_to(request.actor, chosen["kind"], chosen["source"])
    page, links = paged(request, faults)
    opened = selectors.open_correction_round()
    context = {
        "form": form,
        "sheet": selectors.code_sheet(request.actor, today(), chosen["source"]),
        "page": page,
        "links": links,
        "round": opened,
        "may_correct": request.actor.has(*ACTS),
        "round_form": RoundForm() if request.actor.has(Role.OPERATOR) else None,
        "import_form": CorrectionForm(),
        "lines": selectors.correction_lines_of(request.actor, opened)[:PAGE_ROWS] if opened else [],
    }
    return render(request, "records/code_fault_list.html", context)


def _fault_filter(actor: Any, values: QueryDict) -> FaultFilterForm:
    given = {key: values[key] for key in ("kind", "source") if values.get(key)}
    return FaultFilterForm(given or None, sources=selectors.fault_sources(actor))


@require_GET
@actor_required(*ACTS)
def code_fault_export(request: ActorRequest) -> HttpResponse:
    """The correction workbook of what the filters show."""
    opened = selectors.open_correction_round()
    if opened is None:
        raise InvalidInput("目前没有进行中的更正轮次。")
    form = _fault_filter(request.actor, request.GET)
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {"kind": "", "source": None}
    faults = selectors.code_faults_visible_to(request.actor, chosen["kind"], chosen["source"])
    return workbook(correction_workbook(faults.iterator(chunk_size=2_000), opened), "code-corrections.xlsx")


@require_POST
@actor_required(*ACTS)
def code_fault_import(request: ActorRequest) -> HttpResponse:
    """The filled workbook comes back; every refused line says why."""
    opened = selectors.open_correction_round()
    if opened is None:
        raise InvalidInput("目前没有进行中的更正轮次。")
    form = CorrectionForm(request.POST, request.FILES)
    if not form.is_valid():
        raise InvalidInput("请选择填写好的更正表。")
    upload = form.cleaned_data["file"]
    kept = services.import_corrections(
        actor=request.actor,
        correction_round=opened,
        lines=read_corrections(upload.file, upload.size),
        business_date=today(),
        now=clock.now(),
    )
    refused = sum(bool(line.refusal) for line in kept)
    messages.success(request, f"导入{len(kept)}行：接受{len(kept) - refused}行，未接受{refused}行。")
    return redirect("records:code_fault_list")


@require_POST
@actor_required(Role.OPERATOR)
def correction_round_open(request: ActorRequest) -> HttpResponse:
    """Begin a round of corrections."""
    form = RoundForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("请填写名称并至少选择一种可接受的操作。")
    opened = services.open_round(
        actor=request.actor,
        name=form.cleaned_data["name"],
        accepts=form.cleaned_data["accepts"],
        business_date=today(),
        now=clock.now(),
    )
    messages.success(request, f"已开始“{opened}”。")
    return redirect("records:code_fault_list")


@require_GET
@actor_required(*SEES)
def bulletin_list(request: ActorRequest) -> HttpResponse:
    """Published bulletins; for administrators also the ranking of a month and what waits to be published."""
    actor = request.actor
    months = selectors.months_counted(actor)
    ranks = actor.has(Role.OPERATOR, Role.AUDITOR)
    wanted = request.GET.get("month", "")
    month_on = next((day for day in months if f"{day:%Y-%m}" == wanted), months[0] if months else None)
    ranking = selectors.ranking(month_on, today()) if ranks and month_on else []
    context = {
        "months": months,
        "month_on": month_on,
        "ranking": ranking,
        "bulletins": selectors.bulletins_visible_to(actor),
        "ranks": ranks,
        "may_publish": actor.has(Role.OPERATOR) and any(not row.published for row in ranking),
    }
    return render(request, "records/bulletin_list.html", context)


@require_http_methods(["GET", "POST"])
@actor_required(*SEES)
def bulletin_detail(request: ActorRequest, source_id: int, year: int, number: int) -> HttpResponse:
    """A bulletin; a POST of an administrator publishes it."""
    month_on = month(year, number)
    if request.method == "POST":
        source = selectors.source_visible_to(request.actor, source_id)
        services.publish_bulletin(actor=request.actor, source=source, month_on=month_on, now=clock.now())
        messages.success(request, "通报已发布，已通知报送单位。")
        return redirect("records:bulletin_detail", source_id, year, number)
    content, published = selectors.bulletin_of(request.actor, source_id, month_on, today())
    context = {
        "bulletin": content,
        "published": published,
        "may_publish": published is None and request.actor.has(Role.OPERATOR),
        "source_id": source_id,
        "month_on": month_on,
    }
    return render(request, "records/bulletin_detail.html", context)


@require_GET
@actor_required(*SEES)
def bulletin_download(request: ActorRequest, source_id: int, year: int, number: int) -> HttpResponse:
    """The bulletin as a workbook."""
    content, _ = selectors.bulletin_of(request.actor, source_id, month(year, number), today())
    return workbook(bulletin_workbook(content), f"bulletin-{source_id}-{content['month']}.xlsx")


@require_POST
@actor_required(Role.OPERATOR)
def bulletin_publish(request: ActorRequest, year: int, number: int) -> HttpResponse:
    """Publish every bulletin of a month that is not out yet."""
    done = services.publish_month(actor=request.actor, month_on=month(year, number), now=clock.now())
    messages.success(request, f"已发布{done}份通报。")
    return redirect("records:bulletin_list")


def workbook(content: bytes, name: str) -> HttpResponse:
    """A workbook to save, never cached."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def paged(request: ActorRequest, rows: QuerySet[Any]) -> tuple[Page[Any], Mapping[str, Any]]:
    """A page of rows with the links that keep the filters."""
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))

    def link(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    return page, {
        "previous_url": link(page.previous_page_number()) if page.has_previous() else None,
        "next_url": link(page.next_page_number()) if page.has_next() else None,
        "summary": f"第{page.number}页，共{page.paginator.num_pages}页，{page.paginator.count}条",
    }
