"""Stored files: bytes go in once, named by digest; tasks and rows carry the id."""

import os
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

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
    if not _is_kept(stored):
        _keep(stored.path, stream)
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


def _is_kept(stored: StoredFile) -> bool:
    """Whether the storage has all the bytes: a process that died while it wrote may have left fewer."""
    return default_storage.exists(stored.path) and default_storage.size(stored.path) == stored.size_bytes


def _keep(path: str, stream: BinaryIO) -> None:
    """Where the storage is a folder, write aside and rename, so that nobody ever sees half a file."""
    if not isinstance(default_storage, FileSystemStorage):
        default_storage.save(path, File(stream))
        return
    aside = default_storage.save(f"{path}.{uuid4().hex}.part", File(stream))
    with default_storage.open(aside, "rb") as written:
        os.fsync(written.fileno())
    Path(default_storage.path(aside)).replace(default_storage.path(path))


def open_file(stored: StoredFile) -> BinaryIO:
    """The bytes, as a binary stream that the caller closes. Raises FileNotFoundError when the storage lost them."""
    return default_storage.open(stored.path, "rb")  # type: ignore[return-value]
