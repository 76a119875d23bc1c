"""Product versions as the API shows them."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.fields import PercentField, YuanField
from apps.products.models import ProductVersion
from apps.products.selectors import cost_of, demands_of


class ProductSerializer(serializers.ModelSerializer[ProductVersion]):
    """金融产品的一个版本。"""

    product_id = serializers.IntegerField(label="产品编号")
    name = serializers.CharField(source="product.name", label="产品名称")
    bank_id = serializers.IntegerField(source="product.organization_id", label="银行编号")
    bank_name = serializers.CharField(source="product.organization.name", label="银行名称")
    amount_min_yuan = YuanField(label="最低额度（元）", allow_null=True)
    amount_max_yuan = YuanField(label="最高额度（元）")
    rate_low_pct = serializers.SerializerMethodField(label="最低年利率（%）")
    rate_high_pct = serializers.SerializerMethodField(label="最高年利率（%），银行未报时为空")

    class Meta:
        model = ProductVersion
        fields: tuple[str, ...] = (
            "id",
            "product_id",
            "name",
            "bank_id",
            "bank_name",
            "version",
            "state",
            "effective_from",
            "effective_to",
            "amount_min_yuan",
            "amount_max_yuan",
            "term_min_months",
            "term_max_months",
            "lpr_tenor",
            "bps_min",
            "bps_max",
            "rate_low_pct",
            "rate_high_pct",
            "guarantee_types",
            "repayment_types",
            "promised_days",
            "first_loan",
            "renewal",
        )
        read_only_fields = fields

    @extend_schema_field(PercentField())
    def get_rate_low_pct(self, version: ProductVersion) -> str:
        """LPR of the day plus the lowest spread."""
        return str(cost_of(version, self.context["lpr"]).low_pct)

    @extend_schema_field(PercentField(allow_null=True))
    def get_rate_high_pct(self, version: ProductVersion) -> str | None:
        """LPR of the day plus the highest spread."""
        high = cost_of(version, self.context["lpr"]).high_pct
        return None if high is None else str(high)


class ProductDetailSerializer(ProductSerializer):
    """金融产品的一个版本，连同准入条件的文字表述与银行原文。"""

    demands = serializers.SerializerMethodField(label="准入条件")

    class Meta(ProductSerializer.Meta):
        fields = (*ProductSerializer.Meta.fields, "guarantee_note", "promised_text", "documents", "note", "demands")
        read_only_fields = fields

    def get_demands(self, version: ProductVersion) -> list[str]:
        """The bank's own conditions in words."""
        return demands_of(version, self.context["snapshot"])
