"""`/api/v1/needs/`: financing needs with what they were matched with."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.actor import OrganizationKind, Role
from apps.core.api import Api
from apps.matching import selectors, services
from apps.matching.filters import NeedFilters
from apps.matching.models import FinancingNeed
from apps.matching.serializers import NeedBody, NeedDetailSerializer, NeedSerializer

_FIRM = frozenset({Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT})
_READERS = _FIRM | {
    Role.BANK_OFFICER,
    Role.BANK_APPROVER,
    Role.AUTHORITY,
    Role.REGULATOR,
    Role.OPERATOR,
    Role.AUDITOR,
}


class NeedApi(Api):
    """List, detail, and posting for the own firm."""

    model = FinancingNeed
    roles_of = {"list": _READERS, "retrieve": _READERS, "create": _FIRM}
    serializer_class = NeedSerializer
    filterset_class = NeedFilters

    @extend_schema(
        summary="融资需求列表", description="企业见本企业的，银行见发送到本行的，主管与监管部门见本区划及以下。"
    )
    def list(self, request: Request) -> Response:
        """A page."""
        return self.listed(selectors.needs_visible_to(self.actor), NeedSerializer)

    @extend_schema(
        summary="融资需求与匹配结果",
        description="银行查看匹配理由等于查询企业信息：核对授权并留下企业可见的查询记录。",
        responses=NeedDetailSerializer,
    )
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        """One need with its newest run."""
        need = selectors.need_visible_to(self.actor, pk)
        run = selectors.newest_run_of(need)
        is_own = self.actor.organization_kind == OrganizationKind.FIRM
        context = {
            **self.get_serializer_context(),
            "run": run,
            "matches": selectors.matches_of(run) if run and is_own else [],
            "received": [] if is_own else selectors.received_of(self.actor, need, clock.now()),
        }
        return self.tagged(NeedDetailSerializer(need, context=context).data)

    @extend_schema(
        summary="发布融资需求",
        description="企业负责人或财务人员为本企业发布一条融资需求。",
        request=NeedBody,
        responses={201: NeedSerializer},
    )
    def create(self, request: Request) -> Response:
        """Post a need."""
        terms = NeedBody().terms_of(self.given(NeedBody))
        now = clock.now()

        def act() -> tuple[int, Any]:
            need = services.post_need(actor=self.actor, terms=terms, business_date=clock.business_date(now), now=now)
            return 201, NeedSerializer(need).data

        return self.written_once(act)
