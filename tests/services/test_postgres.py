"""The three roles on a PostgreSQL server: one migrates, one serves, one seals."""

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

import apps.core.middleware  # noqa: F401  (declares the verb)
from apps.core import audit, clock
from apps.core.actor import SYSTEM
from apps.core.models import AuditEvent
from tests.services.conftest import become

pytestmark = pytest.mark.services


def current_role() -> str:
    """Whom the session acts as."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def test_migrations_leave_the_tables_to_the_owner(scratch):
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert [owner for (owner,) in cursor.fetchall()] == ["xq_owner"]
    assert current_role() == "xq_app"


def test_a_migrated_database_has_nothing_left_to_migrate(scratch):
    call_command("migrate", check_unapplied=True, verbosity=0)
    become("app")


def test_the_trail_is_written_by_the_app_and_sealed_by_the_batch(scratch, now):
    with transaction.atomic():
        for number in range(5):
            audit.record(
                actor=SYSTEM, verb="core.refuse", target=audit.Target("test", str(number), "服务测试"), now=now
            )
    for statement in ("UPDATE core_auditevent SET reason = 'x'", "DELETE FROM core_auditevent"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    become("batch")
    assert current_role() == "xq_batch"
    assert audit.seal() == 5
    found = audit.verify(machine_now=clock.machine_now())
    assert (found.events, found.broken, found.overdue) == (5, {}, 0)
    become("app")
    assert AuditEvent.objects.filter(sequence=None).count() == 0
