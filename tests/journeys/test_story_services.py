"""What `manage.py demo` tells, in this process: every step over the full sample files, each job done at once.

The counts are those of tests/cases/demo_story.csv; the demonstration itself must report the same ones.
"""

import csv
from datetime import date, datetime

import pytest
from django.conf import settings
from django.test import Client

from apps.demo.people import SAMPLE_ACCOUNTS
from apps.demo.report import Step
from apps.demo.story import STEPS
from apps.demo.supervisor import Supervisor
from tests.journeys.stage import AtOnce
from tests.journeys.worker import seal_and_verify

pytestmark = pytest.mark.django_db

CASES = settings.BASE_DIR / "tests" / "cases"
# Differ from run to run: a random number, and a PDF that prints it.


@pytest.fixture
def told(now: datetime, tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """Every step of the story."""
    stage = AtOnce(Supervisor(tmp_path_factory.mktemp("stage")), lambda text: None)
    return [act(stage) for act in STEPS]


def test_the_demonstration_comes_to_the_expected_counts(told: list[Step], business_date: date) -> None:
    counts = {(step.name, label): str(value) for step in told for label, value in step.counts.items()}
    with (CASES / "demo_story.csv").open(encoding="utf-8", newline="") as file:
        expected = {(row["步骤"], row["项目"]): row["数值"] for row in csv.DictReader(file)}
    assert counts == expected
    lines = {line for step in told for line in step.lines}
    assert set(_counted_by_hand()) <= lines
    _every_link_leads_somewhere(told)
    assert seal_and_verify() > 1_000


def _counted_by_hand() -> list[str]:
    """The lines of the deliveries whose rows were counted independently."""
    with (CASES / "intake_samples.csv").open(encoding="utf-8", newline="") as file:
        totals: dict[str, dict[str, str]] = {}
        for row in csv.DictReader(file):
            if not row["原因代码"]:
                totals.setdefault(row["文件"].partition("/")[2], {})[row["去向"]] = row["行数"]
    return [
        f"{name}：读取 {n['读取']} = 非数据 {n['非数据']} + 入库 {n['入库']} + 退回 {n['退回']}"
        f" + 待处理 {n['待处理']} + 重复 {n['重复']}"
        for name, n in totals.items()
        if "读取" in n
    ]


def _every_link_leads_somewhere(told: list[Step]) -> None:
    """One of the sample accounts can open each address that the report prints."""
    people = [Client() for _ in SAMPLE_ACCOUNTS]
    for account, person in zip(SAMPLE_ACCOUNTS, people, strict=True):
        assert person.post(f"/demo/log-in/{account.key}/").status_code == 302, account
    links = {address: label for step in told for label, address in step.links.items()}
    for address, label in links.items():
        assert any(person.get(address).status_code == 200 for person in people), f"{label} {address}"
