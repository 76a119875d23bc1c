"""Pages for the bodies that deliver and for the platform's administrators."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput
from apps.core.pages import ActorRequest, actor_required
from apps.records import policies, selectors, services
from apps.records.exports import rejected_rows_workbook
from apps.records.forms import DeliveryForm, SourceForm
from apps.records.manifest import PAGE
from apps.records.models import Delivery
from apps.records.reasons import LABELS

PAGE_ROWS = 50
SEES = (Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR)
ACTS = (Role.DEPARTMENT, Role.OPERATOR)


@actor_required(*SEES)
def delivery_list(request: ActorRequest) -> HttpResponse:
    """Deliveries, newest first, with what is worth saying about each; above them the files that are missing."""
    page, links = _page(request, selectors.deliveries_visible_to(request.actor))
    context = {
        "page": page,
        "rows": [{"row": row, "observations": selectors.observations_of(row)} for row in page],
        "links": links,
        "gaps": selectors.sequence_gaps(request.actor),
        "may_deliver": request.actor.has(*ACTS),
    }
    return render(request, "records/delivery_list.html", context)


@actor_required(*ACTS)
def delivery_create(request: ActorRequest) -> HttpResponse:
    """Hand in one file or several. Each is taken or refused by itself; the refused ones are named in the form."""
    asked = {"what": request.GET.get("what", "")}
    form = DeliveryForm(request.POST or None, request.FILES or None, actor=request.actor, initial=asked)
    if form.is_valid():
        taken = _received(request, form)
        if not form.errors:
            one = len(taken) == 1
            return redirect("records:delivery_detail", taken[0].pk) if one else redirect("records:delivery_list")
    return render(request, "records/delivery_form.html", {"form": form}, status=422 if form.errors else 200)


def _received(request: ActorRequest, form: DeliveryForm) -> list[Delivery]:
    taken = []
    for upload in form.cleaned_data["file"]:
        try:
            delivery = services.receive_delivery(
                actor=request.actor,
                source=form.source,
                item_code=form.item_code,
                file_name=upload.name,
                content=upload.file,
                now=clock.now(),
                manifest=form.manifest,
                way_in=PAGE,
            )
        except InvalidInput as refusal:
            form.take(upload.name, refusal)
        else:
            messages.success(request, f"{delivery.file_name}：{_receipt(delivery)}")
            taken.append(delivery)
    return taken


def _receipt(delivery: Delivery) -> str:
    if delivery.repeats:
        return f"这份文件与第{delivery.repeats.pk}号报送完全相同，未作任何改动。"
    return "文件已接收，正在处理。"


@actor_required(*SEES)
def delivery_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """What became of a delivery, with reasons, and what to do next."""
    delivery = selectors.delivery_visible_to(request.actor, pk)
    context = {
        "delivery": delivery,
        "tallies": _tallies(delivery),
        "progress": _progress(delivery),
        "observations": selectors.observations_of(delivery),
        "gaps": selectors.missing_sequences(delivery.source, delivery.item),
        "manifest": _manifest(delivery),
        "may_deliver": request.actor.has(*ACTS),
        "shows_text": policies.can_read_rows(request.actor, delivery),
    }
    return render(request, "records/delivery_detail.html", context)


def _manifest(delivery: Delivery) -> list[dict[str, Any]]:
    """What the sender said of the file, without what was not said."""
    period = [day.isoformat() if day else "—" for day in (delivery.period_from_on, delivery.period_to_on)]
    said = [
        ("报送方式", delivery.get_way_in_display()),
        ("报送性质", delivery.get_kind_display()),
        ("所属期", "至".join(period) if delivery.period_from_on or delivery.period_to_on else None),
        ("报送序号", delivery.sequence),
        ("申报行数", delivery.declared_rows),
        ("申报摘要", delivery.declared_digest),
    ]
    return [{"label": label, "value": value} for label, value in said if value not in (None, "")]


@actor_required(*SEES)
def delivery_progress(request: ActorRequest, pk: int) -> HttpResponse:
    """The progress bar by itself; when the work is over, or its job long deleted, the page is loaded anew."""
    delivery = selectors.delivery_visible_to(request.actor, pk)
    progress = _progress(delivery)
    if progress is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    response = render(request, "records/_delivery_progress.html", {"progress": progress})
    if not progress["running"]:
        response["HX-Refresh"] = "true"
    return response


def _progress(delivery: Delivery) -> dict[str, Any] | None:
    job = delivery.job
    if job is None:
        return None
    return {
        "state": job.state,
        "state_label": job.get_state_display(),
        "running": not job.is_over,
        "done": job.progress_done,
        "total": job.progress_total,
        "text": job.progress_note,
        "poll_url": reverse("records:delivery_progress", args=[delivery.pk]),
    }


def _tallies(delivery: Delivery) -> list[dict[str, Any]]:
    """Reasons under each count: «label» or «column：label», the most frequent first."""
    groups = []
    for kind, title in (
        ("rejected", "退回的原因"),
        ("held", "待处理的原因"),
        ("duplicate", "重复"),
        ("not_data", "非数据行"),
        ("normalised", "已规范书写"),
        ("warned", "提示"),
    ):
        counts = {}
        for reason, count in delivery.tallies.get(kind, {}).items():
            column, _, code = reason.rpartition(":")
            counts[f"{column}：{LABELS[code]}" if column else LABELS[code]] = count
        rows = [{"label": label, "value": counts[label]} for label in sorted(counts, key=lambda x: (-counts[x], x))]
        if rows:
            groups.append({"title": title, "rows": rows})
    return groups


@actor_required(*SEES)
def rejected_row_list(request: ActorRequest, pk: int) -> HttpResponse:
    """Rows that went back. What was written in them is shown to their sender only."""
    delivery = selectors.delivery_visible_to(request.actor, pk)
    page, links = _page(request, selectors.rejected_rows_of(delivery))
    rows = [{"row": row, "label": LABELS[row.reason]} for row in page]
    context = {"delivery": delivery, "rows": rows, "page": page, "links": links}
    context["shows_text"] = policies.can_read_rows(request.actor, delivery)
    return render(request, "records/rejected_row_list.html", context)


@actor_required(Role.DEPARTMENT)
def rejected_row_download(request: ActorRequest, pk: int) -> HttpResponse:
    """Rejected rows as a workbook, for their sender."""
    delivery = selectors.delivery_visible_to(request.actor, pk)
    content = rejected_rows_workbook(delivery, selectors.rejected_rows_of(delivery))
    response = HttpResponse(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f'attachment; filename="rejected-{delivery.pk}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@actor_required(Role.OPERATOR)
def source_list(request: ActorRequest) -> HttpResponse:
    """Which organisation delivers what."""
    page, links = _page(request, selectors.delivering_organizations(request.actor))
    rows = [{"organization": one, "items": selectors.items_delivered_by(one)} for one in page]
    return render(request, "records/source_list.html", {"rows": rows, "page": page, "links": links})


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def source_edit(request: ActorRequest, organization_id: int) -> HttpResponse:
    """Say what an organisation delivers."""
    organization = selectors.delivering_organization(request.actor, organization_id)
    delivered = [item.code for item in selectors.items_delivered_by(organization)]
    form = SourceForm(request.POST if request.method == "POST" else None, initial={"item_codes": delivered})
    if form.is_valid():
        services.set_source(
            actor=request.actor,
            organization=organization,
            item_codes=form.cleaned_data["item_codes"],
            now=clock.now(),
        )
        messages.success(request, f"已设定“{organization.name}”的报送范围。")
        return redirect("records:source_list")
    context = {"form": form, "organization": organization}
    return render(request, "records/source_form.html", context, status=422 if form.errors else 200)


def _page(request: ActorRequest, rows: QuerySet[Any]) -> tuple[Page[Any], dict[str, Any]]:
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    links = {
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else None,
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else None,
        "summary": f"第{page.number}页，共{page.paginator.num_pages}页，{page.paginator.count}条",
    }
    return page, links
