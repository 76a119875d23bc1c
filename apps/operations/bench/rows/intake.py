"""One large delivery, everything included, against raw COPY of the same clean rows."""

from datetime import datetime
from io import BytesIO

import polars as pl
from django.db import connection

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.operations.bench import data, facts
from apps.operations.bench.database import BenchFault, work
from apps.operations.bench.measure import Growth, Row, Size, Spent, spending
from apps.records import services
from apps.records.frames import copy_in
from apps.records.models import Delivery

COLUMNS = (
    "subject_id, item_code, period_on, period_end_on, key_text, due_yuan, paid_yuan, arrears_yuan, base_yuan, quantity,"
    " headcount, due_on, paid_on, extra, delivery_id, row_number, recorded_at"
)
BLOCK_BYTES = 1 << 20
FILLED_MONTHS, FILLED_FIRMS = 10, 50_000


def measure(size: Size) -> Row:
    """Rows a second of both, their ratio, and growth from a tenth."""
    now = clock.now()
    _fill(size.stored_rows, now)
    tenth, _ = _intake(size.intake_rows // 10, 10_000_001, now)
    whole, delivery = _intake(size.intake_rows, 20_000_001, now)
    base = _raw_copy(delivery)
    ours, raw = size.intake_rows / whole.seconds, size.intake_rows / base.seconds
    growth = Growth(tenth, whole)
    return Row(
        "intake",
        f"接收 {size.intake_rows:,} 行报送（全程，表中已有 {size.stored_rows:,} 行）",
        "≥ 0.5 × 原样 COPY",
        f"{ours / raw:.2f} ×",
        ours / raw >= 0.5,
        {
            "本平台 行/秒": round(ours),
            "本平台 秒": round(whole.seconds, 2),
            "基准 行/秒": round(raw),
            "基准 秒": round(base.seconds, 2),
            **growth.parts,
        },
    )


def _intake(rows: int, first: int, now: datetime) -> tuple[Spent, Delivery]:
    numbered = data.subjects(first, max(1, rows // 10))
    data.load_subjects(numbered, now)
    content = data.social_insurance_file(numbered, clock.business_date(now), rows)
    with spending() as received:
        delivery = services.receive_delivery(
            actor=SYSTEM,
            source=facts.source(now),
            item_code="social_insurance",
            file_name=f"社保缴费{rows}.csv",
            content=content,
            now=now,
        )
    assert delivery.job is not None
    spent = work(delivery.job)
    spent.seconds += received.seconds
    delivery.refresh_from_db()
    if delivery.accepted != rows:
        raise BenchFault(f"入库 {delivery.accepted} 行，应为 {rows} 行：{delivery.refusal}{delivery.tallies}")
    return spent, delivery


def _fill(rows: int, now: datetime) -> None:
    """Other firms' months, in the product's table and in the base table alike."""
    as_of = clock.business_date(now)
    for first in range(1, rows // FILLED_MONTHS + 1, FILLED_FIRMS):
        firms = pl.DataFrame({"id": range(first, min(first + FILLED_FIRMS, rows // FILLED_MONTHS + 1))})
        months = data.months_of(firms, as_of, FILLED_MONTHS)
        for table in ("records_paymentrecord", "bench_payment"):
            copy_in(table, months.with_columns(pl.lit(now.isoformat()).alias("recorded_at")))


def _raw_copy(delivery: Delivery) -> Spent:
    """The rows as they are stored, out into memory, then timed into the base table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(due_yuan) FROM records_paymentrecord WHERE delivery_id = %s", [delivery.pk]
        )
        stored = cursor.fetchone()
        rows = BytesIO()
        where = f"SELECT {COLUMNS} FROM records_paymentrecord WHERE delivery_id = {delivery.pk} ORDER BY id"
        with cursor.copy(f"COPY ({where}) TO STDOUT (FORMAT csv)") as copy:
            for block in copy:
                rows.write(block)
        rows.seek(0)
        with spending() as spent, cursor.copy(f"COPY bench_payment ({COLUMNS}) FROM STDIN (FORMAT csv)") as copy:
            while block := rows.read(BLOCK_BYTES):
                copy.write(block)
        cursor.execute("SELECT count(*), sum(due_yuan) FROM bench_payment WHERE delivery_id = %s", [delivery.pk])
        if cursor.fetchone() != stored:
            raise BenchFault("原样 COPY 的行与入库的行不一致")
    return spent
