import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from apps.core import clock, jobs
from apps.core.actor import SYSTEM
from apps.core.models import Job, JobState
from apps.records import services
from apps.records.models import Delivery, PaymentRecord, RejectedRow, Source
from apps.records.services import judging
from apps.records.services.intake import counts_of
from tests.records.conftest import Deliver
from tests.records.killed_worker import CHUNK_ROWS, CHUNKS_DONE
from tests.records.support import CODES, payment, registration_file, social_insurance

MONTHS = [f"{year}{month:02d}" for year in (2024, 2025) for month in range(1, 13)]
ROWS = [payment(month, code=code) for code in CODES[:2] for month in MONTHS]
BAD = [payment(paid="十五"), payment("202602", paid="1"), payment("202602", paid="2"), ROWS[0], ""]


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Files that another process can open."""
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"default": storage}
    return tmp_path


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["between", "inside"])
def test_after_kill_9_another_worker_comes_to_the_same_counts(
    folder: Path, source: Source, deliver: Deliver, now: datetime, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(judging, "chunk_rows", lambda rows: CHUNK_ROWS)
    deliver(registration_file("甲有限公司", "乙有限公司"), "registration")
    content = social_insurance(*ROWS, *BAD, code=CODES[0]).encode()
    delivery = services.receive_delivery(
        actor=SYSTEM, source=source, item_code="social_insurance", file_name="a.csv", content=content, now=now
    )
    job = delivery.job
    assert job is not None
    _kill_while_working(job, folder, place)

    delivery.refresh_from_db()
    job.refresh_from_db()
    assert (delivery.state, delivery.chunks_done, job.state) == ("reading", CHUNKS_DONE, JobState.RUNNING)
    assert PaymentRecord.objects.count() == CHUNK_ROWS * (CHUNKS_DONE - 1)
    assert jobs.sweep() == 0, "the lease still runs"
    Job.objects.filter(pk=job.pk).update(lease_until=clock.machine_now() - timedelta(seconds=1))
    assert jobs.sweep() == 1
    assert jobs.run_now(job).state == JobState.DONE

    counts = counts_of(delivery)
    assert (counts["read"], counts["accepted"], counts["held"]) == (53, 48, 2)
    assert (counts["rejected"], counts["duplicate"], counts["not_data"]) == (1, 1, 1)
    assert PaymentRecord.objects.count() == 48
    assert PaymentRecord.objects.values("subject_id", "period_on").distinct().count() == 48
    assert RejectedRow.objects.count() == 1
    assert Delivery.objects.get(pk=delivery.pk).state == "applied"


def _kill_while_working(job: Job, folder: Path, place: str) -> None:
    database = connection.settings_dict["NAME"]
    connection.close()
    worker = subprocess.run(
        [sys.executable, "-m", "tests.records.killed_worker", database, str(folder), str(job.pk), place],
        cwd=django_settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "XINQIAO_DB_ROLE": "batch"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert worker.returncode == -signal.SIGKILL, worker.stderr
