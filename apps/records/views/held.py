"""The work list of held rows: found by a filter in the address, decided one by one, together, or all that is found."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import DomainError
from apps.core.models import Job
from apps.core.pages import ActorRequest, actor_required
from apps.records import held_decisions as decisions
from apps.records import selectors, services
from apps.records.forms import HeldDecisionForm, HeldFilterForm
from apps.records.reasons import LABELS
from apps.records.selectors import HeldFilter, HeldGroup

ACTS = (Role.DEPARTMENT, Role.OPERATOR)
_ENDS = (
    ("accepted", "入库{}行"),
    ("duplicate", "{}行此前已入库"),
    ("assigned", "{}行归入所选主体"),
    ("dismissed", "不予入库{}行"),
)


@require_GET
@actor_required(*ACTS)
def held_row_list(request: ActorRequest) -> HttpResponse:
    """Rows that wait, key by key: what each says, what is stored, what may be decided."""
    form = HeldFilterForm(request.GET or None, actor=request.actor)
    found = form.found
    page, groups = selectors.held_groups_page(request.actor, found, request.GET.get("page"))
    query = _query(found)
    context = {
        "form": form,
        "groups": [_shown(group) for group in groups],
        "page": page,
        "links": _links(page, query),
        "decide_url": f"{reverse('records:held_row_decide')}?{query}",
        "bulk": [each for each in decisions.DECISIONS.values() if each.for_all or each.slug == decisions.ACCEPT],
        "rows_found": selectors.held_rows_found(request.actor, found).count(),
    }
    return render(request, "records/held_row_list.html", context)


@require_POST
@actor_required(*ACTS)
def held_row_decide(request: ActorRequest) -> HttpResponse:
    """Decide the chosen rows, or all that the filter in the address finds; back to the list, which says what became."""
    found = HeldFilterForm(request.GET or None, actor=request.actor).found
    form = HeldDecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "".join(str(fault) for faults in form.errors.values() for fault in faults))
        return _back(found)
    act, reason, now = form.chosen, form.cleaned_data["reason"], clock.now()
    done: Job | Counter[str]
    try:
        if act.whole:
            done = services.decide_found_rows(
                actor=request.actor, found=found, decision=act.decision, reason=reason, now=now
            )
        else:
            done = services.decide_held_rows(
                actor=request.actor,
                row_ids=act.rows,
                decision=act.decision,
                reason=reason,
                now=now,
                subject_code=act.subject_code,
            )
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        if isinstance(done, Job):
            messages.success(request, "行数较多，已交后台处理，完成后这些行不再列出。")
        else:
            messages.success(request, _sentence(done))
    return _back(found)


def _sentence(done: Counter[str]) -> str:
    parts = [text.format(done[name]) for name, text in _ENDS if done[name]]
    return f"已处理：{'，'.join(parts)}。" if parts else "所采纳的行继续等待登记注册信息，到后自动入库。"


def _back(found: HeldFilter) -> HttpResponse:
    return redirect(f"{reverse('records:held_row_list')}?{_query(found)}")


def _query(found: HeldFilter) -> str:
    return urlencode({name: value for name, value in found.as_json().items() if value})


def _links(page: Any, query: str) -> dict[str, str | None]:
    def at(number: int) -> str:
        return f"?{query}&page={number}" if query else f"?page={number}"

    return {
        "previous_url": at(page.previous_page_number()) if page.has_previous() else None,
        "next_url": at(page.next_page_number()) if page.has_next() else None,
        "summary": f"第{page.number}页，共{page.paginator.num_pages}页，{page.paginator.count}组",
    }


def _shown(group: HeldGroup) -> dict[str, Any]:
    reason = group.first.reason
    return {
        "group": group,
        "label": LABELS[reason],
        "may_accept": reason in decisions.DECISIONS[decisions.ACCEPT].reasons,
        "may_assign": reason in decisions.DECISIONS[decisions.ASSIGN].reasons,
        "is_exclusive": reason in decisions.EXCLUSIVE,
        "left_out": group.total - len(group.rows),
    }
