"""Every item of the catalogue about one subject: who delivers it, for which period, when it came, how old it is."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F

from apps.core.clock import business_date
from apps.core.permit import Permit
from apps.profiles.selectors.explanations import rows_held
from apps.records import selectors as records
from apps.records.models import CatalogueItem, Delivery


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item. `rows` None: how many rows there are is not for this reader to know here; the records say so after
    the gate. `received_at` None: nobody ever delivered it.
    """

    item: CatalogueItem
    sender: str
    received_at: datetime | None
    age_days: int | None
    rows: int | None
    newest_on: date | None

    @property
    def absence(self) -> str:
        """What it means that there is no row."""
        if self.received_at is None:
            return "尚未报送，无从判断"
        return "已报送，没有该主体的记录，即无此事" if self.item.absence == "none" else "没有该主体的记录，不等于没有"


def overview_of(subject_id: int, *, permit: Permit, now: datetime) -> list[ItemLine]:
    """The active items in the order of the catalogue; rows are counted of those that the permit covers or that are
    公开公示. A constant number of queries. Raises NotPermitted for another subject.
    """
    permit.require(subject_id)
    held = rows_held(subject_id, None)
    newest = {
        code: (sender, at)
        for code, sender, at in Delivery.objects.filter(state="applied")
        .order_by("item__code", "-applied_at", "-pk")
        .distinct("item__code")
        .values_list("item__code", F("source__organization__name"), "applied_at")
    }
    lines = []
    for item in records.items_in_force():
        sender, at = newest.get(item.code, (item.owner, None))
        # What was repaired or is no longer published must not show in a number either (令36号).
        is_whole = permit.own or item.shape != "event"
        counted = permit.covers(item.code) or (item.disclosure == "public" and is_whole)
        row = held.get(item.code, {})
        lines.append(
            ItemLine(
                item,
                sender,
                at,
                (business_date(now) - business_date(at)).days if at else None,
                row.get("rows", 0) if counted else None,
                row.get("newest") if counted else None,
            )
        )
    return lines
