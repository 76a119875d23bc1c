"""API callers: systems by client credentials, people by their session; either way the view gets an Actor."""

from typing import Any

from django.http import QueryDict
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.models import ApiClient
from apps.accounts.selectors import actor_for_client
from apps.core import clock


class SystemUser:
    """The `request.user` of a system: authenticated, but no person."""

    is_authenticated = True
    is_active = True
    pk = None

    def __init__(self, client: ApiClient) -> None:
        self.client = client

    def __str__(self) -> str:
        return str(self.client)


class _Head:
    """A request without its body: who asks stands in the headers, and is asked before a large upload is read."""

    POST = QueryDict()

    def __init__(self, request: Request) -> None:
        self._head = request

    def __getattr__(self, name: str) -> Any:
        return getattr(self._head, name)


class ClientCredentialsAuthentication(OAuth2Authentication):
    """A bearer token of a registered, live ApiClient."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Set the Actor of the client's organisation; a valid token without a live client is refused."""
        if not request.headers.get("Authorization", "").lower().startswith("bearer "):
            return None  # the library would read the whole body of a caller that nobody knows
        head = _Head(request)
        found = super().authenticate(head)
        if found is None:
            request.oauth2_error = head.oauth2_error  # type: ignore[attr-defined]  # the challenge in the answer names it
            return None
        _, token = found
        client = (
            ApiClient.objects.select_related("organization", "application")
            .filter(application_id=token.application_id, is_active=True, organization__is_active=True)
            .first()
        )
        if client is None:
            raise AuthenticationFailed
        http = request._request
        today = clock.business_date(clock.now())
        actor = actor_for_client(client, on=today, request_id=getattr(http, "request_id", ""))
        http.actor = actor  # type: ignore[attr-defined]
        return SystemUser(client), token


class HasActor(BasePermission):
    """Every API route needs somebody who acts for an organisation; writes by token need the scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether there is an Actor, and the token's scope covers the method."""
        if getattr(request._request, "actor", None) is None:
            return False
        token = request.auth
        if token is None or not hasattr(token, "is_valid"):
            return True
        return bool(token.is_valid(["read" if request.method in ("GET", "HEAD", "OPTIONS") else "write"]))
