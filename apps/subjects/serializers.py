"""Subjects as the API shows them."""

from rest_framework import serializers

from apps.subjects.models import Subject


class SubjectSerializer(serializers.ModelSerializer[Subject]):
    """信用主体的公开登记信息。"""

    class Meta:
        model = Subject
        fields = (
            "code",
            "name",
            "kind",
            "status",
            "region_code",
            "industry_code",
            "legal_form",
            "established_on",
            "inner_check_ok",
            "updated_at",
        )
        read_only_fields = fields
