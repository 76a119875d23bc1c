"""Taking a delivery in: judge all rows, then write them chunk by chunk, each in one transaction under the job's lease.

The order of rows and the cut into chunks follow from the file alone, and a chunk's commit moves `chunks_done`: a worker
that takes over goes on with the next chunk and comes to the same counts.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import polars as pl
from django.db import connection, transaction

from apps.core import audit, clock, files, jobs
from apps.core.jobs import Lease
from apps.records.catalogue import CODE, ItemSpec
from apps.records.frames import copy_in
from apps.records.models import Delivery
from apps.records.reading import ROW_NUMBER, SHEET, TEXT, Unreadable, read_table
from apps.records.reasons import HELD, NORMALISED
from apps.records.selectors import spec_of
from apps.records.services.chunks import Outcome, apply_rows
from apps.records.services.registration import register
from apps.records.staging import REASON, Staged, stage
from apps.records.triage import Sorted, sort_out

LEAST_CHUNK_ROWS: Final = 2_000
MOST_CHUNK_ROWS: Final = 50_000
CHUNKS_OF_A_DELIVERY: Final = 20
RETRY_HELD: Final = "records.retry_held"
_COUNTS: Final = ("read", "not_data", "accepted", "rejected", "held", "duplicate")
_PARTS: Final = ("normalised", "warned", "corrected")


def apply_delivery(*, delivery_id: int, lease: Lease, now: datetime) -> dict[str, Any]:
    """Take a delivery in, or go on where another worker stopped. Returns its counts.

    A file that cannot be read as a whole ends in state `refused` with the reason. Raises LeaseLost.
    """
    delivery = Delivery.objects.select_related("item", "source__organization", "file").get(pk=delivery_id)
    if delivery.state not in ("received", "reading"):
        return counts_of(delivery)
    Delivery.objects.filter(pk=delivery_id, state="received").update(state="reading")
    item = spec_of(delivery.item)
    lease.progress(0, 0, "正在读取文件")
    try:
        with files.open_file(delivery.file) as stream:
            table = read_table(stream, item)
            staged = stage(table.blocks, item, clock.business_date(delivery.received_at))
    except Unreadable as error:
        _refuse(delivery, error.message, lease, now)
        return counts_of(delivery)
    sorted_rows = sort_out(staged.rows, item)
    good = sorted_rows.good
    size = chunk_rows(good.height)
    chunks = 1 + -(-good.height // size)
    if item.shape == "payment":
        _ensure_partitions(good)
    for number in range(_chunks_done(delivery), chunks):
        with transaction.atomic():
            lease.guard()
            locked = _locked(delivery_id)
            if number == 0:
                locked.form, locked.notes, locked.chunks_total = table.form, table.notes, chunks
                _set_aside(locked, staged, sorted_rows, now)
            else:
                rows = good.slice((number - 1) * size, size)
                _apply_chunk(locked, rows, item, lease, now)
            locked.chunks_done = number + 1
            locked.save(update_fields=[*_COUNTS, *_PARTS, "tallies", "form", "notes", "chunks_done", "chunks_total"])
        lease.progress(locked.read, staged.read, f"已处理{locked.read}行，共{staged.read}行")
    return _finish(delivery_id, item, lease, now)


def chunk_rows(rows: int) -> int:
    """Rows of a chunk: small enough to show progress and to lose little, large enough to carry its fixed cost."""
    return min(MOST_CHUNK_ROWS, max(LEAST_CHUNK_ROWS, rows // CHUNKS_OF_A_DELIVERY))


def counts_of(delivery: Delivery) -> dict[str, Any]:
    """The counts of a delivery by name."""
    delivery.refresh_from_db()
    return {"state": delivery.state} | {name: getattr(delivery, name) for name in (*_COUNTS, *_PARTS)}


def _chunks_done(delivery: Delivery) -> int:
    return Delivery.objects.values_list("chunks_done", flat=True).get(pk=delivery.pk)


def _locked(delivery_id: int) -> Delivery:
    return (
        Delivery.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source__organization")
        .get(pk=delivery_id)
    )


def _ensure_partitions(rows: pl.DataFrame) -> None:
    with connection.cursor() as cursor:
        for year in rows["period_on"].dt.year().unique().sort().to_list():
            cursor.execute("SELECT records_ensure_payment_year(%s)", [year])


def _set_aside(delivery: Delivery, staged: Staged, sorted_rows: Sorted, now: datetime) -> None:
    """The first chunk: everything that does not depend on what is stored."""
    copy_in(
        "records_rejectedrow",
        staged.rejected.select(
            pl.lit(delivery.pk).alias("delivery_id"), SHEET, ROW_NUMBER, "column", REASON, "message", "original_text"
        ),
    )
    hold(delivery, sorted_rows.held)
    delivery.not_data += staged.not_data.total()
    delivery.rejected += staged.rejected.height
    delivery.duplicate += sorted_rows.repeated
    delivery.read += staged.not_data.total() + staged.rejected.height + sorted_rows.repeated
    _tally(delivery, "not_data", staged.not_data)
    _tally(delivery, "rejected", Counter(staged.rejected[REASON].to_list()))
    _tally(delivery, "duplicate", Counter(in_file=sorted_rows.repeated))


def _apply_chunk(delivery: Delivery, rows: pl.DataFrame, item: ItemSpec, lease: Lease, now: datetime) -> None:
    if item.creates_subjects:
        held = register(rows, delivery.source, lease.actor, now)
        hold(delivery, held.with_columns(pl.lit("one_subject_many_codes").alias(REASON)))
        rows = rows.join(held.select(CODE), on=CODE, how="anti", maintain_order="left")
    outcome = apply_rows(rows, item, delivery.pk, now)
    hold(delivery, outcome.unknown.with_columns(pl.lit("unknown_subject").alias(REASON)))
    delivery.read += outcome.accepted + outcome.duplicate
    add_outcome(delivery, outcome)


def add_outcome(delivery: Delivery, outcome: Outcome) -> None:
    """Count accepted and duplicate rows, and the remarks on the accepted ones."""
    for name in ("accepted", "duplicate", *_PARTS):
        setattr(delivery, name, getattr(delivery, name) + getattr(outcome, name))
    _tally(delivery, "duplicate", Counter(stored=outcome.duplicate))
    kinds: dict[str, Counter[str]] = {"normalised": Counter(), "warned": Counter()}
    for remark, count in outcome.remarks.items():
        kind = "normalised" if remark.rpartition(":")[2] in NORMALISED else "warned"
        kinds[kind][remark] += count
    for kind, counts in kinds.items():
        _tally(delivery, kind, counts)


def hold(delivery: Delivery, rows: pl.DataFrame) -> None:
    """Keep rows until someone or something decides; each has its `reason`."""
    values = rows.select(pl.exclude(TEXT, REASON, "subject_id", "registered_name"))
    copy_in(
        "records_heldrow",
        rows.select(
            pl.lit(delivery.pk).alias("delivery_id"),
            SHEET,
            ROW_NUMBER,
            REASON,
            pl.col(REASON).replace_strict(HELD, return_dtype=pl.String).alias("message"),
            CODE,
            values.select(pl.struct(pl.all()).struct.json_encode()).to_series().alias("values"),
            pl.col(TEXT).alias("original_text"),
            pl.lit("open").alias("state"),
        ),
    )
    delivery.held += rows.height
    delivery.read += rows.height
    _tally(delivery, "held", Counter(rows[REASON].to_list()))


def _tally(delivery: Delivery, kind: str, counts: Mapping[str, int]) -> None:
    tally = Counter(delivery.tallies.get(kind, {})) + Counter(counts)
    delivery.tallies = {**delivery.tallies, kind: dict(sorted(tally.items()))}


def _refuse(delivery: Delivery, message: str, lease: Lease, now: datetime) -> None:
    with transaction.atomic():
        lease.guard()
        if Delivery.objects.filter(pk=delivery.pk, state="reading").update(state="refused", refusal=message) == 1:
            audit.record(actor=lease.actor, verb="records.refuse", target=delivery, now=now, reason=message)


def _finish(delivery_id: int, item: ItemSpec, lease: Lease, now: datetime) -> dict[str, Any]:
    with transaction.atomic():
        lease.guard()
        moved = Delivery.objects.filter(pk=delivery_id, state="reading").update(state="applied", applied_at=now)
        delivery = Delivery.objects.get(pk=delivery_id)
        if moved == 1:
            audit.record(actor=lease.actor, verb="records.apply", target=delivery, now=now, after=counts_of(delivery))
            if item.creates_subjects:
                jobs.enqueue(
                    actor=lease.actor,
                    kind=RETRY_HELD,
                    key=str(delivery_id),
                    payload={"delivery_id": delivery_id},
                    now=now,
                )
    return counts_of(delivery)
