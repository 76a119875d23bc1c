import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.digests import canonical_json, plain, sha256_of

# Digest of b"abc", FIPS 180-4 example.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SHANGHAI = timezone(timedelta(hours=8))


class Colour(StrEnum):
    RED = "红"


class Level(IntEnum):
    HIGH = 3


def test_sha256_of_a_file_a_stream_and_bytes_agree(tmp_path: Path) -> None:
    path = tmp_path / "delivery.csv"
    path.write_bytes(b"abc")
    assert sha256_of(path) == sha256_of(io.BytesIO(b"abc")) == sha256_of(b"abc") == ABC


def test_sha256_of_reads_past_one_block_and_from_where_the_stream_stands() -> None:
    content = bytes(range(256)) * 10_000
    stream = io.BytesIO(content)
    stream.seek(5)
    assert sha256_of(stream) == hashlib.sha256(content[5:]).hexdigest()


def test_canonical_json_has_one_spelling() -> None:
    value = {
        "金额": Decimal("1E+2"),
        "b": (1, None, True, Colour.RED, Level.HIGH),
        "a": {"on": date(2026, 11, 15), "at": datetime(2026, 11, 15, 8, tzinfo=SHANGHAI)},
        "id": UUID(int=1),
    }
    assert canonical_json(value).decode() == (
        '{"a":{"at":"2026-11-15T00:00:00.000000+00:00","on":"2026-11-15"},"b":[1,null,true,"红",3],'
        '"id":"00000000-0000-0000-0000-000000000001","金额":"100"}'
    )


def test_canonical_json_gives_one_instant_the_same_bytes_in_every_zone() -> None:
    at = datetime(2026, 11, 15, 2, 0, 0, 1, tzinfo=UTC)
    assert canonical_json(at) == canonical_json(at.astimezone(SHANGHAI))


@pytest.mark.parametrize(
    "value", [1.0, [0.5], {"a": {"b": 1.0}}, {1: "a"}, {None: "a"}, b"x", {1, 2}, object], ids=repr
)
def test_canonical_json_refuses_types_without_one_spelling(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize(
    "value",
    [Decimal("NaN"), Decimal("Infinity"), datetime.fromisoformat("2026-01-01T00:00"), "\ud800"],
    ids=repr,
)
def test_canonical_json_refuses_values_without_one_spelling(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        canonical_json(value)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.dates()
    | st.datetimes(timezones=st.just(SHANGHAI), min_value=datetime(1900, 1, 1))  # noqa: DTZ001
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@settings(deadline=None, max_examples=60)
@given(values)
def test_plain_survives_storage_as_json(value: Any) -> None:
    stored = json.loads(json.dumps(plain(value)))
    assert stored == plain(value)
    assert canonical_json(stored) == canonical_json(value)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(keys, scalars, max_size=6))
def test_canonical_json_ignores_the_order_of_keys(value: dict[str, Any]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)
