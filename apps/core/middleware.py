"""Domain errors for people: a page with the sentence and what to do next."""

from collections.abc import Callable
from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core import audit, clock
from apps.core.errors import DomainError, NotParsable, NotPermitted
from apps.core.problems import ContentTooLarge, LengthRequired, problem_response

# The largest file that records takes, and the form around it.
MAX_BODY_BYTES: Final = 2_001_000_000

audit.register("core", {"refuse": "拒绝操作：{target}"})


class DomainErrorMiddleware:
    """Turns a DomainError that a view let pass into a page, or problem+json below /api/; before the view is called,
    refuses what no text of ours can hold.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Before anybody reads the body: one without a length, or beyond what any of our routes takes, is refused."""
        if refusal := _refused_body(request):
            return _answer(request, refusal)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        """Refuse NUL, which PostgreSQL does not store, and encodings that can smuggle halves of characters."""
        if _is_plain(request):
            return None
        return _answer(request, NotParsable("请求中含有无法处理的字符或编码，请删除后重试。"))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer domain errors only; anything else stays a fault."""
        if not isinstance(error, DomainError):
            return None
        if isinstance(error, NotPermitted):
            record_refusal(request, error)
        return _answer(request, error)


def _refused_body(request: HttpRequest) -> DomainError | None:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        return LengthRequired()
    if length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
        return ContentTooLarge()
    return None


def _answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    if _is_api(request):
        return problem_response(error, request.path)
    return render(request, "errors/problem.html", {"error": error}, status=error.status)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _is_plain(request: HttpRequest) -> bool:
    if (request.encoding or "utf-8").lower() not in ("utf-8", "utf8"):
        return False
    # The API reads its parameters and bodies by itself, after the caller is known.
    sent = [] if _is_api(request) else [request.GET, request.POST]
    texts = [request.path, *(text for given in sent for name, values in given.lists() for text in (name, *values))]
    return not any("\x00" in text for text in texts)


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
