"""Profiles as the API shows them: identities in lists, every figure in the detail. Null = not known."""

from rest_framework import serializers

from apps.profiles.models import Profile


class ProfileIdentitySerializer(serializers.ModelSerializer[Profile]):
    """可以查看其画像的主体。"""

    class Meta:
        model = Profile
        fields = ("code", "name", "kind", "region_code", "as_of_on")
        read_only_fields = fields


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    """一个主体最近一次的信用画像；空值表示不知道，不表示没有。"""

    class Meta:
        model = Profile
        fields = (
            "code",
            "name",
            "kind",
            "region_code",
            "industry_code",
            "industry_section",
            "size_class",
            "as_of_on",
            "as_known_at",
            "computed_at",
            "data_as_of_on",
            "age_months",
            "registered_capital_yuan",
            "paid_in_capital_yuan",
            "paid_in_ratio_pct",
            "status",
            "annual_report_year",
            "is_annual_report_current",
            "annual_headcount",
            "annual_revenue_yuan",
            "annual_assets_yuan",
            "tax_grade",
            "tax_paid_12m_yuan",
            "tax_arrears_yuan",
            "declared_sales_12m_yuan",
            "declared_sales_growth_pct",
            "tax_zero_filing_months_24m",
            "tax_unfiled_months_24m",
            "tax_idle_months_24m",
            "social_months",
            "social_headcount",
            "social_headcount_change_pct",
            "social_arrears_months",
            "power_kwh_12m",
            "power_growth_pct",
            "power_volatility_pct",
            "power_arrears_months",
            "power_late_months_12m",
            "penalties_minor",
            "penalties_general",
            "penalties_serious",
            "is_abnormal_operation",
            "is_dishonest_debtor",
            "dishonest_debtor_cases",
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
