"""`Idempotency-Key` on API writes: the same request again gets the first answer (pitfalls F21).

The key is scoped to client and route, the stored answer is written in the transaction of the effect, and failures are
not kept, so that a retry after recovery can succeed.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction

from apps.core.digests import plain
from apps.core.errors import InvalidInput, StateConflict
from apps.core.models import IdempotencyKey

KEY_HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 255


class KeyMissing(InvalidInput):
    """A write without a key that can be kept."""

    code = "idempotency-key-missing"
    status = 400
    title = "缺少幂等键"
    default_message = "写操作须带 Idempotency-Key 请求头，长度 1 至 255 个可见的 ASCII 字符。"


class KeyReused(InvalidInput):
    """The key came before with another body."""

    code = "idempotency-key-reused"
    title = "幂等键重复使用"
    default_message = "同一个 Idempotency-Key 曾用于内容不同的请求，请换一个新的键。"


class KeyInUse(StateConflict):
    """The first request with this key is still running."""

    code = "idempotency-key-in-use"
    title = "请求处理中"
    default_message = "使用该 Idempotency-Key 的请求正在处理，请稍后重试。"


def usable(key: str) -> str:
    """The key as it may be kept. Raises KeyMissing."""
    if not 0 < len(key) <= MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise KeyMissing
    return key


def once(
    *, scope: str, key: str, body: bytes, now: datetime, act: Callable[[], tuple[int, Any]]
) -> tuple[int, Any, bool]:
    """Run `act` at most once per (scope, key); returns (status, body, replayed).

    Raises KeyMissing without a usable key, KeyReused when the body differs, KeyInUse when two run at once.
    """
    key = usable(key)
    fingerprint = sha256(body).hexdigest()
    stored = IdempotencyKey.objects.filter(scope=scope, key=key).first()
    if stored is not None:
        if stored.fingerprint != fingerprint:
            raise KeyReused
        return stored.status, stored.body, True
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                scope=scope, key=key, fingerprint=fingerprint, status=0, body={}, created_at=now
            )
            status, answer = act()
            IdempotencyKey.objects.filter(pk=row.pk).update(status=status, body=plain(answer))
    except IntegrityError as error:
        if "idempotencykey_once" in str(error):
            raise KeyInUse from error
        raise
    return status, answer, False
