import io

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Membership, Organization, User
from apps.core.models import AuditEvent

pytestmark = pytest.mark.django_db

PASSWORD = "fengxiang-platform-2026"


def create(monkeypatch, *words, password=PASSWORD):
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    call_command("create_operator", "admin", "王平台", "--password-stdin", *words, stdout=out)
    return out.getvalue()


def test_creates_the_organisation_and_the_administrator(monkeypatch):
    said = create(monkeypatch, "--organization", "凤翔区信用平台办公室")
    membership = Membership.objects.get()
    assert (membership.role, membership.organization.kind) == ("operator", "platform")
    assert membership.organization.name == "凤翔区信用平台办公室"
    assert membership.user.check_password(PASSWORD)
    assert "王平台" in said
    assert set(AuditEvent.objects.filter(stream="accounts").values_list("verb", flat=True)) == {
        "accounts.create_organization",
        "accounts.create_user",
        "accounts.add_membership",
    }


def test_joins_the_organisation_that_is_there(monkeypatch, now):
    platform = Organization.objects.create(kind="platform", name="凤翔区信用平台办公室", created_at=now)
    create(monkeypatch)
    assert Membership.objects.get().organization == platform


def test_refuses_a_second_one_by_command(monkeypatch, cast):
    people = User.objects.count()
    with pytest.raises(CommandError, match="平台已有管理员"):
        create(monkeypatch)
    assert User.objects.count() == people


@pytest.mark.parametrize(("password", "why"), [("短口令", "10"), ("password123", "常见"), ("", "10")])
def test_refuses_a_weak_password_and_writes_nothing(monkeypatch, password, why):
    with pytest.raises(CommandError, match=why):
        create(monkeypatch, password=password)
    assert not Organization.objects.exists()
    assert not User.objects.exists()


def test_asks_twice_and_compares(monkeypatch):
    answers = iter([PASSWORD, PASSWORD + "x"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    with pytest.raises(CommandError, match="不一致"):
        call_command("create_operator", "admin", "王平台")
    assert not User.objects.exists()
