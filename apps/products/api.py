"""`/api/v1/products/`: versions of products; banks see all of their own, everybody what is published."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import Api
from apps.criteria.selectors import snapshot
from apps.products import selectors
from apps.products.filters import ProductFilters
from apps.products.models import ProductVersion
from apps.products.serializers import ProductDetailSerializer, ProductSerializer


class ProductApi(Api):
    """List and detail by the number of the version."""

    model = ProductVersion
    serializer_class = ProductSerializer
    filterset_class = ProductFilters

    def get_serializer_context(self) -> dict[str, Any]:
        """With the LPR of the day, read once."""
        return {**super().get_serializer_context(), "lpr": selectors.rates(clock.business_date(clock.now()))}

    @extend_schema(summary="金融产品列表", description="银行见本行全部版本，其余见已发布的版本。利率按当日 LPR 计算。")
    def list(self, request: Request) -> Response:
        """A page."""
        return self.listed(selectors.versions_visible_to(self.actor), ProductSerializer)

    @extend_schema(summary="金融产品详情", responses=ProductDetailSerializer)
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        """One version."""
        version = selectors.version_visible_to(self.actor, pk)
        context = {**self.get_serializer_context(), "snapshot": snapshot(clock.business_date(clock.now()))}
        return self.tagged(ProductDetailSerializer(version, context=context).data)
