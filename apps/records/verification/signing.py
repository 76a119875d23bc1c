"""Signatures over requests and answers, made and checked by the same function on both sides. Pure.

Signed are direction, method or status, path with query, time, nonce, key id and the digest of the raw body, by HMAC
with SHA-256 or SM3 (GB/T 32905). An answer repeats the nonce of its request, so that no recorded answer serves twice;
times may differ by five minutes either way (pitfalls §5, webhook signatures).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SHA256, SM3 = "sha256", "sm3"
ALGORITHMS: Final = [(SHA256, "HMAC-SHA256"), (SM3, "HMAC-SM3")]
WINDOW: Final = timedelta(minutes=5)
KEY_ID, TIMESTAMP, NONCE, SIGNATURE = "Verify-Key-Id", "Verify-Timestamp", "Verify-Nonce", "Verify-Signature"
REQUEST, ANSWER = "request", "answer"
_SCHEME: Final = "XINQIAO-VERIFY-1"


class WrongSignature(ValueError):
    """The message says which part is not as it must be; never the secret or the expected signature."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is signed. `verb` is the method of a request, the status of an answer."""

    direction: str
    verb: str
    path: str
    body: bytes


def signed(message: Message, *, key_id: str, secret: bytes, nonce: str, at: datetime, algorithm: str) -> dict[str, str]:
    """The headers that prove a message."""
    timestamp = str(int(at.timestamp()))
    signature = _signature(message, key_id, secret, nonce, timestamp, algorithm)
    return {KEY_ID: key_id, TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: f"{algorithm}={signature}"}


def check(
    message: Message, headers: Mapping[str, str], *, secrets: Mapping[str, bytes], algorithm: str, at: datetime
) -> str:
    """The nonce of a message whose headers prove it by one of `secrets` (key id → secret: two while a key is changed).

    Raises WrongSignature.
    """
    key_id, timestamp, nonce, given = (headers.get(name, "") for name in (KEY_ID, TIMESTAMP, NONCE, SIGNATURE))
    if not (key_id and timestamp and nonce and given):
        raise WrongSignature("没有签名")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WrongSignature("签名时间无法读取")
    if abs(at.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise WrongSignature("签名时间与本平台相差超过5分钟")
    if key_id not in secrets:
        raise WrongSignature("签名所用的密钥编号不是约定的")
    expected = f"{algorithm}={_signature(message, key_id, secrets[key_id], nonce, timestamp, algorithm)}"
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise WrongSignature("签名不符")
    return nonce


def _signature(message: Message, key_id: str, secret: bytes, nonce: str, timestamp: str, algorithm: str) -> str:
    digest = hashlib.new(algorithm, message.body).hexdigest()
    parts = (_SCHEME, message.direction, message.verb, message.path, timestamp, nonce, key_id, digest)
    return hmac.new(secret, "\n".join(parts).encode(), algorithm).hexdigest()
