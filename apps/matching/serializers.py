"""Needs and what they were matched with, as the API shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.fields import Body, PercentField, WholeField, YuanField
from apps.criteria.facts import PURPOSES
from apps.matching.importing import NeedTerms
from apps.matching.models import VERDICTS, FinancingNeed, Match, MatchRun
from apps.matching.workflow import DISPATCH


class NeedSerializer(serializers.ModelSerializer[FinancingNeed]):
    """一条融资需求。"""

    subject_code = serializers.CharField(source="subject.code", label="统一社会信用代码")
    subject_name = serializers.CharField(source="subject.name", label="企业名称")
    amount_yuan = YuanField(label="融资金额（元）")
    max_rate_pct = PercentField(label="可接受最高年利率（%）")

    class Meta:
        model = FinancingNeed
        fields: tuple[str, ...] = (
            "id",
            "subject_code",
            "subject_name",
            "amount_yuan",
            "term_months",
            "purpose",
            "has_collateral",
            "can_guarantee",
            "can_pledge",
            "max_rate_pct",
            "submitted_on",
            "state",
            "source",
        )
        read_only_fields = fields


class FindingSerializer(serializers.Serializer[Any]):
    """一条准入条件的结论与理由。"""

    slug = serializers.CharField(label="条件")
    label = serializers.CharField(label="条件名称")  # type: ignore[assignment]
    verdict = serializers.ChoiceField(label="结论", choices=VERDICTS)
    code = serializers.CharField(label="理由代码")
    observed = serializers.CharField(label="实际情况")
    required = serializers.CharField(label="要求")  # type: ignore[assignment]
    missing = serializers.ListField(label="缺少的事实", child=serializers.CharField())
    text = serializers.CharField(label="理由")
    parts = serializers.ListField(label="组合条件的各项", child=serializers.DictField(), required=False)


class ChangeSerializer(serializers.Serializer[Any]):
    """使结论好转的最小改动。"""

    fact = serializers.CharField(label="事实")
    before = serializers.JSONField(label="现在的值")
    after = serializers.JSONField(label="改为")
    verdict = serializers.ChoiceField(label="改后的结论", choices=VERDICTS)
    text = serializers.CharField(label="说明")


class MatchSerializer(serializers.ModelSerializer[Match]):
    """与一个产品的匹配结论。"""

    product_name = serializers.CharField(source="product_version.product.name", label="产品名称")
    bank_name = serializers.CharField(source="product_version.product.organization.name", label="银行名称")
    findings = FindingSerializer(source="verdicts", many=True, label="逐条理由")
    change = ChangeSerializer(label="最小改动", allow_null=True)

    class Meta:
        model = Match
        fields: tuple[str, ...] = (
            "rank",
            "verdict",
            "product_version_id",
            "product_name",
            "bank_name",
            "low_rate_pct",
            "high_rate_pct",
            "findings",
            "change",
        )
        read_only_fields = fields


class MatchRunSerializer(serializers.ModelSerializer[MatchRun]):
    """最近一次匹配的汇总。"""

    class Meta:
        model = MatchRun
        fields = ("id", "business_date", "met_count", "unknown_count", "not_met_count", "digest", "created_at")
        read_only_fields = fields


class ReceivedSerializer(serializers.Serializer[Any]):
    """发送到本行的一次对接；理由含企业数据，须经企业授权方可查看。"""

    id = serializers.IntegerField(source="dispatch.pk", label="编号")
    product_version_id = serializers.IntegerField(source="dispatch.product_version_id", label="产品版本编号")
    product_name = serializers.CharField(source="dispatch.product_version.product.name", label="产品名称")
    state = serializers.ChoiceField(source="dispatch.state", label="状态", choices=DISPATCH.choices())
    sent_at = serializers.DateTimeField(source="dispatch.sent_at", label="发送时间")
    findings = FindingSerializer(source="disclosure.findings", many=True, label="逐条理由")
    refusal = serializers.CharField(source="disclosure.refusal", label="不能查看理由的原因", allow_blank=True)


class NeedDetailSerializer(NeedSerializer):
    """一条融资需求连同匹配结果：企业见全部产品，银行见发送到本行的对接，其余只见汇总。"""

    run = serializers.SerializerMethodField(label="最近一次匹配")
    matches = serializers.SerializerMethodField(label="匹配结果")
    received = serializers.SerializerMethodField(label="发送到本行的对接")

    class Meta(NeedSerializer.Meta):
        fields = (*NeedSerializer.Meta.fields, "run", "matches", "received")
        read_only_fields = fields

    @extend_schema_field(MatchRunSerializer(allow_null=True))
    def get_run(self, need: FinancingNeed) -> Any:
        """Counts of the newest run."""
        run = self.context["run"]
        return MatchRunSerializer(run).data if run else None

    @extend_schema_field(MatchSerializer(many=True))
    def get_matches(self, need: FinancingNeed) -> Any:
        """Every product with its reasons, for the firm itself."""
        return MatchSerializer(self.context["matches"], many=True).data

    @extend_schema_field(ReceivedSerializer(many=True))
    def get_received(self, need: FinancingNeed) -> Any:
        """What was sent to the bank that asks."""
        return ReceivedSerializer(self.context["received"], many=True).data


class NeedBody(Body):
    """企业自愿填报的一条融资需求。"""

    amount_yuan = YuanField(label="融资金额（元）")
    term_months = WholeField(label="融资期限（月）", min_value=1)
    purpose = serializers.ChoiceField(label="资金用途", choices=list(PURPOSES.items()))
    has_collateral = serializers.BooleanField(label="能否提供抵押物")
    max_rate_pct = PercentField(label="可接受最高年利率（%）")
    can_guarantee = serializers.BooleanField(label="能否提供保证人", required=False, allow_null=True, default=None)
    can_pledge = serializers.BooleanField(label="能否提供质押物", required=False, allow_null=True, default=None)

    def terms_of(self, given: dict[str, Any]) -> NeedTerms:
        """What the service takes."""
        return NeedTerms(**given)
