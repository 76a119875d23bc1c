"""Stored files: bytes go in once, named by digest; tasks and rows carry the id."""

from datetime import datetime
from io import BytesIO
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import default_storage

from apps.core.digests import sha256_of
from apps.core.models import StoredFile


def store(content: bytes | BinaryIO, *, name: str, content_type: str, now: datetime) -> StoredFile:
    """Keep the bytes and return their row; the same bytes again return the first row, whatever the name."""
    stream: BinaryIO = BytesIO(content) if isinstance(content, bytes) else content
    stream.seek(0)
    digest = sha256_of(stream)
    size = stream.tell()
    stream.seek(0)
    stored = StoredFile(sha256=digest, size_bytes=size, name=name[-255:], content_type=content_type, created_at=now)
    if not default_storage.exists(stored.path):
        default_storage.save(stored.path, File(stream))
    row, _ = StoredFile.objects.get_or_create(
        sha256=digest,
        defaults={
            "size_bytes": size,
            "name": stored.name,
            "content_type": content_type,
            "created_at": now,
        },
    )
    return row


def open_file(stored: StoredFile) -> BinaryIO:
    """The bytes, as a binary stream that the caller closes. Raises FileNotFoundError when the storage lost them."""
    return default_storage.open(stored.path, "rb")  # type: ignore[return-value]
