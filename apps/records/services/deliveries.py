"""Receiving a file: keep the bytes, say whether it came before, start the intake."""

from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO, Final

from django.db import transaction

from apps.core import audit, files, jobs
from apps.core.actor import Actor
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.models import JobState
from apps.records.models import Delivery, Source
from apps.records.policies import can_deliver

INTAKE: Final = "records.intake"
MAX_FILE_BYTES: Final = 2_000_000_000
_CONTENT_TYPES: Final = {".csv": "text/csv", ".txt": "text/plain"}
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class DeliveryRefused(InvalidInput):
    """The file is not taken at the door: nothing in it, too large, or not an item of this source."""

    code = "delivery-refused"
    title = "不接收这份报送"


def receive_delivery(
    *, actor: Actor, source: Source, item_code: str, file_name: str, content: bytes | BinaryIO, now: datetime
) -> Delivery:
    """Store a file and enqueue its intake; the same file again is answered with a delivery in state `repeated`.

    Raises NotPermitted when the actor may not deliver for the source, DeliveryRefused when the file is not taken.
    """
    if not can_deliver(actor, source):
        raise NotPermitted("您不能为该单位报送。")
    item = source.items.filter(code=item_code, is_active=True).first()
    if item is None:
        raise DeliveryRefused("该单位不报送这一信息项。", fields={"item": "该单位不报送这一信息项。"})
    name = PurePath(file_name.replace("\\", "/")).name[-255:] or "未命名"
    suffix = PurePath(name).suffix.lower()
    content_type = _WORKBOOK if suffix == ".xlsx" else _CONTENT_TYPES.get(suffix, "application/octet-stream")
    with transaction.atomic():
        # One at a time per source, so that two uploads of one file cannot both be the first.
        Source.objects.select_for_update(of=("self",), no_key=True).get(pk=source.pk)
        stored = files.store(content, name=name, content_type=content_type, now=now)
        if not 0 < stored.size_bytes <= MAX_FILE_BYTES:
            message = "文件是空的。" if not stored.size_bytes else "文件超过2GB，请分份报送。"
            raise DeliveryRefused(message, fields={"file": message})
        earlier = _earlier(source, item.pk, stored.pk, now)
        delivery = Delivery.objects.create(
            item=item,
            source=source,
            file=stored,
            file_name=name,
            received_at=now,
            received_from=actor.name,
            repeats=earlier,
            state="repeated" if earlier else "received",
        )
        if earlier is None:
            delivery.job = jobs.enqueue(
                actor=actor, kind=INTAKE, key=str(delivery.pk), payload={"delivery_id": delivery.pk}, now=now
            )
            delivery.save(update_fields=["job"])
        audit.record(
            actor=actor,
            verb="records.repeat" if earlier else "records.receive",
            target=delivery,
            now=now,
            after={"item": item_code, "sha256": stored.sha256, "bytes": stored.size_bytes},
        )
    return delivery


def _earlier(source: Source, item_id: int, file_id: int, now: datetime) -> Delivery | None:
    """The delivery that this file repeats. One whose intake was given up makes room for another try."""
    earlier = (
        Delivery.objects.filter(
            source=source, item_id=item_id, file_id=file_id, state__in=["received", "reading", "applied"]
        )
        .select_related("job")
        .first()
    )
    if earlier and earlier.state != "applied" and earlier.job and earlier.job.state == JobState.FAILED:
        Delivery.objects.filter(pk=earlier.pk, state=earlier.state).update(state="failed")
        return None
    return earlier
