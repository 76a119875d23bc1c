"""Deliveries as the API shows them."""

from typing import Any

from rest_framework import serializers

from apps.core.fields import Body, PlainTextField, WholeField
from apps.records.models import Delivery, RejectedRow


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """一份报送；read = not_data + accepted + rejected + held + duplicate。"""

    item = serializers.CharField(source="item.code", label="信息项代码")
    item_name = serializers.CharField(source="item.name", label="信息项")
    sender = serializers.CharField(source="source.organization.name", label="报送单位")

    class Meta:
        model = Delivery
        fields = (
            "id",
            "item",
            "item_name",
            "source_id",
            "sender",
            "file_name",
            "received_at",
            "received_from",
            "state",
            "refusal",
            "read",
            "not_data",
            "accepted",
            "rejected",
            "held",
            "duplicate",
            "normalised",
            "warned",
            "corrected",
            "repeats_id",
            "applied_at",
        )
        read_only_fields = fields


class RejectedRowSerializer(serializers.ModelSerializer[RejectedRow]):
    """退回的一行及其原因。"""

    class Meta:
        model = RejectedRow
        fields = ("id", "sheet", "row_number", "column", "reason", "message", "original_text")
        read_only_fields = fields


class DeliveryBody(Body):
    """一份报送文件（CSV 或 XLSX）。"""

    file = serializers.FileField(label="文件", max_length=255)
    item = PlainTextField(label="信息项代码", max_length=40)
    source_id = WholeField(label="报送来源编号；本单位只有一个来源时可省略", required=False)

    def validate_file(self, file: Any) -> Any:
        """The name without what only looks like nothing."""
        PlainTextField().run_validation(file.name)
        return file
