"""`/api/v1/applications/`: a firm's own, a bank's received ones."""

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.actor import Role
from apps.core.api import Api
from apps.loans import selectors
from apps.loans.filters import ApplicationFilters
from apps.loans.models import Application
from apps.loans.serializers import ApplicationSerializer

_PARTIES = frozenset({Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT, Role.BANK_OFFICER, Role.BANK_APPROVER})


class ApplicationApi(Api):
    """List and detail."""

    model = Application
    roles_of = {"list": _PARTIES, "retrieve": _PARTIES}
    serializer_class = ApplicationSerializer
    filterset_class = ApplicationFilters

    @extend_schema(summary="融资申请列表", description="企业见本企业的，银行见曾提交到本行的（总行含分支机构）。")
    def list(self, request: Request) -> Response:
        """A page."""
        return self.listed(selectors.applications_visible_to(self.actor), ApplicationSerializer)

    @extend_schema(summary="融资申请详情")
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        """One application."""
        return self.tagged(ApplicationSerializer(selectors.application_visible_to(self.actor, pk)).data)
