"""Records in the tables, written in the words of `records_in_words`, and the run that portrays them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import Organization
from apps.core import files
from apps.core.actor import SYSTEM, OrganizationKind
from apps.core.jobs import run_now
from apps.core.models import Job
from apps.profiles import services
from apps.records.models import CatalogueItem, Delivery, EventRecord, HoldingRecord, PaymentRecord, Source
from apps.subjects.models import Subject
from tests.profiles.records_in_words import ITEMS, inputs_of

_FEN = ("due", "paid", "arrears", "base", "amount", "value")
_EXTRA = {
    *("status", "status_on", "industry_code", "annual_report_year", "headcount"),
    *("revenue_fen", "assets_fen", "paid_in_capital_fen"),
    *("inventions", "utility_models", "designs", "penalty_no", "statistics_year"),
}


def some_subjects(count: int, *, now: datetime) -> list[Subject]:
    """Firms beside the cast; the order of their ids is that of the list."""
    return [
        Subject.objects.create(
            code=f"91610305MA{number:08}",
            name=f"测试企业{number}",
            name_key=f"测试企业{number}",
            kind="enterprise",
            status="active",
            region_code="610305",
            first_seen_at=now,
            updated_at=now,
        )
        for number in range(count)
    ]


def deliver(subject: Subject, words: str, *, at: datetime, items: set[str] | None = None) -> Delivery:
    """Put records of a subject in the tables, all items (or those named) counting as delivered at the instant."""
    delivery = _deliveries(items or set(ITEMS.values()), at)
    inputs = inputs_of(words, subject.pk)
    for table, frame in (
        (PaymentRecord, inputs.payments),
        (EventRecord, inputs.events),
        (HoldingRecord, inputs.holdings),
    ):
        rows = [_row(row) for row in frame.drop("id").iter_rows(named=True)]
        table.objects.bulk_create(
            [table(**row, delivery=delivery, row_number=number, recorded_at=at) for number, row in enumerate(rows, 1)]
        )
    return delivery


def _deliveries(items: set[str], at: datetime) -> Delivery:
    organization, _ = Organization.objects.get_or_create(
        kind=OrganizationKind.DEPARTMENT.value, name="凤翔区数据局", defaults={"created_at": at}
    )
    source, _ = Source.objects.get_or_create(organization=organization)
    stored = files.store(at.isoformat().encode(), name="报送.csv", content_type="text/csv", now=at)
    made = [
        Delivery.objects.create(
            item=item, source=source, file=stored, file_name="报送.csv", received_at=at, state="applied", applied_at=at
        )
        for item in CatalogueItem.objects.filter(code__in=items).order_by("code")
    ]
    return made[0]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in row.items():
        if name == "headcount" and "period_on" in row:
            table[name] = value
        elif name in _EXTRA:
            text = name.replace("_fen", "_yuan")
            exact = str(Decimal(value).scaleb(-2)) if name.endswith("_fen") and value is not None else value
            extra |= {} if value is None else {text: exact.isoformat() if isinstance(exact, date) else exact}
        elif name.removesuffix("_fen") in _FEN:
            table[name.replace("_fen", "_yuan")] = None if value is None else Decimal(value).scaleb(-2)
        elif name == "quantity_e4":
            table["quantity"] = None if value is None else Decimal(value).scaleb(-4)
        elif name == "planted_e4":
            extra |= {} if value is None else {"planted_mu": str(Decimal(value).scaleb(-4))}
        else:
            table[name] = ("" if name in ("authority", "class_text", "title") else None) if value is None else value
    return table | {"extra": extra}


def refresh(
    day: date, *, as_known: datetime, now: datetime, subject_ids: list[int] | None = None, whole: bool = False
) -> Job:
    """Run the night's job in this process."""
    job = services.refresh_profiles(
        actor=SYSTEM, business_date=day, as_known=as_known, now=now, subject_ids=subject_ids, whole=whole
    )
    job = run_now(job)
    assert job.error == ""
    return job
