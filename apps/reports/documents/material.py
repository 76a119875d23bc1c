"""What a credit report is built from: the right it rests on, and everything read under one Permit. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.reports.documents.wording import instant

SHOWN_EVENTS = (
    "penalty",
    "licence",
    "tax_grade",
    "credit_evaluation",
    "technology_firm",
    "specialised_firm",
    "abnormal_operation",
    "tax_violation",
    "wage_arrears",
    "dishonest_debtor",
    "bid_won",
)
SHOWN_PAYMENTS = ("tax_payment", "social_insurance", "power")


@dataclass(frozen=True, slots=True)
class Basis:
    """By which right, for whom and for what a report is made."""

    number: str
    issued_at: datetime
    valid_until_on: date
    purpose: str
    organization_name: str
    person_name: str
    access_record_id: int | None
    issuer: str

    @property
    def own(self) -> bool:
        """Whether the firm asked about itself."""
        return self.access_record_id is None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item came from and how fresh it is. `arrived_at` None: never delivered."""

    code: str
    name: str
    owner: str
    disclosure: str
    newest_on: date | None
    arrived_at: datetime | None
    records: int


@dataclass(frozen=True, slots=True)
class Loss:
    """A line of the scorecard that cost points."""

    label: str
    lost: str
    reason: str
    advice: str
    records: str


@dataclass(frozen=True, slots=True)
class Line:
    """A dimension of the scorecard: what was earned of what could be judged, and of its full weight."""

    label: str
    earned: str
    judged: str
    full: str


@dataclass(frozen=True, slots=True)
class Material:
    """Everything read for one report. `events` holds live events only, by item code."""

    subject: Any
    profile: Any
    registration: Any
    events: Mapping[str, Sequence[Mapping[str, Any]]]
    payments: Mapping[str, Sequence[Any]]
    origins: Sequence[Origin]
    dimensions: Sequence[Line]
    losses: Sequence[Loss]
    listings: Sequence[tuple[str, str, str]]
    region: str
    industry: str
    size: str
    days: Mapping[str, int]

    def freshness(self, *items: str) -> str:
        """When the items were last delivered, as the line under a chapter's title."""
        states = [origin for origin in self.origins if origin.code in items and origin.arrived_at]
        if not states:
            return "尚未归集"
        return "最近报送 " + "、".join(f"{state.name} {instant(state.arrived_at)}" for state in states)

    def none_or_unknown(self, item: str, none: str) -> str:
        """`none` where the item was delivered; else that one cannot tell."""
        return none if item in self.events else "平台尚未归集该项信息，不能判断有无记录。"
