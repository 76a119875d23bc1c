"""Pages of the shared machinery: the progress of a job, the audit trail."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core import audit, selectors
from apps.core.actor import Role
from apps.core.pages import ActorRequest, actor_required

TRAIL_PAGE_SIZE = 50


@require_GET
@actor_required()
def job_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """How far a job is; htmx asks again for the fragment while it runs."""
    job = selectors.job_visible_to(request.actor, pk)
    template = "core/_job.html" if getattr(request, "htmx", False) else "core/job_detail.html"
    return render(request, template, {"job": job})


@require_GET
@actor_required(Role.AUDITOR)
def trail(request: ActorRequest) -> HttpResponse:
    """The audit trail with its sentences and seals."""
    page = Paginator(selectors.trail_for(request.actor), TRAIL_PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"event": event, "sentence": audit.sentence_of(event)} for event in page]
    return render(request, "core/trail.html", {"page": page, "rows": rows})
