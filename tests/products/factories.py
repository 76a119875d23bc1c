"""Products in any state, made through the services."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.products import services
from apps.products.models import ProductVersion
from apps.products.terms import Terms

TODAY = date(2026, 11, 15)


def terms(**changes: Any) -> Terms:
    """Terms of a plain credit product."""
    values: dict[str, Any] = {
        "amount_min_yuan": Decimal("100000.00"),
        "amount_max_yuan": Decimal("3000000.00"),
        "term_min_months": None,
        "term_max_months": 12,
        "lpr_tenor": "1Y",
        "bps_min": 50,
        "bps_max": 150,
        "guarantee_types": ("credit",),
        "repayment_types": ("revolving",),
        "promised_days": 1,
        "promised_text": "1个工作日",
        "first_loan": "accepted",
        "renewal": "yes",
    }
    return Terms(**values | changes)


def draft(cast: Any, now: datetime, name: str = "税信贷", criteria: Any = (), by: str = "bank_officer", **changes: Any):
    """A draft of the cast's bank."""
    person = cast[by]
    return services.draft_product(
        actor=person.actor,
        organization=person.organization,
        name=name,
        terms=terms(**changes),
        criteria=list(criteria),
        business_date=TODAY,
        now=now,
    )


def submitted(cast: Any, now: datetime, **values: Any) -> ProductVersion:
    """A draft handed to the approver."""
    version = draft(cast, now, **values)
    services.submit_version(actor=cast.bank_officer.actor, version=version, now=now)
    return version


def published(cast: Any, now: datetime, effective_from: date = TODAY, **values: Any) -> ProductVersion:
    """A version in force."""
    version = submitted(cast, now, **values)
    services.publish_version(
        actor=cast.bank_approver.actor, version=version, effective_from=effective_from, business_date=TODAY, now=now
    )
    return version
