"""运行状况: jobs, backlog, the last night, freshness, versions."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.core import clock
from apps.core.actor import Role
from apps.core.pages import ActorRequest, actor_required
from apps.operations import selectors, services
from apps.profiles.services import refresh_profiles
from apps.records.selectors import known_until


@require_GET
@actor_required(Role.OPERATOR)
def status(request: ActorRequest) -> HttpResponse:
    """How the platform is doing."""
    night, steps = selectors.last_night(request.actor)
    page = {
        "jobs": selectors.jobs_by_state(request.actor),
        "backlog": selectors.backlog(request.actor),
        "failed": selectors.failed_jobs(request.actor),
        "night": night,
        "steps": steps,
        "freshness": selectors.freshness(request.actor),
        "versions": selectors.versions(request.actor),
    }
    return render(request, "operations/status.html", page)


@require_POST
@actor_required(Role.OPERATOR)
def profile_refresh(request: ActorRequest) -> HttpResponse:
    """Have today's portraits computed again from everything known by now."""
    now = clock.now()
    job = refresh_profiles(
        actor=request.actor, business_date=clock.business_date(now), as_known=known_until(now), now=now
    )
    messages.success(request, "画像计算已排队。")
    return redirect("core:job_detail", job.pk)


@require_POST
@actor_required(Role.OPERATOR)
def retry_job(request: ActorRequest, pk: int) -> HttpResponse:
    """Put a failed job back into the queue."""
    job = selectors.failed_job(request.actor, pk)
    services.retry_job(actor=request.actor, job=job, now=clock.now())
    messages.success(request, "任务已重新排队。")
    return redirect("operations:status")
