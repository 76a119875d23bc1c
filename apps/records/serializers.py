"""Deliveries as the API shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.fields import Body, DayField, PlainTextField, WholeField
from apps.core.models import Job
from apps.records.manifest import KINDS
from apps.records.models import Delivery, HeldRow, RejectedRow
from apps.records.selectors import observations_of


class JobSerializer(serializers.ModelSerializer[Job]):
    """后台处理的进度。"""

    class Meta:
        model = Job
        fields = ("state", "progress_done", "progress_total", "progress_note")
        read_only_fields = fields


class ObservationSerializer(serializers.Serializer[Any]):
    """关于一份报送的提示，例如更正、缺号、迟到。"""

    code = serializers.CharField(label="代码")
    label = serializers.CharField(label="简称")  # type: ignore[assignment]
    text = serializers.CharField(label="说明")


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """一份报送；read = not_data + accepted + rejected + held + duplicate。"""

    item = serializers.CharField(source="item.code", label="信息项代码")
    item_name = serializers.CharField(source="item.name", label="信息项")
    sender = serializers.CharField(source="source.organization.name", label="报送单位")
    job = JobSerializer(label="处理进度；重复报送没有", read_only=True, allow_null=True)
    observations = serializers.SerializerMethodField(label="提示")

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
            "way_in",
            "kind",
            "period_from_on",
            "period_to_on",
            "sequence",
            "declared_rows",
            "declared_digest",
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
            "job",
            "observations",
        )
        read_only_fields = fields

    @extend_schema_field(ObservationSerializer(many=True))
    def get_observations(self, delivery: Delivery) -> Any:
        """What is worth saying about it now."""
        return ObservationSerializer(observations_of(delivery), many=True).data


class RejectedRowSerializer(serializers.ModelSerializer[RejectedRow]):
    """退回的一行及其原因。"""

    class Meta:
        model = RejectedRow
        fields = ("id", "sheet", "row_number", "column", "reason", "message", "original_text")
        read_only_fields = fields


class HeldRowSerializer(serializers.ModelSerializer[HeldRow]):
    """待处理的一行及其原因。"""

    class Meta:
        model = HeldRow
        fields = (
            "id",
            "sheet",
            "row_number",
            "code",
            "reason",
            "message",
            "original_text",
            "state",
            "resolved_at",
        )
        read_only_fields = fields


class DeliveryBody(Body):
    """一份报送文件（CSV、XLSX 或逐行 JSON）及其清单；清单各项可以不填，填写的必须与文件相符。"""

    file = serializers.FileField(label="文件", max_length=255)
    item = PlainTextField(label="信息项代码", max_length=40)
    source_id = WholeField(label="报送来源编号；本单位只有一个来源时可省略", required=False)
    period_from_on = DayField(label="所属期起", required=False)
    period_to_on = DayField(label="所属期止", required=False)
    sequence = WholeField(label="报送序号，同一来源同一信息项从小到大", required=False)
    declared_rows = WholeField(label="申报的数据行数（标题、空行、合计和说明不计）", required=False)
    digest = PlainTextField(label="文件摘要：SHA-256 十六进制，或 sm3:十六进制", required=False, max_length=80)
    kind = serializers.ChoiceField(label="报送性质", choices=KINDS, required=False)

    def validate_file(self, file: Any) -> Any:
        """The name without what only looks like nothing."""
        PlainTextField().run_validation(file.name)
        return file
