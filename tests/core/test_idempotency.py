"""`Idempotency-Key`: the same request gets the first answer, a failure is not kept, a key belongs to its scope."""

import pytest
from django.db import transaction

from apps.core.errors import InvalidInput, StateConflict
from apps.core.idempotency import KeyInUse, KeyReused, once
from apps.core.models import IdempotencyKey, StoredFile


@pytest.fixture
def act():
    """An effect that counts how often it happened."""
    calls = []

    def effect():
        calls.append(1)
        return 201, {"number": len(calls)}

    effect.calls = calls
    return effect


def test_once_answers_a_repeated_request_from_the_first(db, now, act):
    request = {"scope": "client-1 POST /needs", "key": "k", "body": b"{}", "now": now, "act": act}
    assert once(**request) == (201, {"number": 1}, False)
    assert once(**request) == (201, {"number": 1}, True)
    assert len(act.calls) == 1


def test_once_keeps_scopes_apart(db, now, act):
    for scope in ("client-1 POST /needs", "client-2 POST /needs", "client-1 POST /applications"):
        once(scope=scope, key="k", body=b"{}", now=now, act=act)
    assert len(act.calls) == 3


def test_once_refuses_a_key_for_another_body(db, now, act):
    once(scope="s", key="k", body=b"1", now=now, act=act)
    with pytest.raises(KeyReused):
        once(scope="s", key="k", body=b"2", now=now, act=act)
    assert len(act.calls) == 1


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_once_needs_a_usable_key(db, now, act, key):
    with pytest.raises(InvalidInput, match="Idempotency-Key"):
        once(scope="s", key=key, body=b"", now=now, act=act)
    assert not act.calls


def test_once_forgets_a_failure_and_its_half_written_effect(db, now, act):
    def fails():
        StoredFile.objects.create(sha256="0" * 64, size_bytes=1, name="x", content_type="x", created_at=now)
        raise StateConflict("还不行。")

    with pytest.raises(StateConflict, match="还不行"), transaction.atomic():
        once(scope="s", key="k", body=b"", now=now, act=fails)
    assert not StoredFile.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert once(scope="s", key="k", body=b"", now=now, act=act)[2] is False


def test_once_says_so_when_the_first_request_is_still_running(db, now, act, monkeypatch):
    once(scope="s", key="k", body=b"", now=now, act=act)
    monkeypatch.setattr(IdempotencyKey.objects, "filter", lambda **kwargs: IdempotencyKey.objects.none())
    with pytest.raises(KeyInUse), transaction.atomic():
        once(scope="s", key="k", body=b"", now=now, act=act)
    assert len(act.calls) == 1
