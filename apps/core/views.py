"""Pages of the shared machinery: the progress of a job, the audit trail, and what is said when nothing else answers."""

from django.apps import apps as django_apps
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import defaults
from django.views.decorators.http import require_GET

from apps.core import audit, jobs, selectors
from apps.core.actor import Role
from apps.core.errors import DomainError, NotParsable, NotPermitted, NotVisible
from apps.core.models import Job
from apps.core.pages import ActorRequest, actor_required
from apps.core.problems import problem_response

TRAIL_PAGE_SIZE = 50


@require_GET
@actor_required()
def job_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """How far a job is; htmx asks again for the fragment while it runs."""
    job = selectors.job_visible_to(request.actor, pk)
    polled = getattr(request, "htmx", False)
    if polled and job.is_over:
        # The whole page changes: its times, what to do next, and the notice that the job waits.
        return HttpResponse(headers={"HX-Refresh": "true"})
    template = "core/_job.html" if polled else "core/job_detail.html"
    told = jobs.told_of(job.kind)
    own = job.organization_id == request.actor.organization_id
    context = {"job": job, "label": told.label, "result_url": _result_url(job, told) if own else ""}
    return render(request, template, context)


def _result_url(job: Job, told: jobs.Told) -> str:
    """Where the outcome of the job is shown; empty when no page shows it."""
    if not told.seen_at:
        return ""
    name, *keys = told.seen_at
    return reverse(name, args=[job.payload[key] for key in keys])


@require_GET
@actor_required(Role.AUDITOR)
def trail(request: ActorRequest) -> HttpResponse:
    """The audit trail with its sentences and seals."""
    page = Paginator(selectors.trail_for(request.actor), TRAIL_PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {"event": event, "sentence": audit.sentence_of(event), "stream": stream_label(event.stream)} for event in page
    ]
    return render(request, "core/trail.html", {"page": page, "rows": rows})


def stream_label(stream: str) -> str:
    """A stream is called by its app, in words."""
    return str(django_apps.get_app_config(stream).verbose_name)


class Fault(DomainError):
    """Something that nobody foresaw; the log knows more."""

    code = "internal-error"
    status = 500
    title = "系统出错"
    default_message = "系统出现未预料的错误，已记录。您提交的内容没有被部分保存，请稍后重试。"


def not_offered(request: HttpRequest) -> HttpResponse:
    """An address that a library wants to exist and that the platform does not offer."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 as a page, or problem+json below /api/."""
    if _is_api(request):
        return problem_response(NotParsable(), request.path)
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 as a page, or problem+json below /api/."""
    if _is_api(request):
        return problem_response(NotPermitted(), request.path)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 as a page, or problem+json below /api/."""
    if _is_api(request):
        return problem_response(NotVisible(), request.path)
    return defaults.page_not_found(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    """500 as a page, or problem+json below /api/."""
    if _is_api(request):
        return problem_response(Fault(), request.path)
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
