"""Two workers instead of one over the same portraits: processor seconds, waiting for locks, wall clock."""

import os
import time
from datetime import datetime, timedelta

from django.db import connection

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.operations.bench import data, facts
from apps.operations.bench.database import spent_by, start_worker, work_here
from apps.operations.bench.measure import Row, Size, Spent
from apps.profiles import services

SAMPLE_SECONDS = 0.05


def measure(size: Size) -> Row:
    """The whole in one worker, then in two, in ranges of subjects."""
    now = clock.now()
    numbered = data.subjects(1, size.subjects)
    data.load_subjects(numbered, now)
    facts.load_facts(numbered, clock.business_date(now), now)
    ids = numbered["id"].to_list()
    half = len(ids) // 2
    one, _ = _together([ids], now)
    two, waits = _together([ids[:half], ids[half:]], now + timedelta(microseconds=1))
    cpu_one, cpu_two = one[0].cpu_seconds, sum(spent.cpu_seconds for spent in two)
    wall_two = max(spent.seconds for spent in two)
    ratio = cpu_two / cpu_one
    cores = os.cpu_count() or 1
    return Row(
        "workers",
        f"两个工作进程代替一个（{size.subjects:,} 户画像）",
        "处理器秒 ≤ 1.1 ×，锁等待 ≤ 2 %",
        f"{ratio:.2f} ×，{waits:.1%}",
        ratio <= 1.1 and waits <= 0.02,
        {
            "一个 处理器秒": round(cpu_one, 2),
            "两个 处理器秒": round(cpu_two, 2),
            "一个 秒": round(one[0].seconds, 2),
            "两个 秒": round(wall_two, 2),
            "加速": round(one[0].seconds / wall_two, 2),
            "锁等待": round(waits, 4),
            "内存峰值 MB": round(max(spent.peak_mb for spent in (*one, *two))),
            "处理器核": cores,
        },
        (f"四核上四个进程 ≥ 3 × 的一项需要四核以上的机器，这里有 {cores} 核，未量。",) if cores < 4 else (),
    )


def _together(shares: list[list[int]], now: datetime) -> tuple[list[Spent], float]:
    """Every share in a worker of its own at the same time; and the part of samples in which one waited for a lock."""
    jobs = [
        services.refresh_profiles(
            actor=SYSTEM,
            business_date=clock.business_date(now),
            as_known=now,
            now=now,
            subject_ids=share,
            whole=True,
        )
        for share in shares
    ]
    if connection.in_atomic_block:
        return [work_here(job) for job in jobs], 0.0
    workers = [start_worker(job) for job in jobs]
    samples = waiting = 0
    while any(worker.poll() is None for worker in workers):
        samples += len(workers)
        waiting += _waiting_for_locks()
        time.sleep(SAMPLE_SECONDS)
    return [spent_by(worker, job) for worker, job in zip(workers, jobs, strict=True)], waiting / max(1, samples)


def _waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
