"""Builds `request.actor` once per request from the session's current membership: no role is cached in the session."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.accounts.selectors import actor_for, memberships_of
from apps.core import clock
from apps.core.actor import Actor

SESSION_KEY = "organization_id"


class ActorMiddleware:
    """Sets `request.actor` (None when nobody is logged in or the account has no live role) and `request.request_id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid.uuid4().hex  # type: ignore[attr-defined]
        request.actor = self._actor(request)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return response

    def _actor(self, request: HttpRequest) -> Actor | None:
        if not request.user.is_authenticated:
            return None
        memberships = list(memberships_of(request.user))
        if not memberships:
            return None
        wanted = request.session.get(SESSION_KEY)
        current = next((m for m in memberships if m.organization_id == wanted), memberships[0])
        today = clock.business_date(clock.now())
        return actor_for(request.user, current, on=today, request_id=request.request_id)  # type: ignore[attr-defined]
