"""`/api/v1/subjects/`: the public directory as far as the caller sees it."""

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Api
from apps.subjects import selectors
from apps.subjects.filters import SubjectFilters
from apps.subjects.models import Subject
from apps.subjects.serializers import SubjectSerializer


class SubjectApi(Api):
    """List and detail by unified social credit code, a former one included."""

    model = Subject
    serializer_class = SubjectSerializer
    filterset_class = SubjectFilters
    lookup_field = "code"
    lookup_value_converter = "str"

    @extend_schema(
        summary="信用主体列表", description="企业只见本企业；主管、报送、监管部门见本区划及以下；其余见全部名录。"
    )
    def list(self, request: Request) -> Response:
        """A page."""
        return self.listed(selectors.subjects_visible_to(self.actor), SubjectSerializer)

    @extend_schema(summary="信用主体详情", description="按统一社会信用代码查询，曾用代码亦可。")
    def retrieve(self, request: Request, code: str) -> HttpResponseBase:
        """One subject."""
        return self.tagged(SubjectSerializer(selectors.subject_visible_to(self.actor, code)).data)
