"""Facts of one subject as rows, for pages and documents."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.core.permit import Permit
from apps.records.models import CatalogueItem, EventRecord, HoldingRecord, PaymentRecord
from apps.records.selectors.knowing import as_known

_TABLES: dict[str, Any] = {
    "payment": (PaymentRecord, ("-period_on", "key_text")),
    "event": (EventRecord, ("-occurred_on", "key_text")),
    "holding": (HoldingRecord, ("key_text",)),
}


def records_of(
    subject_id: int, item_code: str, *, permit: Permit, at: datetime | None = None
) -> "QuerySet[PaymentRecord] | QuerySet[EventRecord] | QuerySet[HoldingRecord]":
    """The facts of one item, newest first, as known at `at` (None: now). Raises NotPermitted.

    Information under 公开公示 is for everybody; everything else needs a permit that covers the item.
    """
    item = CatalogueItem.objects.get(code=item_code)
    if item.disclosure == "public":
        permit.require(subject_id)
    else:
        permit.require(subject_id, item_code)
    table, order = _TABLES[item.shape]
    rows = as_known(table.objects.filter(subject_id=subject_id, item_code=item_code), at)
    return rows.order_by(*order)
