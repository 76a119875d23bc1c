"""Taking a delivery in: judge all rows, then write them chunk by chunk, each in one transaction under the job's lease.

The order of rows and the cut into chunks follow from the file alone, and a chunk's commit moves `chunks_done`: a worker
that takes over goes on with the next chunk and comes to the same counts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import polars as pl
from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core import audit, clock, failpoints, files, jobs
from apps.core.jobs import Lease, Postponed
from apps.core.models import JobState
from apps.core.scratch import scratch_folder
from apps.records.catalogue import CODE, ItemSpec
from apps.records.frames import copy_in, one_ahead
from apps.records.models import Delivery, HeldRow
from apps.records.reading import ROW_NUMBER, SHEET, TEXT, Unreadable
from apps.records.reasons import HELD, NORMALISED
from apps.records.selectors import spec_of
from apps.records.services.chunks import NOBODY, Outcome, Writer, subjects_of
from apps.records.services.contradictions import remember_names, subjects_with_other_names
from apps.records.services.deliveries import check_count
from apps.records.services.judging import Judged, judge
from apps.records.services.registration import register
from apps.records.staging import REASON
from apps.subjects.models import SubjectCode

RETRY_HELD: Final = "records.retry_held"
_COUNTS: Final = ("read", "not_data", "accepted", "rejected", "held", "duplicate")
_PARTS: Final = ("normalised", "warned", "corrected")


def apply_delivery(*, delivery_id: int, lease: Lease, now: datetime) -> dict[str, Any]:
    """Take a delivery in, or go on where another worker stopped. Returns its counts.

    A file that cannot be read as a whole ends in state `refused` with the reason. Raises LeaseLost, and Postponed while
    an earlier delivery of the same item and source is on its way: the later one must find what the earlier one wrote.
    """
    delivery = Delivery.objects.select_related("item", "source__organization", "file").get(pk=delivery_id)
    if delivery.state not in ("received", "reading"):
        return counts_of(delivery)
    if waiting_for(delivery).exists():
        raise Postponed("正在等待同一单位、同一信息项的上一份报送入库")
    known_at = _begin(delivery_id, now)
    failpoints.reach("intake.begun")
    lease.progress(0, 0, "正在读取文件")
    received_on = clock.business_date(delivery.received_at)
    subjects = [NOBODY]

    def tell(judged: Judged) -> None:
        """The database has nothing else to do while a file is read."""
        lease.progress(0, 0, f"正在读取文件，已核对{judged.read}行")
        if not judged.item.creates_subjects:
            subjects.append(subjects_of(judged.new_codes[CODE]))

    with scratch_folder("xinqiao-intake-") as folder:
        try:
            with files.open_file(delivery.file) as stream:
                judged = judge(stream, spec_of(delivery.item), received_on, folder, tell)
            check_count(delivery, read=judged.read, not_data=judged.not_data.total())
        except Unreadable as error:
            _refuse(delivery, error.message, lease, now)
            return counts_of(delivery)
        failpoints.reach("intake.judged")
        _apply(delivery, judged, pl.concat(subjects), lease, known_at)
    return _finish(delivery, judged.item, lease, now)


def _begin(delivery_id: int, now: datetime) -> datetime:
    """The instant from which the delivery is known: the one of its first worker, so that neither chunks nor a change of
    worker show in «as known at» (`selectors.known_until`).
    """
    Delivery.objects.filter(pk=delivery_id, state="received").update(state="reading")
    Delivery.objects.filter(pk=delivery_id, known_at=None).update(known_at=now)
    known_at = Delivery.objects.values_list("known_at", flat=True).get(pk=delivery_id)
    assert known_at is not None
    return known_at


def waiting_for(delivery: Delivery) -> QuerySet[Delivery]:
    """Deliveries of the same item and source that must be over first; one whose job was given up holds nobody up."""
    earlier = Delivery.objects.filter(item=delivery.item_id, source=delivery.source_id, pk__lt=delivery.pk)
    return earlier.filter(state__in=["received", "reading"]).exclude(job__state=JobState.FAILED)


def _apply(delivery: Delivery, judged: Judged, subjects: pl.DataFrame, lease: Lease, known_at: datetime) -> None:
    """Chunk 0 is what does not depend on the tables; every further one is a chunk of good rows. `subjects` are those
    that were known while the file was judged; where the item creates them, each chunk asks for its own.
    """
    if (done := _chunks_done(delivery)) == 0:
        with _chunk(delivery.pk, 0, lease) as locked:
            locked.form, locked.notes, locked.chunks_total = judged.form, judged.notes, 1 + len(judged.chunks())
            _set_aside(locked, judged)
        done = 1
    creates = judged.item.creates_subjects
    watched = subjects_with_other_names(delivery)
    writer = Writer(judged.item, delivery.pk, known_at, None if creates else subjects, watched=watched)
    chunks = judged.chunks()[done - 1 :]
    good = (judged.good(*chunk) for chunk in chunks)
    ahead = one_ahead(good if creates else map(writer.prepare, good))
    for number, (chunk, rows) in enumerate(zip(chunks, ahead, strict=True), done):
        if judged.item.shape == "payment":
            _ensure_partitions(rows)
        with _chunk(delivery.pk, number, lease) as locked:
            waiting = _apply_chunk(locked, rows, writer, lease)
            hold(locked, judged.with_texts(chunk[0], waiting))
        failpoints.reach("intake.chunk_committed")
        lease.progress(locked.read, judged.read, f"已处理{locked.read}行，共{judged.read}行")


@contextmanager
def _chunk(delivery_id: int, number: int, lease: Lease) -> Iterator[Delivery]:
    """The transaction of a chunk: under the lease, with the delivery locked; its counts are saved at the end."""
    with transaction.atomic():
        lease.guard()
        locked = _locked(delivery_id)
        failpoints.reach("intake.chunk_begun")
        yield locked
        locked.chunks_done = number + 1
        locked.save(update_fields=[*_COUNTS, *_PARTS, "tallies", "form", "notes", "chunks_done", "chunks_total"])
        failpoints.reach("intake.chunk_written")


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


def _set_aside(delivery: Delivery, judged: Judged) -> None:
    """The first chunk: everything that does not depend on what is stored."""
    for block in judged.rejected():
        copy_in(
            "records_rejectedrow",
            block.select(
                pl.lit(delivery.pk).alias("delivery_id"),
                SHEET,
                ROW_NUMBER,
                "column",
                REASON,
                "message",
                "original_text",
            ),
        )
    for block in judged.held():
        hold(delivery, block)
    rejected, not_data, repeated = judged.reasons.total(), judged.not_data.total(), judged.repeated
    delivery.not_data += not_data
    delivery.rejected += rejected
    delivery.duplicate += repeated
    delivery.read += not_data + rejected + repeated
    _tally(delivery, "not_data", judged.not_data)
    _tally(delivery, "rejected", judged.reasons)
    _tally(delivery, "duplicate", Counter(in_file=repeated))


def _apply_chunk(delivery: Delivery, rows: pl.DataFrame, writer: Writer, lease: Lease) -> pl.DataFrame:
    """Write the rows and count them; returns those to hold, with their `reason`."""
    other_codes = rows.clear()
    if writer.item.creates_subjects:
        other_codes = register(rows, delivery.source, lease.actor, writer.now)
        rows = rows.join(other_codes.select(CODE), on=CODE, how="anti", maintain_order="left")
    outcome = writer.apply(rows)
    delivery.read += outcome.accepted + outcome.duplicate
    add_outcome(delivery, outcome)
    if outcome.names and not writer.item.creates_subjects:
        remember_names(delivery_id=delivery.pk, names=outcome.names, now=writer.now)
    reason = pl.lit("one_subject_many_codes").alias(REASON)
    return pl.concat([other_codes.with_columns(reason), outcome.waiting], how="diagonal")


def add_outcome(delivery: Delivery, outcome: Outcome) -> None:
    """Count accepted and duplicate rows, and the remarks on the accepted ones."""
    for name in ("accepted", "duplicate", *_PARTS):
        setattr(delivery, name, getattr(delivery, name) + getattr(outcome, name))
    _tally(delivery, "duplicate", Counter(stored=outcome.duplicate))
    _tally(delivery, "corrected", outcome.corrections)
    kinds: dict[str, Counter[str]] = {"normalised": Counter(), "warned": Counter()}
    for remark, count in outcome.remarks.items():
        kind = "normalised" if remark.rpartition(":")[2] in NORMALISED else "warned"
        kinds[kind][remark] += count
    for kind, counts in kinds.items():
        _tally(delivery, kind, counts)


def hold(delivery: Delivery, rows: pl.DataFrame) -> None:
    """Keep rows until someone or something decides; each has its `reason`."""
    if rows.is_empty():
        return
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
            *(pl.lit("").alias(name) for name in ("decided_by", "decision_reason")),
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
            _wake_next(delivery)


def _finish(delivery: Delivery, item: ItemSpec, lease: Lease, now: datetime) -> dict[str, Any]:
    with transaction.atomic():
        lease.guard()
        if Delivery.objects.filter(pk=delivery.pk, state="reading").update(state="applied", applied_at=now) == 1:
            audit.record(actor=lease.actor, verb="records.apply", target=delivery, now=now, after=counts_of(delivery))
            _wake_next(delivery)
            if item.creates_subjects or _some_may_go_on(delivery):
                jobs.enqueue(
                    actor=lease.actor,
                    kind=RETRY_HELD,
                    key=str(delivery.pk),
                    payload={"delivery_id": delivery.pk},
                    now=now,
                )
        failpoints.reach("intake.finishing")
    failpoints.reach("intake.finished")
    return counts_of(delivery)


def _some_may_go_on(delivery: Delivery) -> bool:
    """Whether this delivery may have brought what held corrections wait for, or missed a registration beside it."""
    waiting = HeldRow.objects.filter(state="open")
    corrections = waiting.filter(delivery__item=delivery.item_id, reason="nothing_to_correct")
    unknown = waiting.filter(delivery=delivery, reason="unknown_subject")
    return corrections.exists() or unknown.filter(code__in=SubjectCode.objects.order_by().values("code")).exists()


def _wake_next(delivery: Delivery) -> None:
    """Start the next delivery that waited for this one."""
    later = Delivery.objects.filter(item=delivery.item_id, source=delivery.source_id, pk__gt=delivery.pk)
    following = later.filter(state="received").select_related("job").order_by("pk").first()
    if following and following.job:
        jobs.wake(following.job)
