"""The real intake over the files of the district, against counts and row numbers that a script of another make, with
its own reading, check characters and comparison of rows, made of the same files by the intake policy (design §5).
"""

import csv
from collections import Counter
from datetime import datetime

import pytest

from apps.accounts.models import Organization
from apps.core import jobs
from apps.core.actor import SYSTEM, OrganizationKind
from apps.core.jobs import run_now
from apps.core.models import Job, JobState
from apps.records import services
from apps.records.models import Delivery, PaymentRecord, Source
from apps.records.services.intake import RETRY_HELD
from tests.records.support import CASES, DELIVERIES

KINDS = {
    "读取": "read",
    "非数据": "not_data",
    "入库": "accepted",
    "规范": "normalised",
    "提示": "warned",
    "退回": "rejected",
    "待处理": "held",
    "重复": "duplicate",
}
WITH_REASONS = ("not_data", "rejected", "held", "duplicate")
with (CASES / "intake_samples.csv").open(newline="") as _file:
    CASE_ROWS = list(csv.DictReader(_file))
FILES = list(dict.fromkeys((row["信息项"], row["文件"]) for row in CASE_ROWS))
REPEATED = {row["文件"] for row in CASE_ROWS if row["去向"] == "整份重复"}
Found = dict[str, Counter[str]]
Rows = set[tuple[str, int, str]]


def _expected(name: str) -> tuple[Found, dict[str, Rows]]:
    """Per kind: rows by reason (the total under ""), and (sheet, row, reason) of the rows that went back or wait."""
    counts: Found = {kind: Counter() for kind in KINDS.values()}
    rows: dict[str, Rows] = {"rejected": set(), "held": set()}
    for case in CASE_ROWS:
        if case["文件"] == name and case["去向"] in KINDS:
            kind = KINDS[case["去向"]]
            counts[kind][case["原因代码"]] += int(case["行数"])
            if kind in rows:
                rows[kind] |= {(*place, case["原因代码"]) for place in _places(case["行号"])}
    return counts, rows


def _places(text: str) -> set[tuple[str, int]]:
    """«城区供水!340-343 411；乡镇供水!98» as (sheet, row)."""
    places = set()
    for part in filter(None, text.split("；")):
        sheet, _, numbers = part.rpartition("!")
        for span in numbers.split():
            first, _, last = span.partition("-")
            places |= {(sheet, number) for number in range(int(first), int(last or first) + 1)}
    return places


@pytest.fixture
def senders(now: datetime) -> Source:
    """One organisation that delivers all items of the files."""
    bureau = Organization.objects.create(
        kind=OrganizationKind.DEPARTMENT, name="凤翔区各报送部门", region_code="610305", created_at=now
    )
    return services.set_source(actor=SYSTEM, organization=bureau, item_codes={item for item, _ in FILES}, now=now)


def _deliver(source: Source, item: str, name: str, now: datetime) -> Delivery:
    content = (DELIVERIES / name).read_bytes()
    delivery = services.receive_delivery(
        actor=SYSTEM, source=source, item_code=item, file_name=name, content=content, now=now
    )
    if delivery.job:
        job = run_now(delivery.job)
        assert job.state == JobState.DONE, job.error
    delivery.refresh_from_db()
    return delivery


def _counted(delivery: Delivery) -> tuple[Found, dict[str, Rows]]:
    counts = {kind: Counter({"": getattr(delivery, kind)}) for kind in KINDS.values()}
    for kind in WITH_REASONS:
        counts[kind] |= Counter(delivery.tallies.get(kind, {}))
    values = ("sheet", "row_number", "reason")
    return counts, {
        "rejected": set(delivery.rejected_rows.values_list(*values)),
        "held": set(delivery.held_rows.filter(state="open").values_list(*values)),
    }


@pytest.mark.django_db
def test_the_deliveries_of_the_district_come_to_the_counted_rows(senders: Source, now: datetime) -> None:
    assert len(FILES) == 25
    for item, name in FILES:
        delivery = _deliver(senders, item, name, now)
        if name in REPEATED:
            assert delivery.state == "repeated"
            continue
        counts, rows = _counted(delivery)
        expected_counts, expected_rows = _expected(name)
        assert {kind: +count for kind, count in counts.items()} == {k: +c for k, c in expected_counts.items()}, name
        assert rows == expected_rows, name
    paid = {code: PaymentRecord.objects.filter(item_code=code, superseded_at=None).count() for code in ("power", "gas")}
    assert paid == {"power": 9_501 + 426, "gas": 2_799}


@pytest.mark.django_db
def test_files_that_come_before_the_registration_wait_and_come_to_the_same_counts(
    senders: Source, now: datetime
) -> None:
    """What is sound but for its unknown subject is held; once 登记注册 is there, it goes on by itself."""
    early = [(item, name) for item, name in FILES if item in ("wage_arrears", "credit_repair", "real_estate")]
    deliveries = {name: _deliver(senders, item, name, now) for item, name in early}
    for name, delivery in deliveries.items():
        counts, _ = _expected(name)
        assert delivery.accepted == 0
        assert delivery.held == counts["accepted"][""] + counts["held"][""]
        assert (delivery.rejected, delivery.duplicate) == (counts["rejected"][""], counts["duplicate"][""])
    _deliver(senders, *FILES[0], now)
    for job in Job.objects.filter(kind=RETRY_HELD, state=JobState.QUEUED).order_by("pk"):
        assert jobs.run_now(job).state == JobState.DONE
    for name, delivery in deliveries.items():
        delivery.refresh_from_db()
        assert _counted(delivery) == _expected(name)
