"""Reads of deliveries and of the rows that came back or wait."""

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet

from apps.core.actor import Actor, Role
from apps.core.errors import NotVisible
from apps.core.work import WorkItem
from apps.records.models import Delivery, HeldRow, RejectedRow, Source
from apps.records.selectors.order import with_order
from apps.records.selectors.quality import quality_work_items


def sources_visible_to(actor: Actor) -> QuerySet[Source]:
    """The sources that the actor may deliver for."""
    return Source.objects.visible_to(actor).filter(is_active=True).select_related("organization").order_by("pk")


def deliveries_visible_to(actor: Actor) -> QuerySet[Delivery]:
    """Deliveries, newest first, each knowing what came before it (`observations_of`)."""
    related = ("item", "source__organization", "job")
    return with_order(Delivery.objects.visible_to(actor)).select_related(*related).order_by("-received_at", "-pk")


def delivery_visible_to(actor: Actor, pk: int) -> Delivery:
    """One delivery. Raises NotVisible when it is missing or not the actor's to see."""
    delivery = deliveries_visible_to(actor).select_related("repeats", "file").filter(pk=pk).first()
    if delivery is None:
        raise NotVisible("没有找到该份报送。")
    return delivery


def rejected_rows_of(delivery: Delivery) -> QuerySet[RejectedRow]:
    """Rows that went back, in the order of the file."""
    return delivery.rejected_rows.order_by("sheet", "row_number", "pk")


def held_rows_of(delivery: Delivery) -> QuerySet[HeldRow]:
    """Rows of one delivery that were held, decided or not, in the order of the file."""
    return delivery.held_rows.order_by("sheet", "row_number", "pk")


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """What the sender has to correct or decide."""
    if not actor.has(Role.DEPARTMENT, Role.OPERATOR):
        return []
    deliveries = Delivery.objects.visible_to(actor)
    better = deliveries.filter(
        state="applied", source=OuterRef("source"), item=OuterRef("item"), received_at__gte=OuterRef("received_at")
    )
    refused = deliveries.filter(~Exists(better.filter(pk__gt=OuterRef("pk"))), state="refused")
    items = [
        WorkItem(
            title="报送被整份退回",
            detail=f"{delivery.file_name}：{delivery.refusal}",
            url_name="records:delivery_detail",
            url_args=(delivery.pk,),
            kind="todo",
        )
        for delivery in refused.order_by("-received_at", "-pk")[:5]
    ]
    held = (
        HeldRow.objects.filter(delivery__in=deliveries, state="open")
        .exclude(reason="unknown_subject")
        .aggregate(rows=Count("pk"))["rows"]
    )
    if held:
        items.append(
            WorkItem(
                title="待确认的数据行",
                detail="同键不同值、一码多赋、一主体多码的行需要确认",
                url_name="records:held_row_list",
                count=held,
                kind="todo",
            )
        )
    return items + quality_work_items(actor)
