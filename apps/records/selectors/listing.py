"""Every delivery with the numbers of the rows that went back or wait, for `manage.py deliveries`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, Value

from apps.core.actor import Actor
from apps.records.models import Delivery, HeldRow, RejectedRow


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row as its sender finds it: `sheet` is empty where the file has only one."""

    sheet: str
    row_number: int
    reason: str


@dataclass(frozen=True, slots=True)
class ListedDelivery:
    """A delivery, its rejected rows (the dismissed ones among them) and its waiting rows, by sheet and row."""

    delivery: Delivery
    rejected_rows: tuple[ListedRow, ...]
    held_rows: tuple[ListedRow, ...]


def listed_deliveries(actor: Actor, item_code: str = "") -> Iterator[ListedDelivery]:
    """The deliveries in the order in which they came, of one item or of all; two queries a delivery."""
    deliveries = Delivery.objects.visible_to(actor).select_related("item", "source__organization", "repeats")
    if item_code:
        deliveries = deliveries.filter(item__code=item_code)
    for delivery in deliveries.order_by("pk").iterator(chunk_size=500):
        dismissed = _rows(HeldRow.objects.filter(state="dismissed"), delivery, Value("dismissed", CharField()))
        rejected = _rows(RejectedRow.objects.all(), delivery, F("reason")).union(dismissed, all=True)
        held = _rows(HeldRow.objects.filter(state="open"), delivery, F("reason"))
        yield ListedDelivery(delivery, _listed(rejected), _listed(held))


def _rows(rows: Any, delivery: Delivery, reason: F | Value) -> Any:
    return rows.filter(delivery=delivery).order_by().values_list("sheet", "row_number", reason)


def _listed(rows: Any) -> tuple[ListedRow, ...]:
    return tuple(ListedRow(*row) for row in rows.order_by("sheet", "row_number"))
