import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Organization
from apps.consents import gate
from apps.consents.models import AccessRecord, Consent
from apps.core import audit
from apps.core.models import AuditEvent, Job, Outbox, StoredFile
from apps.loans.models import CreditLine, Drawdown
from apps.operations import invariants
from apps.operations.invariants import INVARIANTS
from apps.records.models import CatalogueItem, Delivery, HoldingRecord, PaymentRecord, RejectedRow, Source
from tests.consents.factories import give, reason
from tests.loans.factories import Loans, publish

pytestmark = pytest.mark.django_db

CHECK = {invariant.slug: invariant for invariant in INVARIANTS}
MONEY = ("over_limit", "line_balances", "loan_balances")


def breaks(slug, now):
    return list(CHECK[slug].breaks(now))


@pytest.fixture
def loan(cast, now):
    loans = Loans(cast, now, publish(cast.bank_officer, cast.bank_approver, now))
    line = loans.approve()
    drawdown = loans.post(line)
    loans.repay(drawdown, "50000", now.date())
    return drawdown


@pytest.fixture
def delivery(now):
    item = CatalogueItem.objects.get(code="registration")
    sender = Source.objects.create(
        organization=Organization.objects.create(kind="department", name="市场监督管理局", created_at=now)
    )
    stored = StoredFile.objects.create(sha256="a" * 64, size_bytes=1, name="a.csv", content_type="", created_at=now)
    return Delivery.objects.create(
        item=item,
        source=sender,
        file=stored,
        file_name="a.csv",
        received_at=now,
        received_from="报送员",
        state="applied",
        read=3,
        accepted=1,
        rejected=1,
        not_data=1,
    )


def fact(delivery, subject_id, now):
    return HoldingRecord.objects.create(
        subject_id=subject_id,
        item_code="registration",
        key_text="",
        delivery_id=delivery.pk,
        row_number=1,
        recorded_at=now,
    )


def test_a_real_loan_breaks_nothing(loan, now):
    assert {slug: breaks(slug, now) for slug in MONEY} == {slug: [] for slug in MONEY}


def test_more_lent_than_granted_is_found(loan, now):
    Drawdown.objects.filter(pk=loan.pk).update(amount_yuan=Decimal("600000.00"))
    [found] = breaks("over_limit", now)
    assert "超过额度500000.00元" in found
    assert len(breaks("loan_balances", now)) == 1


def test_a_line_that_forgot_a_drawdown_is_found(loan, now):
    CreditLine.objects.update(drawn_yuan=0)
    [found] = breaks("line_balances", now)
    assert "已用0.00元" in found
    assert breaks("over_limit", now) == []


def test_a_balance_that_is_not_what_was_repaid_is_found(loan, now):
    Drawdown.objects.filter(pk=loan.pk).update(principal_open_yuan=Decimal("1.00"))
    [found] = breaks("loan_balances", now)
    assert "余额1.00元" in found


def test_delivery_counts_are_compared_with_the_rows(delivery, cast, now):
    [found] = breaks("delivery_counts", now)
    assert "入库1，实有0" in found
    fact(delivery, cast.owner.actor.subject_id, now)
    RejectedRow.objects.create(delivery=delivery, row_number=2, reason="x", message="x", original_text="x")
    assert breaks("delivery_counts", now) == []


def test_an_unsealed_event_is_found_after_a_minute(cast, now):
    with transaction.atomic():
        event = audit.record(actor=cast.owner.actor, verb="accounts.log_in", target=cast.owner.user, now=now)
    before = breaks("audit_chain", now)
    AuditEvent.objects.create(
        **{f.attname: getattr(event, f.attname) for f in AuditEvent._meta.concrete_fields if not f.primary_key}
        | {"recorded_at": now - timedelta(seconds=61), "sequence": None, "previous_digest": "", "digest": ""}
    )
    assert breaks("audit_chain", now) != before


def read_once(cast, now):
    reason(cast.bank_officer, cast.owner, now=now)
    consent = give(cast.owner, now=now)
    gate.open(
        actor=cast.bank_officer.actor,
        subject_id=cast.owner.actor.subject_id,
        purpose="pre_loan_review",
        items=["tax_payment", "penalty"],
        now=now,
    )
    return consent


def test_a_reading_under_a_valid_consent_is_sound(cast, now):
    with transaction.atomic():
        read_once(cast, now)
    assert AccessRecord.objects.count() == 1
    assert breaks("accesses_with_consent", now) == []
    assert breaks("consent_uses", now) == []


def forged(consent, cast, **changes):
    values = {
        "at": consent.given_at,
        "actor_name": "客户经理",
        "organization_id": cast.bank_officer.organization.pk,
        "organization_name": "岐丰",
        "subject_id": consent.subject_id,
        "purpose": "pre_loan_review",
        "items": ["tax_payment"],
        "consent": consent,
    }
    return AccessRecord.objects.create(**values | changes)


@pytest.mark.parametrize(
    ("terms", "changes"),
    [
        ({"purposes": ["guarantee"]}, {}),
        ({"items": ["social_insurance"]}, {}),
        ({}, {"subject_id": "stranger"}),
        ({}, {"at": "later"}),
        ({}, {"at": "before"}),
    ],
    ids=["purpose", "items", "subject", "after its end", "before its beginning"],
)
def test_a_reading_beyond_its_consent_is_found(cast, now, terms, changes):
    consent = give(cast.owner, now=now, **terms)
    given = {
        "stranger": cast.stranger.actor.subject_id,
        "later": now + timedelta(days=5_000),
        "before": now - timedelta(days=2),
    }
    record = forged(consent, cast, **{name: given[value] for name, value in changes.items()})
    assert breaks("accesses_with_consent", now) == [
        f"第{record.pk}号查询记录：所依据的第{consent.pk}号授权在当时不成立"
    ]


def test_a_reading_after_withdrawal_or_by_another_bank_is_found(cast, now):
    consent = give(cast.owner, now=now, grantee=cast.bank_officer)
    forged(consent, cast, organization_id=cast.other_bank_officer.organization.pk)
    assert len(breaks("accesses_with_consent", now)) == 1
    Consent.objects.filter(pk=consent.pk).update(withdrawn_at=now, withdrawn_by_name="宏远负责人")
    forged(consent, cast, at=now + timedelta(seconds=1))
    assert len(breaks("accesses_with_consent", now)) == 2


def test_public_items_need_no_consent(cast, now):
    consent = give(cast.owner, now=now, items=["tax_payment"])
    forged(consent, cast, items=["tax_payment", "registration"])
    assert breaks("accesses_with_consent", now) == []


def test_a_use_that_was_not_counted_is_found(cast, now):
    consent = give(cast.owner, now=now, use_max=3)
    forged(consent, cast)
    [found] = breaks("consent_uses", now)
    assert "记载使用0次，查询记录1条" in found


def test_orphans_of_bulk_tables_are_found(delivery, cast, now):
    assert breaks("orphans", now) == []
    PaymentRecord.objects.create(
        subject_id=987_654_321,
        item_code="power",
        period_on=date(2026, 10, 1),
        period_end_on=date(2026, 10, 31),
        key_text="1",
        delivery_id=delivery.pk,
        row_number=1,
        recorded_at=now,
    )
    assert breaks("orphans", now) == ["records_paymentrecord.subject_id：1行指向不存在的subjects_subject"]


def test_a_message_and_a_lease_that_nobody_takes_are_found(now):
    Outbox.objects.create(task="x", args=[], created_at=now - timedelta(seconds=61))
    Outbox.objects.create(task="y", args=[], created_at=now - timedelta(seconds=59))
    Job.objects.create(kind="k", key="1", actor={}, created_at=now, lease_until=now - timedelta(minutes=6))
    Job.objects.create(kind="k", key="2", actor={}, created_at=now, lease_until=now - timedelta(minutes=4))
    assert len(breaks("outbox", now)) == 1
    assert len(breaks("leases", now)) == 1


def test_a_file_without_its_bytes_is_found(delivery, now):
    assert "a.csv" in breaks("files", now)[0]


def test_the_command_names_what_is_broken(delivery, now):
    out = io.StringIO()
    with pytest.raises(CommandError, match="约束不成立"):
        call_command("check_invariants", stdout=out)
    assert "✗ 每份报送的各项笔数相加等于读取数，并与实有行数一致：1 处" in out.getvalue()
    assert "✓ 大表中没有指向不存在对象的行" in out.getvalue()


def test_looking_changes_nothing(delivery, now):
    with CaptureQueriesContext(connection) as captured:
        results = invariants.check(now)
    assert len(results) == len(INVARIANTS)
    assert all(query["sql"].split(maxsplit=1)[0] in {"SELECT", "WITH", "DECLARE"} for query in captured)
