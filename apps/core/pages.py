"""Who may open a page: one decorator, so that every view names its roles on its first line."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from apps.core.actor import Actor
from apps.core.errors import NotPermitted


class ActorRequest(HttpRequest):
    """A request that `actor_required` let through."""

    actor: Actor


View = Callable[..., HttpResponse]


def actor_required(*roles: str) -> Callable[[View], View]:
    """Let only logged-in people with one of `roles` in (none named: any role); others get the log-in page or a 403."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = getattr(request, "actor", None)
            if actor is None:
                if request.user.is_authenticated:
                    raise NotPermitted("您的账号没有所属单位或角色，请联系平台管理员。")
                return redirect_to_login(request.get_full_path())
            if roles and not actor.has(*roles):
                raise NotPermitted
            return view(request, *args, **kwargs)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate
