"""Receiving a file: check it against its manifest, keep the bytes, say whether it came before, start the intake."""

import os
from datetime import datetime
from io import BytesIO
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from django.db import transaction

from apps.core import audit, failpoints, files, jobs
from apps.core.actor import Actor
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.models import JobState
from apps.records.manifest import PLATFORM, Manifest, check_digest, clean_name, count_fault, kind_of
from apps.records.models import Delivery, Source
from apps.records.policies import can_deliver
from apps.records.reading import Unreadable

INTAKE: Final = "records.intake"
MAX_FILE_BYTES: Final = 2_000_000_000
_CONTENT_TYPES: Final = {
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".jsonl": "application/x-ndjson",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NOTHING_SAID: Final = Manifest()


class DeliveryRefused(InvalidInput):
    """The file is not taken at the door: nothing in it, or not an item of this source."""

    code = "delivery-refused"
    title = "不接收这份报送"


class DeliveryTooLarge(DeliveryRefused):
    """The file is larger than any that is taken."""

    code = "delivery-too-large"
    status = 413
    default_message = "文件超过2GB，请分份报送。"


def receive_delivery(
    *,
    actor: Actor,
    source: Source,
    item_code: str,
    file_name: str,
    content: bytes | BinaryIO,
    now: datetime,
    manifest: Manifest = _NOTHING_SAID,
    way_in: str = PLATFORM,
) -> Delivery:
    """Store a file and enqueue its intake; the same file again is answered with a delivery in state `repeated`.

    `content` may be read more than once and is never held in memory as a whole. Raises NotPermitted when the actor may
    not deliver for the source, DeliveryRefused when the file is not taken, WrongManifest when it is not the file that
    the manifest describes.
    """
    if not can_deliver(actor, source):
        raise NotPermitted("您不能为该单位报送。")
    item = source.items.filter(code=item_code, is_active=True).first()
    if item is None:
        raise DeliveryRefused("该单位不报送这一信息项。", fields={"item": "该单位不报送这一信息项。"})
    stream: BinaryIO = BytesIO(content) if isinstance(content, bytes) else content
    _check_size(stream)
    if manifest.digest:
        check_digest(stream, manifest.digest)
    name = clean_name(file_name)
    content_type = _CONTENT_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")
    with transaction.atomic():
        # One at a time per source, so that two uploads of one file cannot both be the first.
        Source.objects.select_for_update(of=("self",), no_key=True).get(pk=source.pk)
        stored = files.store(stream, name=name, content_type=content_type, now=now)
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
            way_in=way_in,
            **_said(manifest, name),
        )
        failpoints.reach("delivery.received")
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
            after={"item": item_code, "sha256": stored.sha256, "bytes": stored.size_bytes, "way_in": way_in},
        )
        failpoints.reach("delivery.enqueued")
    return delivery


def _said(manifest: Manifest, name: str) -> dict[str, Any]:
    """The manifest as the columns of a delivery."""
    return {
        "kind": kind_of(manifest.kind, name),
        "period_from_on": manifest.period_from_on,
        "period_to_on": manifest.period_to_on,
        "sequence": manifest.sequence,
        "declared_rows": manifest.declared_rows,
        "declared_digest": str(manifest.digest or ""),
    }


def _check_size(stream: BinaryIO) -> None:
    size_bytes = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if not size_bytes:
        raise DeliveryRefused("文件是空的。", fields={"file": "文件是空的。"})
    if size_bytes > MAX_FILE_BYTES:
        raise DeliveryTooLarge(fields={"file": DeliveryTooLarge.default_message})


def check_count(delivery: Delivery, *, read: int, not_data: int) -> None:
    """For intake, when all rows are read and before the first is written: a file whose number of data rows is not the
    declared one goes back whole. Raises Unreadable.
    """
    if fault := count_fault(delivery.declared_rows, read=read, not_data=not_data):
        raise Unreadable(fault)


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
