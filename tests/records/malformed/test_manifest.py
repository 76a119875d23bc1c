"""D48 to D60."""

import hashlib
import threading
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from apps.core.actor import SYSTEM
from apps.core.digests import plain
from apps.core.errors import NotPermitted
from apps.core.jobs import run_now
from apps.core.models import JobState
from apps.core.texts import plain_line
from apps.records import services
from apps.records.manifest import Digest, Manifest, WrongManifest
from apps.records.models import Delivery, PaymentRecord, Source
from apps.reports import printing
from tests.records.conftest import Deliver
from tests.records.malformed.support import FIRST, GOOD, LONG, THIRD, counts, measured, reasons, row, text
from tests.records.support import REGISTRATION, registration
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
NASTY = [
    "<script>alert(1)</script>有限公司",
    "{{7*7}}{% debug %}有限公司",
    "'; DROP TABLE subjects; --",
    "../../etc/passwd",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/",
    '=HYPERLINK("http://example.invalid/")',
    "@SUM(A1)有限公司",
    "丙😀\u202e\u200b有限公司",
    "Cafe\u0301有限公司",
    "长" * 200,
]


def _receive(source: Source, content: bytes, now: datetime, name: str = "a.csv", **more: object) -> Delivery:
    return services.receive_delivery(
        actor=SYSTEM, source=source, item_code="social_insurance", file_name=name, content=content, now=now, **more
    )  # type: ignore[arg-type]


def test_the_same_bytes_again_change_nothing_whatever_their_name(
    deliver: Deliver, registered: Delivery, source: Source, now: datetime
) -> None:
    first = deliver(GOOD)
    again = _receive(source, GOOD.encode(), now + timedelta(days=1), "另一个名字.csv")
    assert (again.state, again.repeats) == ("repeated", first)
    assert counts(again) == (0, 0, 0, 0, 0, 0)
    assert PaymentRecord.objects.count() == 2


def test_the_same_rows_in_another_file_are_duplicates(deliver: Deliver, registered: Delivery) -> None:
    deliver(GOOD)
    assert counts(deliver(GOOD + "\n")) == (3, 1, 0, 0, 0, 2)


def test_another_content_of_a_period_corrects_it(deliver: Deliver, registered: Delivery, now: datetime) -> None:
    deliver(GOOD)
    later = deliver(text(row("202609", paid="1.00"), row("202610")), at=now + timedelta(days=1))
    assert (counts(later), later.corrected) == ((2, 0, 1, 0, 0, 1), 1)
    live = PaymentRecord.objects.get(period_on="2026-09-01", superseded_at=None)
    assert live.paid_yuan == Decimal("1.00")


def test_a_late_file_of_an_old_period_is_taken_with_its_time(
    deliver: Deliver, registered: Delivery, now: datetime
) -> None:
    deliver(GOOD)
    assert counts(deliver(text(row("202401")), at=now + timedelta(days=1))) == (1, 0, 1, 0, 0, 0)
    assert (
        PaymentRecord.objects.get(period_on="2024-01-01").recorded_at
        > PaymentRecord.objects.get(period_on="2026-10-01").recorded_at
    )


def test_a_gap_in_the_sequence_stops_nothing(
    deliver: Deliver, registered: Delivery, source: Source, now: datetime
) -> None:
    for sequence, content in ((1, text(row("202608"))), (4, text(row("202609"))), (2, text(row("202610")))):
        delivery = _receive(source, content.encode(), now, manifest=Manifest(sequence=sequence))
        assert delivery.job is not None
        assert run_now(delivery.job).state == JobState.DONE
        assert counts(delivery) == (1, 0, 1, 0, 0, 0)


def test_a_manifest_that_is_not_so_refuses_the_file(
    deliver: Deliver, registered: Delivery, source: Source, cast: Cast, now: datetime
) -> None:
    content = GOOD.encode()
    right = Digest("sha-256", hashlib.sha256(content).hexdigest())
    with pytest.raises(WrongManifest, match="摘要"):
        _receive(source, content + b"\n", now, manifest=Manifest(digest=right))
    assert Delivery.objects.exclude(pk=registered.pk).count() == 0
    wrong_count = _receive(source, content, now, manifest=Manifest(digest=right, declared_rows=3))
    assert wrong_count.job is not None
    run_now(wrong_count.job)
    wrong_count.refresh_from_db()
    assert (wrong_count.state, PaymentRecord.objects.count()) == ("refused", 0)
    with pytest.raises(NotPermitted):
        services.receive_delivery(
            actor=cast.authority.actor,
            source=source,
            item_code="social_insurance",
            file_name="a.csv",
            content=content,
            now=now,
        )


def test_what_two_senders_say_differently_is_kept_from_both_in_time(
    deliver: Deliver, registered: Delivery, now: datetime
) -> None:
    deliver(text(row("202609", paid="1.00")))
    deliver(text(row("202609", paid="2.00")), at=now + timedelta(days=1))
    told = PaymentRecord.objects.filter(period_on="2026-09-01").order_by("recorded_at")
    assert [(fact.paid_yuan, fact.superseded_at is None) for fact in told] == [
        (Decimal("1.00"), False),
        (Decimal("2.00"), True),
    ]


def test_a_row_about_nobody_known_waits(deliver: Deliver, registered: Delivery) -> None:
    delivery = deliver(text(row("202609").replace(FIRST, THIRD), row("202610")))
    assert counts(delivery) == (2, 0, 1, 0, 1, 0)
    assert delivery.held_rows.get().reason == "unknown_subject"


def test_duplicates_inside_a_file(deliver: Deliver, registered: Delivery) -> None:
    delivery = deliver(text(row("202608"), row("202608"), row("202609", paid="1"), row("202609", paid="2")))
    assert counts(delivery) == (4, 0, 1, 0, 2, 1)
    assert set(delivery.held_rows.values_list("reason", flat=True)) == {"conflict"}


@pytest.mark.parametrize(
    "bad", [pytest.param({3}, id="one"), pytest.param(set(range(2, 12)), id="all"), pytest.param({11}, id="last")]
)
def test_bad_rows_go_back_and_good_ones_stay(deliver: Deliver, registered: Delivery, bad: set[int]) -> None:
    rows = [row(f"2025{n - 1:02d}", paid="坏" if n in bad else "1") for n in range(2, 12)]
    delivery = deliver(text(*rows))
    assert counts(delivery) == (10, 0, 10 - len(bad), len(bad), 0, 0)
    assert reasons(delivery).keys() == bad
    assert PaymentRecord.objects.count() == 10 - len(bad)


def test_a_million_rows_are_judged_within_memory(tmp_path: Path) -> None:
    number = 1_000_000 if LONG else 20_000
    content = text(*(row(paid=f"{n}.00") for n in range(number))).encode("gb18030")
    assert measured(tmp_path, {"many.csv": content})["many.csv"]["read"] == number


@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_one_period_at_once_leave_one_winner(
    deliver: Deliver, registered: Delivery, source: Source, now: datetime
) -> None:
    contents = [text(row("202609", paid=paid)).encode() for paid in ("1.00", "2.00")]
    start, faults = threading.Barrier(2), []

    def hand_in(content: bytes) -> None:
        try:
            start.wait()
            delivery = _receive(source, content, now)
            assert delivery.job is not None
            run_now(delivery.job)
        except Exception as error:  # noqa: BLE001 - told by the main thread
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hand_in, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    for delivery in Delivery.objects.filter(item__code="social_insurance").order_by("pk"):
        if delivery.state == "received" and delivery.job:
            run_now(delivery.job)
        assert counts(delivery) == (1, 0, 1, 0, 0, 0)
    told = PaymentRecord.objects.filter(period_on="2026-09-01").order_by("recorded_at", "id")
    assert len(told) == 2
    assert [fact.superseded_at is None for fact in told].count(True) == 1


@pytest.mark.parametrize("name", NASTY)
def test_a_value_that_is_legal_breaks_nothing_later(
    deliver: Deliver, client_for: Callable[[str], Client], name: str, now: datetime
) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    deliver("\n".join([REGISTRATION, registration(FIRST, quoted), ""]), "registration")
    rows = [
        row("202609", name=quoted),
        row("202610", name=quoted, paid=quoted),
        row("202608", name=quoted, remark=quoted),
    ]
    delivery = deliver(text(*rows))
    assert counts(delivery) == (3, 0, 2, 1, 0, 0)
    client = client_for("department")
    pages = [
        reverse("records:delivery_list"),
        reverse("records:delivery_detail", args=[delivery.pk]),
        reverse("records:rejected_row_list", args=[delivery.pk]),
        f"/api/v1/deliveries/{delivery.pk}/",
        f"/api/v1/deliveries/{delivery.pk}/rejected-rows/",
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        body = answer.content.decode()
        assert "<script>alert(1)" not in body or "json" in answer["Content-Type"]
        assert "49有限公司" not in body
    book = client.get(reverse("records:rejected_row_download", args=[delivery.pk])).content
    cells = CalamineWorkbook.from_filelike(BytesIO(book)).get_sheet_by_index(0).to_python()
    assert any(name[:5] in str(cell) for cell in cells[1])
    with zipfile.ZipFile(BytesIO(book)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_a_report_about_a_firm_of_such_a_name_prints() -> None:
    """Nothing is fetched: the renderer's fetcher refuses every address, and the harness every connection."""
    from apps.reports.documents.credit_report import build
    from tests.reports import factories

    for name in NASTY:
        material = factories.material(subject=factories.subject(plain_line(name)))
        content = plain(asdict(build(factories.basis(), material)))
        assert printing.print_report(content).content.startswith(b"%PDF")
        if not LONG:
            break
