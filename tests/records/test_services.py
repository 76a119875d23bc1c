from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.jobs import LeaseLost, claim, run_now
from apps.core.models import AuditEvent, Job, StoredFile
from apps.records import services
from apps.records.models import Delivery, EventRecord, HeldRow, HoldingRecord, PaymentRecord, Source
from apps.records.services import chunks
from apps.records.services.judging import chunk_rows
from apps.subjects.models import Subject
from tests.records.conftest import Deliver
from tests.records.support import CODES, payment, registration_file, social_insurance
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = CODES


def _counts(delivery: Delivery) -> tuple[int, int, int, int, int, int]:
    delivery.refresh_from_db()
    return (
        delivery.read,
        delivery.not_data,
        delivery.accepted,
        delivery.rejected,
        delivery.held,
        delivery.duplicate,
    )


def _live() -> dict[str, tuple[str, Decimal | None]]:
    rows = PaymentRecord.objects.filter(superseded_at=None).order_by("period_on", "subject_id")
    return {row.period_on.isoformat(): (Subject.objects.get(pk=row.subject_id).code, row.paid_yuan) for row in rows}


def test_registration_creates_subjects_and_nothing_else_does(deliver: Deliver, registered: Delivery) -> None:
    assert _counts(registered) == (2, 0, 2, 0, 0, 0)
    subject = Subject.objects.get(code=FIRST)
    assert (subject.name, subject.kind, subject.status) == ("甲有限公司", "enterprise", "active")
    assert (subject.region_code, subject.industry_code, subject.legal_representative) == ("610305", "F5127", "甲某")
    holding = HoldingRecord.objects.get(subject_id=subject.pk)
    assert holding.value_yuan == Decimal("2000000.00")
    assert holding.extra["revenue_yuan"] == "2590000.00"
    assert holding.extra["headcount"] == 6
    delivery = deliver(social_insurance(payment(), code=THIRD))
    assert _counts(delivery) == (1, 0, 0, 0, 1, 0)
    assert not Subject.objects.filter(code=THIRD).exists()


def test_rows_become_typed_facts(deliver: Deliver, registered: Delivery) -> None:
    delivery = deliver(social_insurance(payment("202602"), payment("202603", remark="补缴"), code=FIRST))
    assert _counts(delivery) == (2, 0, 2, 0, 0, 0)
    row = PaymentRecord.objects.get(period_on="2026-03-01")
    assert (row.item_code, row.key_text, str(row.period_end_on)) == ("social_insurance", "", "2026-03-31")
    assert (row.due_yuan, row.base_yuan, row.headcount) == (Decimal("2675.06"), Decimal("7124.00"), 1)
    assert (row.extra, row.row_number, row.delivery_id) == ({"remark": "补缴"}, 3, delivery.pk)


def test_the_same_file_again_says_so_and_changes_nothing(deliver: Deliver, registered: Delivery, now: datetime) -> None:
    content = social_insurance(payment("202609"), payment("202610"), code=FIRST)
    first = deliver(content)
    again = deliver(content, at=now + timedelta(days=1))
    assert (again.state, again.repeats, again.job) == ("repeated", first, None)
    assert _counts(again) == (0, 0, 0, 0, 0, 0)
    assert (PaymentRecord.objects.count(), StoredFile.objects.filter(name="social_insurance.csv").count()) == (2, 1)
    assert AuditEvent.objects.filter(verb="records.repeat", target_id=str(again.pk)).count() == 1


def test_a_row_stored_already_is_a_duplicate(deliver: Deliver, registered: Delivery) -> None:
    deliver(social_insurance(payment("202609"), code=FIRST))
    delivery = deliver(social_insurance(payment("202609"), payment("202610"), code=FIRST))
    assert _counts(delivery) == (2, 0, 1, 0, 0, 1)
    assert delivery.tallies["duplicate"] == {"stored": 1}


def test_another_value_under_a_stored_key_closes_the_old_row(
    deliver: Deliver, registered: Delivery, now: datetime
) -> None:
    deliver(social_insurance(payment("202609", paid="1.00"), payment("202610"), code=FIRST))
    delivery = deliver(social_insurance(payment("202609", paid="2.00"), code=FIRST))
    assert (_counts(delivery), delivery.corrected) == ((1, 0, 1, 0, 0, 0), 1)
    rows = PaymentRecord.objects.filter(period_on="2026-09-01").order_by("recorded_at", "id")
    assert [(row.paid_yuan, row.superseded_at is None) for row in rows] == [
        (Decimal("1.00"), False),
        (Decimal("2.00"), True),
    ]
    assert rows[0].superseded_at == rows[1].recorded_at


def test_events_are_told_apart_by_their_document_number(deliver: Deliver, registered: Delivery) -> None:
    header = (
        "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_FRDB,CF_WSH,CF_WFXW,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_NR_WFFF,"
        "CF_NR_ZKDX,CF_JDRQ,CF_YXQ,CF_GSJZQ,CF_CFJG,CF_CFJGDM,CF_SJLY,BZ"
    )
    row = "甲有限公司,法人及非法人组织,{},甲某,{},超限运输,事实,依据,警告;罚款,罚款5万元,5.00,,,"
    row += "2026/07/09,,2029/07/09,交通局,,,"
    content = "\n".join([header, row.format(FIRST, "1号"), row.format(FIRST, "2号"), ""])
    assert _counts(deliver(content, "penalty")) == (2, 0, 2, 0, 0, 0)
    event = EventRecord.objects.get(key_text="2号")
    assert (event.class_text, event.title, event.amount_yuan) == ("警告;罚款", "超限运输", Decimal("50000.00"))
    assert (str(event.occurred_on), str(event.valid_to_on), event.repaired_on) == ("2026-07-09", "2029-07-09", None)


def test_rows_of_an_unknown_code_wait_for_their_registration(
    deliver: Deliver, registered: Delivery, now: datetime
) -> None:
    rows = [payment("202609"), payment("202610", code=FIRST, paid="3.00")]
    delivery = deliver(social_insurance(*rows, code=THIRD))
    assert _counts(delivery) == (2, 0, 1, 0, 1, 0)
    deliver(registration_file("甲有限公司", "乙有限公司", "丙有限公司"), "registration", at=now + timedelta(days=1))
    retry = Job.objects.get(kind="records.retry_held", state="queued", key=str(Delivery.objects.latest("pk").pk))
    assert (run_now(retry).error, retry.result) == ("", {"accepted": 1})
    assert _counts(delivery) == (2, 0, 2, 0, 0, 0)
    assert delivery.tallies["held"] == {}
    assert HeldRow.objects.get().state == "applied"
    assert _live() == {"2026-09-01": (THIRD, Decimal("2675.06")), "2026-10-01": (FIRST, Decimal("3.00"))}
    again = Job.objects.create(
        kind=retry.kind, key="again", payload=retry.payload, actor=SYSTEM.as_json(), created_at=now
    )
    assert run_now(again).result == {}


def test_a_held_row_that_came_again_meanwhile_is_a_duplicate(deliver: Deliver, registered: Delivery) -> None:
    first = deliver(social_insurance(payment("202609"), code=THIRD))
    second = deliver(social_insurance(payment("202609"), payment("202610"), code=THIRD))
    deliver(registration_file("甲有限公司", "乙有限公司", "丙有限公司"), "registration")
    run_now(Job.objects.filter(kind="records.retry_held", state="queued").latest("pk"))
    assert _counts(first) == (1, 0, 1, 0, 0, 0)
    assert _counts(second) == (2, 0, 1, 0, 0, 1)


def test_a_new_code_for_a_stored_firm_is_held(deliver: Deliver, registered: Delivery) -> None:
    rows = registration_file("甲有限公司", "乙有限公司").splitlines()
    moved = rows[1].replace(FIRST, THIRD)
    delivery = deliver("\n".join([rows[0], moved, ""]), "registration")
    assert _counts(delivery) == (1, 0, 0, 0, 1, 0)
    assert HeldRow.objects.get().reason == "one_subject_many_codes"


def test_a_new_name_is_kept_with_the_old_one(deliver: Deliver, registered: Delivery) -> None:
    deliver(registration_file("甲股份有限公司", "乙有限公司"), "registration")
    subject = Subject.objects.get(code=FIRST)
    assert subject.name == "甲股份有限公司"
    assert list(subject.names.order_by("pk").values_list("name", flat=True)) == ["甲有限公司", "甲股份有限公司"]


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("甲有限公司", None),
        ("甲 有限公司", "text_form"),
        ("=甲有限公司", "formula_like"),
        ("?有限公司", "lost_character"),
        ("丁有限公司", "name_differs"),
        ("甲有限\x1e公司", "control_removed"),
    ],
)
def test_a_name_that_differs_is_accepted_and_said(
    deliver: Deliver, registered: Delivery, name: str, remark: str | None
) -> None:
    delivery = deliver(social_insurance(payment(name=name), code=FIRST))
    remarks = delivery.tallies["normalised"] | delivery.tallies["warned"]
    assert delivery.accepted == 1
    assert remarks == ({f"单位名称:{remark}": 1} if remark else {})
    assert delivery.normalised + delivery.warned == (1 if remark else 0)


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(deliver: Deliver) -> None:
    delivery = deliver("姓名,年龄\n甲,3\n")
    assert delivery.state == "refused"
    assert "找不到“社会保险缴费明细”的表头" in delivery.refusal
    assert _counts(delivery) == (0, 0, 0, 0, 0, 0)
    assert deliver("姓名,年龄\n甲,3\n").state == "refused"


def test_nothing_but_the_own_items_of_a_source_is_taken(source: Source, cast: Cast, now: datetime) -> None:
    def receive(**changes: object) -> Delivery:
        values = {
            "actor": cast.department.actor,
            "source": source,
            "item_code": "social_insurance",
            "file_name": "a.csv",
            "content": b"x",
            "now": now,
        }
        return services.receive_delivery(**(values | changes))  # type: ignore[arg-type]

    with pytest.raises(NotPermitted):
        receive(actor=cast.authority.actor)
    with pytest.raises(services.DeliveryRefused, match="不报送这一信息项"):
        receive(item_code="tax_payment")
    with pytest.raises(services.DeliveryRefused, match="文件是空的"):
        receive(content=b"")
    assert receive(file_name="..\\..\\x/报送.csv").file_name == "报送.csv"


def test_sources_are_set_by_the_platform_only(cast: Cast, now: datetime) -> None:
    def set_source(actor: object, organization: object, items: list[str]) -> None:
        services.set_source(actor=actor, organization=organization, item_codes=items, now=now)  # type: ignore[arg-type]

    with pytest.raises(NotPermitted):
        set_source(cast.department.actor, cast.department.organization, ["power"])
    with pytest.raises(InvalidInput, match="没有这些信息项：colour"):
        set_source(cast.operator.actor, cast.department.organization, ["colour"])
    with pytest.raises(InvalidInput, match="只有数据报送部门"):
        set_source(cast.operator.actor, cast.bank_officer.organization, ["power"])
    set_source(cast.operator.actor, cast.department.organization, ["power"])
    assert AuditEvent.objects.filter(verb="records.set_source").count() == 1


def test_a_worker_that_lost_its_lease_writes_nothing(
    source: Source, registered: Delivery, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = social_insurance(payment("202609"), payment("202610"), code=FIRST).encode()
    delivery = services.receive_delivery(
        actor=SYSTEM, source=source, item_code="social_insurance", file_name="a.csv", content=content, now=now
    )
    assert delivery.job is not None
    lease = claim(delivery.job.pk)
    assert lease is not None
    original = chunks.Writer.apply

    def lose_it_meanwhile(writer: chunks.Writer, rows: pl.DataFrame) -> chunks.Outcome:
        Job.objects.filter(pk=lease.job_id).update(lease_token=lease.token + 1)
        return original(writer, rows)

    monkeypatch.setattr(chunks.Writer, "apply", lose_it_meanwhile)
    with pytest.raises(LeaseLost):
        services.apply_delivery(delivery_id=delivery.pk, lease=lease, now=now)
    monkeypatch.undo()
    Job.objects.filter(pk=lease.job_id).update(state="queued")
    run_now(delivery.job)
    assert _counts(delivery) == (2, 0, 2, 0, 0, 0)
    assert PaymentRecord.objects.count() == 2


def test_load_catalogue_again_changes_nothing(now: datetime) -> None:
    from tests.records.support import CATALOGUE

    assert services.load_catalogue(actor=SYSTEM, path=CATALOGUE, now=now) == 0


def test_load_catalogue_leaves_alone_what_was_changed_here(now: datetime) -> None:
    from apps.records.models import CatalogueItem
    from tests.records.support import CATALOGUE

    CatalogueItem.objects.filter(code="power").update(owner="某配电公司", edited_at=now)
    CatalogueItem.objects.filter(code="water").update(owner="某水厂")
    assert services.load_catalogue(actor=SYSTEM, path=CATALOGUE, now=now) == 1
    assert CatalogueItem.objects.get(code="power").owner == "某配电公司"
    assert CatalogueItem.objects.get(code="water").owner == "自来水公司"


def test_a_payment_outside_the_made_years_gets_its_own_partition(deliver: Deliver, registered: Delivery) -> None:
    from django.db import connection

    deliver(social_insurance(payment("201905"), code=FIRST))
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM records_paymentrecord")
        assert cursor.fetchall() == [("records_paymentrecord_2019",)]


@pytest.mark.parametrize(
    ("rows", "size"), [(0, 2_000), (12_557, 2_000), (100_000, 5_000), (1_000_000, 50_000), (10_000_000, 50_000)]
)
def test_chunks_grow_with_the_delivery_up_to_a_limit(rows: int, size: int) -> None:
    assert chunk_rows(rows) == size
