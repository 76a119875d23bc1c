"""`/api/v1/deliveries/`: what departments deliver, what became of each row, and delivering itself."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.actor import Role
from apps.core.api import Api
from apps.core.errors import InvalidInput
from apps.records import selectors, services
from apps.records.filters import DeliveryFilters
from apps.records.models import Delivery, Source
from apps.records.serializers import DeliveryBody, DeliverySerializer, RejectedRowSerializer

_READERS = frozenset({Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR})
_OWN_ROWS = frozenset({Role.DEPARTMENT})


class DeliveryApi(Api):
    """List, detail, rejected rows, and delivering."""

    model = Delivery
    roles_of = {
        "list": _READERS,
        "retrieve": _READERS,
        "rejected_rows": _OWN_ROWS,
        "create": frozenset({Role.DEPARTMENT, Role.OPERATOR}),
    }
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    paged_actions = frozenset({"list", "rejected_rows"})
    parser_classes = (MultiPartParser,)

    @extend_schema(summary="报送列表", description="部门见本部门的报送，平台管理员与审计管理员见全部。")
    def list(self, request: Request) -> Response:
        """A page."""
        return self.listed(selectors.deliveries_visible_to(self.actor), DeliverySerializer)

    @extend_schema(summary="报送详情", description="处理在后台进行；state 为 applied 时各项笔数为最终结果。")
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        """One delivery with its counts."""
        return self.tagged(DeliverySerializer(selectors.delivery_visible_to(self.actor, pk)).data)

    @extend_schema(
        summary="退回的数据行",
        description="报送部门逐行取回原文与退回原因，改正后重新报送。",
        responses=RejectedRowSerializer(many=True),
        filters=False,
    )
    @action(detail=True, url_path="rejected-rows")
    def rejected_rows(self, request: Request, pk: int) -> Response:
        """A page of rejected rows."""
        delivery = selectors.delivery_visible_to(self.actor, pk)
        page = self.paginate_queryset(selectors.rejected_rows_of(delivery))
        return self.get_paginated_response(RejectedRowSerializer(page, many=True).data)

    @extend_schema(
        summary="报送数据文件",
        description="同一文件再次报送不会重复入库，应答的 state 为 repeated。",
        request={"multipart/form-data": DeliveryBody},
        responses={202: DeliverySerializer},
    )
    def create(self, request: Request) -> Response:
        """Receive a file; its intake is a job."""
        body = self.given(DeliveryBody)
        source = self._source(body.get("source_id"))

        def act() -> tuple[int, Any]:
            delivery = services.receive_delivery(
                actor=self.actor,
                source=source,
                item_code=body["item"],
                file_name=body["file"].name,
                content=body["file"],
                now=clock.now(),
            )
            return 202, DeliverySerializer(delivery).data

        return self.written_once(act)

    def _source(self, source_id: int | None) -> Source:
        sources = selectors.sources_visible_to(self.actor)
        found = list(sources.filter(pk=source_id) if source_id is not None else sources[:2])
        if len(found) != 1:
            raise InvalidInput(fields={"source_id": "请指明本单位的一个报送来源。"})
        return found[0]
