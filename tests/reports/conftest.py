"""宏远制造 with a portrait, records and deliveries, so that a report can be asked for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.core.files import store
from apps.core.jobs import run_now
from apps.profiles.models import Profile, Scorecard
from apps.records.models import CatalogueItem, Delivery, EventRecord, HoldingRecord, PaymentRecord, Source
from apps.reports import services
from apps.reports.models import ReportRequest
from tests.consents.factories import give, reason
from tests.support.cast import Cast, Person


@dataclass
class Desk:
    """The cast with one firm ready to be reported on."""

    cast: Cast
    now: datetime

    def consent(self) -> Any:
        """The owner lets the bank read, and the bank has a match to look for."""
        reason(self.cast.bank_officer, self.cast.owner, now=self.now)
        return give(self.cast.owner, now=self.now, grantee=self.cast.bank_officer)

    def ask(self, person: Person, purpose: str = "") -> ReportRequest:
        """A report on 宏远制造."""
        own = person.actor.subject_id is not None
        return services.request_report(
            actor=person.actor,
            subject_id=self.subject_id,
            purpose=purpose or (services.OWN_PURPOSE if own else "pre_loan_review"),
            now=self.now,
        )

    def issue(self, person: Person) -> ReportRequest:
        """Asked for and printed."""
        report = self.ask(person)
        assert report.job is not None
        job = run_now(report.job)
        assert job.state == "done", job.error
        report.refresh_from_db()
        return report

    @property
    def subject_id(self) -> int:
        """宏远制造."""
        assert self.cast.owner.actor.subject_id is not None
        return self.cast.owner.actor.subject_id


@pytest.fixture
def desk(cast: Cast, now: datetime) -> Desk:
    """See `Desk`."""
    subject = cast.owner.organization.subject
    assert subject is not None
    _deliver(cast, now)
    _record(subject.pk, now)
    card = Scorecard.objects.get(version="FCS-1")
    lines = [line for dimension in card.data["dimensions"] for line in dimension["lines"]]
    Profile.objects.create(
        subject=subject,
        as_of_on=date(2026, 11, 15),
        as_known_at=now,
        computed_at=now,
        code=subject.code,
        name=subject.name,
        kind=subject.kind,
        region_code=subject.region_code,
        industry_code=subject.industry_code,
        industry_section="C",
        size_class="small",
        has_block_whitelist=False,
        has_block_application=False,
        coverage_pct=Decimal("81.00"),
        score=862,
        grade="AA",
        points={line["slug"]: line["max_points"] * 100 for line in lines if line.get("indicator")},
        reasons=[{"slug": lines[0]["slug"], "lost": 700, "records": []}],
        scorecard_version="FCS-1",
        indicator_version="2026.11",
        data_as_of_on=date(2026, 10, 31),
    )
    return Desk(cast, now)


def _deliver(cast: Cast, now: datetime) -> None:
    source = Source.objects.create(organization=cast.department.organization)
    file = store(b"delivery", name="x.csv", content_type="text/csv", now=now)
    codes = ["registration", "penalty", "tax_grade", "tax_payment", "dishonest_debtor", "credit_repair"]
    for item in CatalogueItem.objects.filter(code__in=codes).order_by("pk"):
        Delivery.objects.create(
            item=item, source=source, file=file, file_name="x.csv", received_at=now, state="applied", applied_at=now
        )


def _record(subject_id: int, now: datetime) -> None:
    known: dict[str, Any] = {"subject_id": subject_id, "delivery_id": 1, "recorded_at": now - timedelta(days=1)}
    HoldingRecord.objects.create(
        item_code="registration",
        key_text="",
        value_yuan=Decimal("5000000.00"),
        extra={"annual_report_year": 2025},
        row_number=1,
        **known,
    )
    PaymentRecord.objects.create(
        item_code="tax_payment",
        period_on=date(2026, 10, 1),
        period_end_on=date(2026, 10, 31),
        key_text="增值税",
        due_yuan=Decimal("1200.00"),
        paid_yuan=Decimal("1200.00"),
        base_yuan=Decimal("40000.00"),
        row_number=2,
        **known,
    )
    for row, (number, valid_to_on, repaired_on) in enumerate(
        (
            ("凤罚〔2026〕1号", date(2027, 5, 1), None),
            ("凤罚〔2025〕2号", date(2026, 11, 14), None),
            ("凤罚〔2026〕3号", date(2027, 5, 1), date(2026, 10, 1)),
            ("凤罚〔2026〕4号", date(2027, 5, 1), None),
        )
    ):
        EventRecord.objects.create(
            item_code="penalty",
            key_text=number,
            occurred_on=date(2026, 5, 2),
            authority="凤翔区市场监督管理局",
            class_text="警告",
            title="未明码标价",
            valid_to_on=valid_to_on,
            repaired_on=repaired_on,
            row_number=10 + row,
            **known,
        )
    EventRecord.objects.create(
        item_code="credit_repair",
        key_text="修复1",
        extra={"penalty_no": "凤罚〔2026〕4号"},
        class_text="准予修复",
        occurred_on=date(2026, 11, 1),
        authority="凤翔区市场监督管理局",
        row_number=20,
        **known,
    )
