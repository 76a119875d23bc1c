"""Temporary folders that do not pile up when their processes are killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder while the block lasts; those that dead processes left under the same prefix go first.

    A lock on the folder itself says that its process lives: the system lets go of it however the process ends.
    """
    base = Path(tempfile.gettempdir())
    for folder in base.glob(f"{prefix}*"):
        _remove_if_left(folder)
    draft = Path(tempfile.mkdtemp(prefix=f".{prefix}"))
    handle = os.open(draft, os.O_RDONLY)
    folder = base / draft.name.removeprefix(".")
    try:
        # Locked before it bears a name that others look for.
        fcntl.flock(handle, fcntl.LOCK_EX)
        draft.rename(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a cleaner of the system may have been here first
        os.close(handle)


def _remove_if_left(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # another process removed it, or it is none of ours
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
