"""Profiles as the API shows them: identities in lists, every figure in the detail. Null = not known."""

from rest_framework import serializers

from apps.profiles.indicators import INDICATORS
from apps.profiles.models import Profile

_NAMED_ABOVE = ("industry_code",)


class ProfileIdentitySerializer(serializers.ModelSerializer[Profile]):
    """可以查看其画像的主体。"""

    class Meta:
        model = Profile
        fields = ("code", "name", "kind", "region_code", "as_of_on")
        read_only_fields = fields


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    """一个主体最近一次的信用画像；空值表示不知道，不表示没有。"""

    qualifications = serializers.ListField(
        child=serializers.CharField(), allow_null=True, read_only=True, label="科技和专精特新资质"
    )

    class Meta:
        model = Profile
        fields = (
            "code",
            "name",
            "kind",
            "region_code",
            *_NAMED_ABOVE,
            "industry_section",
            "size_class",
            "as_of_on",
            "as_known_at",
            "computed_at",
            "data_as_of_on",
            *(indicator.slug for indicator in INDICATORS if indicator.slug not in _NAMED_ABOVE),
            "blocks",
            "lists_checked",
            "has_block_whitelist",
            "has_block_application",
            "score",
            "grade",
            "coverage_pct",
            "reasons",
            "indicator_version",
            "scorecard_version",
            "input_digest",
            "payload_digest",
        )
        read_only_fields = fields
