"""What every view of `/api/v1/` does alike: who asks, which query parameters exist, pages, entity tags, writes once."""

from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar, cast

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, QuerySet
from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from apps.core import clock
from apps.core.actor import Actor
from apps.core.digests import canonical_json, sha256_of
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.idempotency import KEY_HEADER, once
from apps.core.middleware import record_refusal
from apps.core.problems import NotAuthenticated, as_domain_error


class HasRole(BasePermission):
    """The action's own roles; a view that names none for an action is open to every role."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the actor holds one of `roles_of[action]`."""
        roles = view.roles_of.get(view.action)
        return roles is None or view.actor.has(*roles)


class Api(GenericViewSet[Any]):
    """One noun. A child names the model it shows and, per action, the roles that may; rows come from selectors."""

    model: ClassVar[type[Model]]
    roles_of: ClassVar[dict[str, frozenset[str]]] = {}
    lookup_value_converter = "int"
    filter_backends = (DjangoFilterBackend,)
    filterset_class: ClassVar[Any] = None
    own_parameters: ClassVar[frozenset[str]] = frozenset()
    paged_actions: ClassVar[frozenset[str]] = frozenset({"list"})

    def get_queryset(self) -> QuerySet[Any]:
        """Nothing: it only tells the description of the API which model this is."""
        return self.model._default_manager.none()

    def get_permissions(self) -> list[Any]:
        """An actor first, then the role."""
        return [*super().get_permissions(), HasRole()]

    @property
    def actor(self) -> Actor:
        """Who asks."""
        actor: Actor = self.request._request.actor  # type: ignore[attr-defined]
        return actor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a query parameter that does not exist: a misspelt filter must not answer with everything."""
        super().initial(request, *args, **kwargs)
        unknown = [name for name in request.query_params if name not in self._parameters()]
        if unknown:
            raise InvalidInput(fields=dict.fromkeys(unknown, "没有这个查询参数。"))
        repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
        if repeated:
            raise InvalidInput(fields=dict.fromkeys(repeated, "查询参数只能出现一次。"))

    def _parameters(self) -> frozenset[str]:
        if self.action not in self.paged_actions:
            return self.own_parameters if self.action == "retrieve" else frozenset()
        filters = self.filterset_class.base_filters if self.action == "list" and self.filterset_class else ()
        return frozenset({*filters, *self.own_parameters, "cursor", "page_size"})

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal is an event of the audit trail, as on pages."""
        response = super().handle_exception(exc)
        refused = as_domain_error(exc)
        if isinstance(refused, NotPermitted) and not isinstance(refused, NotAuthenticated):
            record_refusal(self.request._request, refused)
        return response

    def listed(self, rows: Any, serializer: type[Serializer[Any]]) -> Response:
        """A filtered page of rows."""
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(serializer(page, many=True, context=self.get_serializer_context()).data)

    def tagged(self, body: Any) -> HttpResponseBase:
        """A detail with its ETag, or 304 where the caller has it already."""
        tag = f'"{sha256_of(canonical_json(body))[:32]}"'
        response = Response(body, headers={"ETag": tag})
        return get_conditional_response(self.request._request, etag=tag, response=response) or response

    def given(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """The checked body of a write. Raises ValidationError naming every field that is wrong or unknown."""
        reader = serializer(data=self.request.data, context=self.get_serializer_context())
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def written_once(self, act: Callable[[], tuple[int, Any]]) -> Response:
        """Do a write at most once per Idempotency-Key of this caller on this address.

        Call it after the checks that would refuse a stranger, so that a replay is authorised anew.
        """
        client = getattr(self.request.user, "client", None)
        caller = f"client {client.pk}" if client else f"user {self.actor.user_id}"
        status, body, replayed = once(
            scope=f"{caller} for {self.actor.organization_id}: {self.request.method} {self.request.path}",
            key=self.request.headers.get(KEY_HEADER, ""),
            body=canonical_json(_content(self.request.data)),
            now=clock.now(),
            act=act,
        )
        return Response(body, status=status, headers={"Idempotent-Replayed": "true"} if replayed else None)


def _content(data: Any) -> Any:
    """What was sent, whatever its spelling: keys in any order, multipart boundaries forgotten, files by digest."""
    if isinstance(data, UploadedFile):
        digest = sha256_of(cast(BinaryIO, data.file))
        data.seek(0)
        return [data.name, digest]
    if hasattr(data, "lists"):
        return {name: [_content(value) for value in values] for name, values in data.lists()}
    if isinstance(data, dict):
        return {name: _content(value) for name, value in data.items()}
    return data
