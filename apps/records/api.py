"""`/api/v1/deliveries/`: what departments deliver, what became of each row, and delivering itself."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseBase, UnreadablePostError
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.actor import Role
from apps.core.api import Api
from apps.core.errors import InvalidInput, NotParsable
from apps.core.idempotency import KEY_HEADER, usable
from apps.core.problems import UnsupportedMedia
from apps.records import selectors, services
from apps.records.filters import DeliveryFilters
from apps.records.manifest import API, Digest, Manifest, check_digest, read_content_digest, read_digest
from apps.records.models import Delivery, Source
from apps.records.parsers import BARE_FILES, HEADER_OF
from apps.records.serializers import DeliveryBody, DeliverySerializer, HeldRowSerializer, RejectedRowSerializer

CONTENT_DIGEST = "Content-Digest"
_READERS = frozenset({Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR})
_OWN_ROWS = frozenset({Role.DEPARTMENT})
_FORM = "multipart/form-data"
_HEADERS = [
    OpenApiParameter(
        header,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=f"直接以文件为请求内容时使用，等同表单的 {field}。",
    )
    for field, header in HEADER_OF.items()
]


class DeliveryApi(Api):
    """List, detail, rejected rows, held rows, and delivering."""

    model = Delivery
    roles_of = {
        "list": _READERS,
        "retrieve": _READERS,
        "rejected_rows": _OWN_ROWS,
        "held_rows": _OWN_ROWS,
        "create": frozenset({Role.DEPARTMENT, Role.OPERATOR}),
    }
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    paged_actions = frozenset({"list", "rejected_rows", "held_rows"})
    parser_classes = (MultiPartParser, *BARE_FILES)

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
        summary="待处理的数据行",
        description="报送部门查看等待确认或等待主体登记的行，以及它们后来的去向。",
        responses=HeldRowSerializer(many=True),
        filters=False,
    )
    @action(detail=True, url_path="held-rows")
    def held_rows(self, request: Request, pk: int) -> Response:
        """A page of held rows."""
        delivery = selectors.delivery_visible_to(self.actor, pk)
        page = self.paginate_queryset(selectors.held_rows_of(delivery))
        return self.get_paginated_response(HeldRowSerializer(page, many=True).data)

    @extend_schema(
        summary="报送数据文件",
        description=(
            "以表单上传，或直接以文件（CSV、XLSX、逐行 JSON）为请求内容并把清单写在请求头里。清单各项可以不填，填写的"
            "必须与文件相符：摘要在接收时核对，行数在读取后核对，不符的整份退回。同一文件再次报送不会重复入库，"
            "应答的 state 为 repeated。入库在后台进行，Location 是查看结果的地址。"
        ),
        parameters=[
            *_HEADERS,
            OpenApiParameter(
                CONTENT_DIGEST,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="RFC 9530 内容摘要，sha-256=:…: 或 sm3=:…:；只用于直接以文件为请求内容时。",
            ),
            OpenApiParameter(
                "Content-Disposition",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="直接以文件为请求内容时的文件名，attachment; filename*=UTF-8''…。",
            ),
            OpenApiParameter(
                "Location", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[202], description="这份报送的地址"
            ),
        ],
        request={_FORM: DeliveryBody} | {parser.media_type: OpenApiTypes.BINARY for parser in BARE_FILES},
        responses={202: DeliverySerializer},
    )
    def create(self, request: Request) -> Response:
        """Receive a file; its intake is a job."""
        usable(request.headers.get(KEY_HEADER, ""))
        body = self.given(DeliveryBody)
        source = self._source(body.get("source_id"))
        digests = self._digests(body.get("digest"))
        manifest = Manifest(
            digest=digests[0] if digests else None,
            **{name: body[name] for name in body if name not in ("file", "item", "source_id", "digest")},
        )

        def act() -> tuple[int, Any]:
            for digest in digests[1:]:
                check_digest(body["file"].file, digest)
            delivery = services.receive_delivery(
                actor=self.actor,
                source=source,
                item_code=body["item"],
                file_name=body["file"].name,
                content=body["file"].file,
                now=clock.now(),
                manifest=manifest,
                way_in=API,
            )
            return 202, DeliverySerializer(selectors.delivery_visible_to(self.actor, delivery.pk)).data

        response = self.written_once(act)
        response["Location"] = reverse("api:delivery-detail", args=[response.data["id"]])
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """Name the formats that this route takes, and an upload that broke off."""
        if isinstance(exc, UnsupportedMediaType):
            forms = "、".join([_FORM, *(parser.media_type for parser in BARE_FILES)])
            exc = UnsupportedMedia(f"不支持这种内容格式，请使用 {forms}。")
        if isinstance(exc, UnreadablePostError):
            exc = NotParsable("上传中断，文件不完整，未接收；请重新上传。")
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let go of the temporary file of a bare upload."""
        sent = getattr(request, "_full_data", None)
        if isinstance(sent, dict) and "file" in sent and hasattr(sent["file"], "close"):
            sent["file"].close()
        return super().finalize_response(request, response, *args, **kwargs)

    def _digests(self, text: str | None) -> Sequence[Digest]:
        given = [read_digest(text)] if text else []
        header = self.request.headers.get(CONTENT_DIGEST)
        if header is None:
            return given
        if self.request.content_type.startswith(_FORM):
            message = "以表单上传时请用 digest 字段填写文件摘要，不用 Content-Digest 请求头。"
            raise InvalidInput(message, fields={CONTENT_DIGEST: message})
        return [*given, *read_content_digest(header)]

    def _source(self, source_id: int | None) -> Source:
        sources = selectors.sources_visible_to(self.actor)
        found = [*(sources.filter(pk=source_id) if source_id is not None else sources[:2])]
        if len(found) != 1:
            raise InvalidInput(fields={"source_id": "请指明本单位的一个报送来源。"})
        return found[0]
