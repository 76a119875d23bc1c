"""Reads of the order in which files came: what stands about a delivery, and which numbers are missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, Max, Min, OuterRef, QuerySet, Subquery, Value, Window
from django.db.models.functions import Lag

from apps.core.actor import Actor
from apps.records.manifest import Observation, Order, observations
from apps.records.models import CatalogueItem, Delivery, Source

# A file that went back whole does not count as having come: its sender sends that number again.
_CAME_NOT = ("refused", "failed")


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequence numbers `first` to `last` of a source and item that have not come, seen when the next one came."""

    source: str
    item: str
    first: int
    last: int
    seen_at: datetime
    delivery_id: int

    @property
    def numbers(self) -> str:
        """The numbers in words."""
        return f"{self.first}" if self.first == self.last else f"{self.first}至{self.last}"

    @property
    def next(self) -> int:
        """The number that came instead."""
        return self.last + 1


def missing_sequences(source: Source, item: CatalogueItem) -> list[Gap]:
    """The numbers of a source and item that are missing between those that came, lowest first."""
    return list(_gaps(Delivery.objects.filter(source=source, item=item)))


def sequence_gaps(actor: Actor) -> list[Gap]:
    """Every gap that the actor may see, by source and item."""
    return list(_gaps(Delivery.objects.visible_to(actor)))


def _gaps(deliveries: QuerySet[Delivery]) -> Iterable[Gap]:
    rows = (
        deliveries.filter(sequence__isnull=False)
        .exclude(state__in=_CAME_NOT)
        .annotate(
            previous=Window(
                Lag("sequence"),
                partition_by=[F("source_id"), F("item_id")],
                order_by=[F("sequence").asc(), F("pk").asc()],
            )
        )
        .filter(sequence__gt=F("previous") + 1)
        .order_by("source_id", "item_id", "sequence")
        .values_list("source__organization__name", "item__name", "previous", "sequence", "received_at", "pk")
    )
    for source, item, previous, sequence, received_at, pk in rows:
        if sequence is not None:  # the filter above says so, its type does not
            yield Gap(source, item, previous + 1, sequence - 1, received_at, pk)


def with_order(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """The deliveries, each knowing what came before it, so that a page of them costs no further query."""
    same = (
        Delivery.objects.exclude(state__in=_CAME_NOT)
        .filter(source_id=OuterRef("source_id"), item_id=OuterRef("item_id"))
        .order_by()
    )
    before = same.filter(pk__lt=OuterRef("pk"))
    between = same.filter(sequence__lt=OuterRef("sequence"), sequence__gt=OuterRef("highest_before"))
    return deliveries.annotate(
        highest_before=_one(before, Max("sequence")),
        latest_period_on=_one(before, Max("period_to_on")),
        same_number=_one(before.filter(sequence=OuterRef("sequence")), Min("pk")),
        any_before=Exists(before),
    ).annotate(filled=_one(between, Count("sequence", distinct=True)))


def _one(rows: QuerySet[Delivery], value: Any) -> Subquery:
    """One figure over the rows, as PostgreSQL wants it: without a GROUP BY of its own."""
    grouped = rows.annotate(all_of_them=Value(1, IntegerField())).values("all_of_them")
    return Subquery(grouped.annotate(value=value).values("value"))


def observations_of(delivery: Delivery) -> list[Observation]:
    """What to show about one delivery of `with_order`."""
    return observations(
        Order(
            kind=delivery.kind,
            sequence=delivery.sequence,
            highest_before=delivery.highest_before,  # type: ignore[attr-defined]
            filled=delivery.filled or 0,  # type: ignore[attr-defined]
            same_number=delivery.same_number,  # type: ignore[attr-defined]
            period_to_on=delivery.period_to_on,
            latest_period_on=delivery.latest_period_on,  # type: ignore[attr-defined]
            any_before=delivery.any_before,  # type: ignore[attr-defined]
            repeats=delivery.repeats_id,
        )
    )
