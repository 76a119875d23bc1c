"""What a page or a command tells about one firm's portrait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Max, Model, QuerySet

from apps.core.permit import Permit
from apps.criteria.facts import QUALIFICATIONS, STATUSES
from apps.profiles.explaining import Explanation, explain
from apps.profiles.models import Profile
from apps.profiles.selectors.inputs import basis_of, card_of, inputs_of
from apps.profiles.selectors.profiles import PROFILE_ITEMS, require_profile_items
from apps.profiles.series import Series, twelve_months
from apps.records import selectors as records
from apps.records.models import CatalogueItem, Delivery, EventRecord, HoldingRecord, PaymentRecord

_LABELS: Mapping[str, Mapping[str, str]] = {"status": STATUSES, "qualifications": QUALIFICATIONS}


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh an item of one firm is: records, newest day they speak about, sender, when received.

    `received_at` None: the item has never been delivered for anybody.
    """

    item: str
    name: str
    rows: int
    newest_on: date | None
    sender: str
    received_at: datetime | None


def explanation_of(profile: Profile) -> Explanation:
    """A profile in words, by the scorecard that it names. The permit was asked for when the profile was read."""
    values = {field.attname: getattr(profile, field.attname) for field in profile._meta.concrete_fields}
    return explain(values, card_of(profile.scorecard_version), _LABELS)


def series_of(profile: Profile, *, permit: Permit) -> list[Series]:
    """The twelve months behind a profile, from the records as they were known then. Raises NotPermitted."""
    basis = basis_of(profile.as_of_on, profile.as_known_at)
    inputs = inputs_of(profile.subject_id, basis.items & PROFILE_ITEMS, profile.as_known_at, permit=permit)
    return twelve_months(inputs, basis.setting)


def freshness_of(subject_id: int, as_known: datetime, *, permit: Permit) -> list[Freshness]:
    """Every item of the portrait in the order of the catalogue. Raises NotPermitted."""
    require_profile_items(subject_id, permit)
    held = rows_held(subject_id, as_known)
    delivered = newest_deliveries(as_known)
    return [
        Freshness(
            item.code,
            item.name,
            held.get(item.code, {}).get("rows", 0),
            held.get(item.code, {}).get("newest"),
            delivered[item.code][0] if item.code in delivered else item.owner,
            delivered[item.code][1] if item.code in delivered else None,
        )
        for item in CatalogueItem.objects.filter(code__in=PROFILE_ITEMS).order_by("catalogue_no", "code")
    ]


def rows_held(subject_id: int, as_known: datetime | None) -> dict[str, dict[str, Any]]:
    """Item → rows about a subject, and the newest day they speak about. Whoever shows them holds a permit."""
    held: dict[str, dict[str, Any]] = {}
    for table, day in ((PaymentRecord, "period_end_on"), (EventRecord, "occurred_on"), (HoldingRecord, "from_on")):
        held |= _held(table, day, subject_id, as_known)
    return held


def _held(table: type[Model], day: str, subject_id: int, as_known: datetime | None) -> dict[str, dict[str, Any]]:
    rows: QuerySet[Any] = records.as_known(table._default_manager.filter(subject_id=subject_id), as_known)
    counted = rows.values("item_code").annotate(rows=Count("*"), newest=Max(day)).order_by("item_code")
    return {row["item_code"]: row for row in counted}


def newest_deliveries(as_known: datetime) -> dict[str, tuple[str, datetime]]:
    """Item → (sender, received at) of the newest delivery that had been taken in by then."""
    newest = (
        Delivery.objects.filter(state="applied", applied_at__lte=as_known, item__code__in=PROFILE_ITEMS)
        .order_by("item__code", "-applied_at", "-pk")
        .distinct("item__code")
        .values_list("item__code", F("source__organization__name"), "applied_at")
    )
    return {code: (sender, applied_at) for code, sender, applied_at in newest}
