"""Applications as the API shows them."""

from rest_framework import serializers

from apps.core.fields import YuanField
from apps.loans.models import Application


class ApplicationSerializer(serializers.ModelSerializer[Application]):
    """一笔融资申请及其办理进度。"""

    subject_code = serializers.CharField(source="subject.code", label="统一社会信用代码")
    subject_name = serializers.CharField(source="subject.name", label="企业名称")
    product_name = serializers.CharField(source="product.name", label="产品名称")
    bank_name = serializers.CharField(source="bank.name", label="受理银行")
    amount_yuan = YuanField(label="申请金额（元）")
    approved_yuan = YuanField(label="批准金额（元）", allow_null=True)
    refusal_reason_code = serializers.CharField(
        source="refusal_reason.code", label="拒绝原因代码", allow_null=True, default=None
    )

    class Meta:
        model = Application
        fields = (
            "id",
            "subject_code",
            "subject_name",
            "product_id",
            "product_version_id",
            "product_name",
            "bank_id",
            "bank_name",
            "need_id",
            "amount_yuan",
            "term_months",
            "purpose",
            "purpose_note",
            "state",
            "version",
            "drafted_at",
            "submitted_at",
            "contact_by_on",
            "accepted_at",
            "decide_by_on",
            "decided_at",
            "approved_yuan",
            "refusal_reason_code",
            "return_note",
            "closed_at",
        )
        read_only_fields = fields
