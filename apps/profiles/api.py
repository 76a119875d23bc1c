"""`/api/v1/profiles/`: the list tells whose profile may be opened, each detail passes the gate and is on record."""

from django.db import transaction
from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.consents import gate
from apps.consents.rules import PURPOSE_LABELS, Purpose
from apps.core import clock
from apps.core.actor import Role
from apps.core.api import Api
from apps.core.errors import InvalidInput, NotVisible
from apps.profiles import selectors
from apps.profiles.filters import ProfileFilters
from apps.profiles.models import Profile
from apps.profiles.serializers import ProfileIdentitySerializer, ProfileSerializer
from apps.subjects.selectors import subject_visible_to

_READERS = frozenset({Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT, Role.BANK_OFFICER, Role.BANK_APPROVER, Role.AUTHORITY})
_PURPOSE = OpenApiParameter(
    "purpose",
    enum=[str(purpose) for purpose in Purpose],
    description="查询用途，企业查看本企业时可省略："
    + "；".join(f"{purpose} {label}" for purpose, label in PURPOSE_LABELS.items()),
)


class ProfileApi(Api):
    """List of identities, detail by code."""

    model = Profile
    roles_of = {"list": _READERS, "retrieve": _READERS}
    serializer_class = ProfileIdentitySerializer
    filterset_class = ProfileFilters
    own_parameters = frozenset({"purpose"})
    lookup_field = "code"
    lookup_value_converter = "str"

    @extend_schema(
        summary="可查看画像的主体列表",
        description="企业只见本企业。银行与主管部门见当日有授权、且银行另有对接、推荐或申请事由的企业；只列身份，不含数据。",
        parameters=[_PURPOSE],
    )
    def list(self, request: Request) -> Response:
        """A page of identities."""
        today = clock.business_date(clock.now())
        rows = selectors.profiles_listed_to(self.actor, purpose=self._purpose(), on=today)
        return self.listed(rows, ProfileIdentitySerializer)

    @extend_schema(
        summary="信用画像详情",
        description="每次查询都核对授权并留下企业可见的查询记录；缺少授权或事由时返回 403 并说明所缺。",
        parameters=[_PURPOSE],
        responses=ProfileSerializer,
    )
    def retrieve(self, request: Request, code: str) -> HttpResponseBase:
        """One profile."""
        subject = subject_visible_to(self.actor, code)
        with transaction.atomic():
            permit = gate.open(
                actor=self.actor,
                subject_id=subject.pk,
                purpose=self._purpose(),
                items=selectors.PROFILE_ITEMS,
                now=clock.now(),
            )
            profile = selectors.latest_profile_of(subject.pk, permit=permit)
        if profile is None:
            raise NotVisible("该主体还没有信用画像。")
        return self.tagged(ProfileSerializer(profile).data)

    def _purpose(self) -> str:
        given = self.request.query_params.get("purpose", "")
        if given in PURPOSE_LABELS:
            return given
        if not given and self.actor.has(Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT):
            return Purpose.REPORT
        raise InvalidInput(fields={"purpose": "请说明查询用途：" + "、".join(PURPOSE_LABELS) + "。"})
