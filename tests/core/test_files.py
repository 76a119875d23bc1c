"""Stored files: named by digest, stored once."""

from io import BytesIO

import pytest

from apps.core import files
from apps.core.digests import sha256_of
from apps.core.models import StoredFile


def test_store_keeps_the_bytes_under_their_digest(db, now):
    stored = files.store("一,二\n".encode(), name="报送.csv", content_type="text/csv", now=now)
    assert stored.sha256 == sha256_of("一,二\n".encode())
    assert (stored.size_bytes, stored.path) == (8, f"{stored.sha256[:2]}/{stored.sha256}")
    with files.open_file(stored) as stream:
        assert stream.read() == "一,二\n".encode()


def test_store_takes_a_stream_from_its_start(db, now):
    stream = BytesIO(b"abcdef")
    stream.read(3)
    assert files.store(stream, name="a", content_type="x/y", now=now).size_bytes == 6


def test_store_keeps_the_same_bytes_once_whatever_their_name(db, now):
    first = files.store(b"same", name="one.csv", content_type="text/csv", now=now)
    assert files.store(b"same", name="two.csv", content_type="text/csv", now=now) == first
    assert StoredFile.objects.count() == 1
    assert files.store(b"other", name="one.csv", content_type="text/csv", now=now) != first


def test_open_file_says_when_the_storage_lost_it(db, now):
    lost = StoredFile(sha256="0" * 64, size_bytes=1, name="x", content_type="x/y", created_at=now)
    with pytest.raises(FileNotFoundError):
        files.open_file(lost)
