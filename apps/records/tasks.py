"""Celery shells of records."""

from typing import Any

from apps.core import clock
from apps.core.jobs import Lease, job
from apps.records import services


@job("records.intake", label="报送文件入库", seen_at=("records:delivery_detail", "delivery_id"))
def intake(lease: Lease) -> dict[str, Any]:
    """Take a delivery in."""
    delivery_id = lease.payload["delivery_id"]
    counts = services.apply_delivery(delivery_id=delivery_id, lease=lease, now=clock.now())
    services.end_alerts(delivery_id=delivery_id, now=clock.now())
    services.settle_answers(delivery_id=delivery_id, now=clock.now())
    return counts


@job("records.retry_held", label="重新处理待处理数据", seen_at=("records:held_row_list",))
def retry_held(lease: Lease) -> dict[str, Any]:
    """Apply the rows that waited for their subject."""
    return services.retry_held_rows(lease=lease, now=clock.now())


@job("records.decide_held", label="成批处理待处理的行", seen_at=("records:held_row_list",))
def decide_held(lease: Lease) -> dict[str, Any]:
    """Decide everything that a filter found."""
    return services.decide_found_rows_by_job(lease=lease, now=clock.now())


@job("records.count_quality", label="统计数据质量", seen_at=("records:quality",))
def count_quality(lease: Lease) -> dict[str, Any]:
    """Count the figures of one source and month."""
    now = clock.now()
    return services.count_source(lease=lease, business_date=clock.business_date(now), now=now)


@job("records.retire", label="到期删除和停用", seen_at=("records:proof_list",))
def retire(lease: Lease) -> dict[str, Any]:
    """Delete or close what is over."""
    assert lease.business_date is not None
    return services.retire_records(lease=lease, business_date=lease.business_date, now=clock.now())


@job("records.ask_source", label="向来源核验", seen_at=("records:verification_list",))
def ask_source(lease: Lease) -> dict[str, Any]:
    """Put one question to its source."""
    return services.put_question(lease=lease, now=clock.now())


@job("records.try_adapter", label="试连核验通道", seen_at=("records:verification_detail", "adapter_id"))
def try_adapter(lease: Lease) -> dict[str, Any]:
    """Ask a source about nobody."""
    return services.try_adapter(lease=lease, now=clock.now())
