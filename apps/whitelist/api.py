"""`/api/v1/listings/` and `/api/v1/pushes/`: who is on a whitelist, what was recommended to a bank, its answer."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.actor import Role
from apps.core.api import Api
from apps.whitelist import selectors, services
from apps.whitelist.filters import ListingFilters, PushFilters
from apps.whitelist.models import Listing, Push
from apps.whitelist.serializers import FeedbackBody, ListingSerializer, PushSerializer

_READERS = frozenset(
    {
        Role.FIRM_OWNER,
        Role.FIRM_ACCOUNTANT,
        Role.BANK_OFFICER,
        Role.BANK_APPROVER,
        Role.AUTHORITY,
        Role.REGULATOR,
    }
)


class ListingApi(Api):
    """List and detail."""

    model = Listing
    roles_of = {"list": _READERS, "retrieve": _READERS}
    serializer_class = ListingSerializer
    filterset_class = ListingFilters

    @extend_schema(
        summary="白名单企业列表", description="企业只见本企业，银行只见推送给本行的，主管与监管部门见本区划及以下。"
    )
    def list(self, request: Request) -> Response:
        """A page."""
        return self.listed(selectors.listings_visible_to(self.actor), ListingSerializer)

    @extend_schema(summary="白名单企业详情")
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        """One listing."""
        return self.tagged(ListingSerializer(selectors.listing_visible_to(self.actor, pk)).data)


class PushApi(Api):
    """List, detail, and the bank's answer."""

    model = Push
    roles_of = {"list": _READERS, "retrieve": _READERS, "feedback": frozenset({Role.BANK_OFFICER})}
    serializer_class = PushSerializer
    filterset_class = PushFilters

    @extend_schema(
        summary="推荐企业列表", description="银行见推送给本行的，企业见关于本企业的，主管与监管部门见本区划及以下。"
    )
    def list(self, request: Request) -> Response:
        """A page."""
        return self.listed(selectors.pushes_visible_to(self.actor), PushSerializer)

    @extend_schema(summary="推荐企业详情")
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        """One push."""
        return self.tagged(PushSerializer(selectors.push_visible_to(self.actor, pk)).data)

    @extend_schema(
        summary="反馈推荐企业",
        description="银行客户经理登记一次办理进度。",
        request=FeedbackBody,
        responses=PushSerializer,
    )
    @action(detail=True, methods=["post"])
    def feedback(self, request: Request, pk: int) -> Response:
        """One answer."""
        push = selectors.push_visible_to(self.actor, pk)
        body = self.given(FeedbackBody)

        def act() -> tuple[int, Any]:
            answered = services.answer_push(
                actor=self.actor,
                push=push,
                verb=body["verb"],
                answer=FeedbackBody().answer_of(body),
                now=clock.now(),
            )
            return 200, PushSerializer(answered).data

        return self.written_once(act)
