"""Profiles, needs and products in force."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.matching import services
from apps.matching.importing import NeedTerms
from apps.matching.models import FinancingNeed
from apps.profiles.models import Profile
from apps.subjects.models import Subject

TODAY = date(2026, 11, 15)


def profile(subject: Subject, now: datetime, **facts: Any) -> Profile:
    """A portrait of a sound small manufacturer; `facts` replace columns."""
    values: dict[str, Any] = {
        "as_of_on": TODAY,
        "as_known_at": now,
        "computed_at": now,
        "code": subject.code,
        "name": subject.name,
        "kind": subject.kind,
        "region_code": subject.region_code,
        "industry_code": subject.industry_code,
        "size_class": "small",
        "status": "active",
        "age_months": 89,
        "annual_revenue_yuan": Decimal("12000000.00"),
        "tax_grade": "A",
        "tax_arrears_yuan": Decimal("0.00"),
        "social_months": 24,
        "power_arrears_months": 0,
        "penalties_serious": 0,
        "is_dishonest_debtor": False,
        "blocks": [],
        "lists_checked": ["SX_ZX"],
        "has_block_whitelist": False,
        "has_block_application": False,
        "coverage_pct": Decimal("80.00"),
        "indicator_version": "1",
        "scorecard_version": "FCS-1",
        "input_digest": "i",
        "payload_digest": "p" * 64,
    }
    return Profile.objects.create(subject=subject, **values | facts)


def need_terms(**changes: Any) -> NeedTerms:
    """100万元 for 12 months without collateral at up to 5 %."""
    values: dict[str, Any] = {
        "amount_yuan": Decimal("1000000.00"),
        "term_months": 12,
        "purpose": "working_capital",
        "has_collateral": False,
        "max_rate_pct": Decimal("5.00"),
    }
    return NeedTerms(**values | changes)


def need(cast: Any, now: datetime, who: str = "owner", **changes: Any) -> FinancingNeed:
    """A need posted by a member of the cast."""
    return services.post_need(actor=cast[who].actor, terms=need_terms(**changes), business_date=TODAY, now=now)
