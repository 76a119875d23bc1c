"""The real intake over the seven deliveries of the district, against counts made by an independent hand count."""

import csv
from collections import Counter
from datetime import datetime

import pytest

from apps.accounts.models import Organization
from apps.core.actor import SYSTEM, OrganizationKind
from apps.core.jobs import run_now
from apps.core.models import JobState
from apps.records import services
from apps.records.models import Delivery, PaymentRecord
from apps.records.services.intake import counts_of
from tests.records.support import CASES, DELIVERIES

KINDS = {
    "读取": "read",
    "非数据": "not_data",
    "入库": "accepted",
    "退回": "rejected",
    "待处理": "held",
    "重复": "duplicate",
}
with (CASES / "intake_samples.csv").open(newline="") as _file:
    CASE_ROWS = list(csv.DictReader(_file))
FILES = list(dict.fromkeys((row["信息项"], row["文件"]) for row in CASE_ROWS))


def _expected(item: str) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for row in CASE_ROWS:
        if row["信息项"] == item:
            counts.setdefault(KINDS[row["去向"]], Counter())[row["原因代码"]] += int(row["行数"])
    return counts


@pytest.mark.django_db
def test_the_deliveries_of_the_district_come_to_the_counted_rows(now: datetime) -> None:
    bureau = Organization.objects.create(
        kind=OrganizationKind.DEPARTMENT, name="凤翔区各报送部门", region_code="610305", created_at=now
    )
    source = services.set_source(actor=SYSTEM, organization=bureau, item_codes=[item for item, _ in FILES], now=now)
    for item, name in FILES:
        content = (DELIVERIES / name).read_bytes()
        delivery = services.receive_delivery(
            actor=SYSTEM, source=source, item_code=item, file_name=name, content=content, now=now
        )
        assert delivery.job is not None
        assert run_now(delivery.job).state == JobState.DONE
        _assert_counts(delivery, _expected(item))
    sums = {"tax_payment": 12_557, "social_insurance": 5_775, "power": 9_501}
    assert {code: PaymentRecord.objects.filter(item_code=code).count() for code in sums} == sums


def _assert_counts(delivery: Delivery, expected: dict[str, Counter[str]]) -> None:
    counts = counts_of(delivery)
    assert {kind: counts[kind] for kind in KINDS.values()} == {kind: expected[kind][""] for kind in KINDS.values()}
    for kind in ("not_data", "rejected", "held", "duplicate"):
        reasons = {reason: count for reason, count in expected[kind].items() if reason and count}
        assert Counter(delivery.tallies[kind]) == Counter(reasons), kind
    assert delivery.rejected_rows.count() == counts["rejected"]
    assert delivery.held_rows.count() == counts["held"]
