"""Domain errors for people: a page with the sentence and what to do next."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core import audit, clock
from apps.core.errors import DomainError, NotPermitted
from apps.core.problems import problem_response

audit.register("core", {"refuse": "拒绝操作：{target}"})


class DomainErrorMiddleware:
    """Turns a DomainError that a view let pass into a page, or problem+json below /api/."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer domain errors only; anything else stays a fault."""
        if not isinstance(error, DomainError):
            return None
        if isinstance(error, NotPermitted):
            record_refusal(request, error)
        if request.path.startswith("/api/"):
            return problem_response(error, request.path)
        return render(request, "errors/problem.html", {"error": error}, status=error.status)


def record_refusal(request: HttpRequest, error: NotPermitted) -> None:
    """A refused attempt is an event of its own transaction, so that the rollback of the act does not erase it."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return
    with transaction.atomic():
        audit.record(
            actor=actor,
            verb="core.refuse",
            target=audit.Target("route", request.path[:80], f"{request.method} {request.path}"),
            now=clock.now(),
            reason=error.message,
        )
