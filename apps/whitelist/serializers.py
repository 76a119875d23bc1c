"""Listings and pushes as the API shows them."""

from typing import Any

from rest_framework import serializers

from apps.core.fields import Body, DayField, PercentField, PlainTextField, WholeField, YuanField
from apps.whitelist.models import Listing, Push
from apps.whitelist.rules import EXIT_LABELS
from apps.whitelist.services.pushes import Answer
from apps.whitelist.workflow import PUSH


class ListingSerializer(serializers.ModelSerializer[Listing]):
    """白名单上的一户企业。"""

    programme_name = serializers.CharField(source="programme.name", label="白名单")
    subject_code = serializers.CharField(source="subject.code", label="统一社会信用代码")
    subject_name = serializers.CharField(source="subject.name", label="企业名称")
    exit_reason = serializers.ChoiceField(
        label="退出原因；仍在名单上时为空", choices=list(EXIT_LABELS.items()), allow_blank=True, read_only=True
    )

    class Meta:
        model = Listing
        fields = (
            "id",
            "programme_id",
            "programme_name",
            "subject_code",
            "subject_name",
            "state",
            "entered_on",
            "valid_to_on",
            "exited_on",
            "exit_reason",
            "exit_note",
        )
        read_only_fields = fields


class PushSerializer(serializers.ModelSerializer[Push]):
    """推送给一家银行的一户推荐企业，以及银行的办理进度。"""

    bank_name = serializers.CharField(source="bank.name", label="银行")
    programme_name = serializers.CharField(source="listing.programme.name", label="白名单")
    subject_code = serializers.CharField(source="listing.subject.code", label="统一社会信用代码")
    subject_name = serializers.CharField(source="listing.subject.name", label="企业名称")
    reason_code = serializers.CharField(source="reason.code", label="拒绝原因代码", allow_null=True, default=None)

    class Meta:
        model = Push
        fields = (
            "id",
            "listing_id",
            "bank_id",
            "bank_name",
            "programme_name",
            "subject_code",
            "subject_name",
            "state",
            "pushed_at",
            "contact_by_on",
            "contacted_at",
            "decide_by_on",
            "decided_at",
            "credit_yuan",
            "credit_months",
            "credit_rate_pct",
            "lent_yuan",
            "lent_on",
            "reason_code",
            "note",
        )
        read_only_fields = fields


class FeedbackBody(Body):
    """银行对一户推荐企业的反馈；各项是否必填取决于 verb。"""

    verb = serializers.ChoiceField(
        label="办理动作", choices=list({move.verb: move.label for move in PUSH.transitions}.items())
    )
    credit_yuan = YuanField(label="授信额度（元），verb=credit 时必填", required=False, allow_null=True)
    credit_months = WholeField(label="授信期限（月），verb=credit 时必填", required=False, allow_null=True)
    credit_rate_pct = PercentField(label="年利率（%），verb=credit 时必填", required=False, allow_null=True)
    lent_yuan = YuanField(label="放款金额（元），verb=lend 时必填", required=False, allow_null=True)
    lent_on = DayField(label="放款日期，verb=lend 时必填", required=False, allow_null=True)
    reason_code = PlainTextField(label="拒绝原因代码，verb=decline 时必填", required=False, max_length=20)
    note = PlainTextField(label="说明", required=False, allow_blank=True, max_length=500)

    def answer_of(self, given: dict[str, Any]) -> Answer:
        """What the service takes."""
        return Answer(**{name: value for name, value in given.items() if name != "verb"})
