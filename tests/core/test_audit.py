"""The trail: recorded with the act, sealed within seconds, unchangeable, and broken visibly when it is changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from apps.core import audit
from apps.core.actor import SYSTEM
from apps.core.models import AuditEvent

audit.register("trial", {"act": "试验：{target}"})


@contextmanager
def role(name: str) -> Iterator[None]:
    """Act as another database role until the block ends; a superuser's triggers rest."""
    with connection.cursor() as cursor:
        if name == "superuser":
            cursor.execute("RESET ROLE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute(f"SET LOCAL ROLE {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if name == "superuser":
                cursor.execute("SET LOCAL session_replication_role = origin")
            cursor.execute("SET LOCAL ROLE xq_app")


def event(now: datetime, label: str = "甲", **values: object) -> AuditEvent:
    """One event, in a transaction as a service has it."""
    with transaction.atomic():
        return audit.record(actor=SYSTEM, verb="trial.act", target=audit.Target("trial", "1", label), now=now, **values)


def seal() -> int:
    """Seal as the worker does."""
    with role("xq_batch"):
        return audit.seal()


def verify() -> audit.Verification:
    """Walk the chains now."""
    newest = AuditEvent.objects.order_by("-recorded_at").values_list("recorded_at", flat=True).first()
    return audit.verify(machine_now=newest)


def break_by_sql(statement: str) -> None:
    """What somebody with the rights of the server could do."""
    with role("superuser"), connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, by: str) -> str:
    """What the database says to a statement of a role."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {by}")
            cursor.execute(statement)
    except (IntegrityError, ProgrammingError) as error:
        return str(error)
    return "carried out"


@pytest.fixture
def trail(db: None) -> None:
    """An empty trail: loading the reference tables left events."""
    break_by_sql("DELETE FROM core_auditevent")


@pytest.fixture
def chain(trail: None, now: datetime) -> list[AuditEvent]:
    """Three sealed events."""
    events = [event(now, label, after={"数": number}) for number, label in enumerate("甲乙丙")]
    assert seal() == 3
    return list(AuditEvent.objects.filter(pk__in=[e.pk for e in events]).order_by("sequence"))


def test_seal_gives_each_stream_its_own_unbroken_chain(chain, now):
    assert [e.sequence for e in chain] == [1, 2, 3]
    assert [e.previous_digest for e in chain] == ["0" * 64, chain[0].digest, chain[1].digest]
    assert seal() == 0
    event(now, "丁")
    assert seal() == 1
    found = verify()
    assert found.is_whole
    assert (found.streams, found.events) == (1, 4)


@pytest.mark.parametrize(
    ("change", "sequence", "reason"),
    [
        ("UPDATE core_auditevent SET actor_name = actor_name || ' ' WHERE sequence = 2", 2, "hash"),
        ("UPDATE core_auditevent SET after = '{\"数\": 9}' WHERE sequence = 3", 3, "hash"),
        ("UPDATE core_auditevent SET at = at + interval '1 microsecond' WHERE sequence = 1", 1, "hash"),
        ("UPDATE core_auditevent SET previous_digest = repeat('f', 64) WHERE sequence = 2", 2, "prev_hash"),
        ("DELETE FROM core_auditevent WHERE sequence = 2", 3, "sequence"),
    ],
)
def test_verify_names_the_first_broken_row(chain, change, sequence, reason):
    assert verify().is_whole
    break_by_sql(change)
    fault = verify().broken["trial"]
    assert (fault.sequence, fault.reason) == (sequence, reason)


def test_verify_audit_command_says_whether_the_chain_holds(chain, monkeypatch):
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "审计链完整" in out.getvalue()
    break_by_sql("UPDATE core_auditevent SET reason = 'x' WHERE sequence = 2")
    with pytest.raises(CommandError):
        call_command("verify_audit", stdout=out)
    assert "第2条记录的内容与其摘要不符" in out.getvalue()


def test_verify_counts_an_event_that_waits_over_a_minute_for_its_seal(trail, now):
    waiting = event(now)
    limit = waiting.recorded_at + timedelta(seconds=60)
    assert audit.verify(machine_now=limit).overdue == 0
    late = audit.verify(machine_now=limit + timedelta(microseconds=1))
    assert late.overdue == 1
    assert not late.is_whole


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditevent SET reason = 'x'",
        "UPDATE core_auditevent SET digest = repeat('0', 64)",
        "DELETE FROM core_auditevent",
        "TRUNCATE core_auditevent",
    ],
)
def test_trail_is_append_only_even_for_the_owner_of_the_table(chain, statement):
    assert "append-only" in refused(statement, "xq_owner")
    assert "permission denied" in refused(statement, "xq_app")


def test_only_the_worker_seals_and_only_once(trail, now):
    event(now)
    statement = "UPDATE core_auditevent SET sequence = 7, digest = repeat('a', 64)"
    assert "permission denied" in refused(statement, "xq_app")
    assert refused(statement, "xq_batch") == "carried out"
    assert "append-only" in refused("UPDATE core_auditevent SET sequence = 8", "xq_batch")


def test_record_needs_a_transaction_and_a_declared_verb(db, now):
    with transaction.atomic(), pytest.raises(KeyError, match="trial.unheard"):
        audit.record(actor=SYSTEM, verb="trial.unheard", target=audit.Target("trial", "1", "甲"), now=now)


@pytest.mark.django_db(transaction=True)
def test_record_refuses_to_part_from_its_act(now):
    with pytest.raises(RuntimeError, match="outside a transaction"):
        audit.record(actor=SYSTEM, verb="trial.act", target=audit.Target("trial", "1", "甲"), now=now)


def test_record_copies_the_actor_and_goes_with_its_act(cast, now):
    kept = AuditEvent.objects.count()
    with transaction.atomic():
        made = audit.record(actor=cast.owner.actor, verb="trial.act", target=cast.owner.user, now=now, subject_id=5)
        assert (made.actor_name, made.organization_name) == ("宏远负责人", cast.owner.organization.name)
        assert (made.target_type, made.target_id, made.subject_id) == ("accounts.user", str(cast.owner.user.pk), 5)
        assert audit.sentence_of(made) == "试验：宏远负责人"
        transaction.set_rollback(True)
    assert AuditEvent.objects.count() == kept


def test_register_refuses_two_sentences_for_one_verb():
    audit.register("trial", {"act": "试验：{target}"})
    with pytest.raises(ValueError, match="declared twice"):
        audit.register("trial", {"act": "别的: {target}"})
