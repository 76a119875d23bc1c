"""What the database itself refuses, even to the owner of the tables."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from apps.consents import gate
from apps.consents.models import AccessReason, AccessRecord, Consent
from apps.consents.rules import Purpose
from tests.consents.factories import give, reason


@pytest.fixture
def record(cast, now) -> AccessRecord:
    """One reading of the owner's firm by the bank."""
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now)
    with transaction.atomic():
        permit = gate.open(
            actor=cast.bank_officer.actor,
            subject_id=cast.owner.actor.subject_id,
            purpose=Purpose.REPORT,
            items=["tax_payment"],
            now=now,
        )
    return AccessRecord.objects.get(pk=permit.access_record_id)


def _refused(statement: str, role: str) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"SET LOCAL ROLE {role}")
            cursor.execute(statement)
    except (IntegrityError, ProgrammingError) as error:
        return str(error)
    return "carried out"


@pytest.mark.parametrize("table", ["consents_accessrecord", "consents_consent"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_evidence_is_not_removed_by_anybody(record, table, act):
    statement = act.format(table)
    assert "refused" in _refused(statement, "xq_owner")
    for role in ("xq_app", "xq_batch"):
        assert "permission denied" in _refused(statement, role)


def test_access_record_is_not_changed_by_anybody(record):
    statement = "UPDATE consents_accessrecord SET actor_name = '别人'"
    assert "append-only" in _refused(statement, "xq_owner")
    assert "permission denied" in _refused(statement, "xq_app")


@pytest.mark.parametrize(
    "change",
    [
        "items = '[\"power\"]'",
        "valid_to_on = valid_to_on + 1",
        "text = text || '。'",
        "signer_name = '别人'",
    ],
)
def test_signed_terms_do_not_change(record, change):
    assert "signed consent" in _refused(f"UPDATE consents_consent SET {change}", "xq_owner")


def test_withdrawal_is_not_taken_back(cast, record, now):
    Consent.objects.update(withdrawn_at=now, withdrawn_by_name="宏远负责人")
    statement = "UPDATE consents_consent SET withdrawn_at = NULL, withdrawn_by_name = ''"
    assert "signed consent" in _refused(statement, "xq_owner")


def test_use_count_only_goes_up_and_not_beyond_its_limit(cast, now):
    consent = give(cast.owner, now=now, use_max=2)
    Consent.objects.filter(pk=consent.pk).update(use_count=2)
    assert "signed consent" in _refused("UPDATE consents_consent SET use_count = 1", "xq_app")
    assert "consent_not_over_used" in _refused("UPDATE consents_consent SET use_count = 3", "xq_app")


def test_one_reason_of_a_kind_and_reference_is_open_at_a_time(cast, now):
    first = reason(cast.bank_officer, cast.owner, now=now)
    with pytest.raises(IntegrityError, match="accessreason_one_open"), transaction.atomic():
        AccessReason.objects.create(
            organization=first.organization, subject=first.subject, kind=first.kind, ref=first.ref, opened_at=now
        )
