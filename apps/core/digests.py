"""Digests of files and of structured inputs that come out the same on every machine and after every round trip."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

_BLOCK_BYTES: Final = 1 << 20


def sha256_of(source: Path | BinaryIO | bytes) -> str:
    """SHA-256 (hex) of a file, of the rest of a binary stream, or of bytes."""
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return sha256_of(stream)
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    digest = hashlib.sha256()
    while block := source.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def canonical_json(value: Any) -> bytes:
    """One spelling of a value in UTF-8 JSON: sorted keys, no spaces, `plain` conversions.

    What was stored as `plain(value)` in a JSON column and read back gives the same bytes.
    """
    text = json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def plain(value: Any) -> Any:
    """The JSON-ready twin of a value: Decimal as plain digits, dates as ISO text, instants in UTC.

    Raises TypeError on float, on a mapping key that is not text and on any unknown type, ValueError on an instant
    without zone and on a Decimal that is not finite: none of them has one spelling.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"not a finite number: {value}")
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"instant without zone: {value}")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no canonical form for {type(value).__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"key must be text, not {type(key).__name__}")
    return str.__str__(key)
