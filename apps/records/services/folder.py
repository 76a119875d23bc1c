"""A drop folder: `DIR/<source>/<item>/file`, each file taken once, moved aside and answered with a receipt.

A file goes through the folders beside it, always by one rename: the drop place → `taking` (claimed) → `taken/<id>-name`
(received, its intake under way) → `done` or `refused` with `<name>.receipt.json`. A process that is killed anywhere
leaves the file in one of them; the next goes on from there. What was received but not yet moved is received again, and
the same bytes are a repetition that changes nothing (services.deliveries). One collector per folder: the caller locks.

Names of files are other people's (pitfalls D36–D38): links and whatever is no plain file are never opened, and no part
of a name becomes a path.
"""

import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.db import transaction

from apps.core.actor import SYSTEM
from apps.core.errors import DomainError, InvalidInput
from apps.core.models import JobState
from apps.core.parsers import StrictJSONParser
from apps.records.manifest import FOLDER, Manifest, clean_name, manifest_of
from apps.records.models import CatalogueItem, Delivery, Source
from apps.records.selectors import deliveries_visible_to, items_in_force, observations_of, sources_visible_to
from apps.records.services.deliveries import receive_delivery

TAKING, TAKEN, DONE, REFUSED = "taking", "taken", "done", "refused"
MANIFEST, RECEIPT = ".manifest.json", ".receipt.json"
MAX_NAME_BYTES: Final = 255

_OWN_FOLDERS: Final = frozenset({TAKING, TAKEN, DONE, REFUSED})
# What senders' programs write before a file is whole.
_UNFINISHED: Final = (".part", ".tmp", ".filepart", ".crdownload")
_RECEIVED: Final = re.compile(r"([0-9]{1,18})-")
_COUNTS: Final = (
    "read", "not_data", "accepted", "rejected", "held", "duplicate", "normalised", "warned", "corrected"
)  # fmt: skip
_ENDS: Final = {"applied": DONE, "repeated": DONE, "refused": REFUSED, "failed": REFUSED}


class _StillWritten(Exception):
    """The file changed while it was read."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One `<source>/<item>` folder; `problem` says why nothing in it can be delivered."""

    path: Path
    source: Source | None
    item: CatalogueItem | None
    problem: str = ""


@dataclass(slots=True)
class Collector:
    """Looks at a drop folder again and again; a file is taken when two looks found it unchanged."""

    folder: Path
    _seen: dict[Path, tuple[int, ...]] = field(default_factory=dict)

    def look(self, now: datetime) -> list[str]:
        """One round: claim what is at rest, receive it, give receipts for what is over. Returns a line for each thing
        that happened. Raises OSError when the folder itself cannot be read.
        """
        said: list[str] = []
        seen: dict[Path, tuple[int, ...]] = {}
        for place in _places(self.folder):
            for step in (self._claim, self._receive, self._settle):
                try:
                    said += step(place, seen, now)
                except OSError as error:
                    said.append(f"{_shown(place.path)}：{error.strerror}，稍后重试。")
        self._seen = seen
        return said

    @property
    def waits(self) -> bool:
        """Whether files are still at rest for their second look, claimed, or in intake."""
        return bool(self._seen) or any(
            _files(place.path / name) for place in _places(self.folder) for name in (TAKING, TAKEN)
        )

    def _claim(self, place: _Place, seen: dict[Path, tuple[int, ...]], now: datetime) -> list[str]:
        said = []
        for path in _files(place.path):
            if path.name.endswith((MANIFEST, *_UNFINISHED)) or path.name.startswith("~$"):
                continue
            found = path.lstat()
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
            if self._seen.get(path) != mark:
                seen[path] = mark
                continue
            claimed = _within(place, TAKING) / path.name
            if os.path.lexists(claimed):
                seen[path] = mark
                continue
            said += _renamed(path, claimed)
        return said

    def _receive(self, place: _Place, seen: dict[Path, tuple[int, ...]], now: datetime) -> list[str]:
        return [
            _received(place, path, now)
            for path in _files(place.path / TAKING)
            if not path.name.endswith(MANIFEST) or not os.path.lexists(path.with_name(path.name[: -len(MANIFEST)]))
        ]

    def _settle(self, place: _Place, seen: dict[Path, tuple[int, ...]], now: datetime) -> list[str]:
        return [line for path in _files(place.path / TAKEN) if (line := _settled(place, path))]


def _places(folder: Path) -> list[_Place]:
    sources = list(sources_visible_to(SYSTEM))
    items = list(items_in_force())
    return [
        _place(path, outer.name, sources, items)
        for outer in _folders(folder)
        for path in _folders(outer)
        if path.name not in _OWN_FOLDERS
    ]


def _place(path: Path, sender: str, sources: list[Source], items: list[CatalogueItem]) -> _Place:
    name = unicodedata.normalize("NFC", sender)
    found = [one for one in sources if name and name in {one.organization.code, one.organization.name}]
    label = unicodedata.normalize("NFC", path.name)
    item = next((one for one in items if label in {one.code, one.name}), None)
    if len(found) != 1:
        many = "有不止一个" if found else "没有"
        return _Place(path, None, item, f"{many}名称或代码为“{_shown(Path(sender))}”的报送单位，请核对文件夹名。")
    if item is None:
        return _Place(path, found[0], None, f"没有代码或名称为“{_shown(path)}”的信息项，请核对文件夹名。")
    return _Place(path, found[0], item)


def _folders(path: Path) -> list[Path]:
    """Folders in a folder, in order of name; links are not followed and hidden ones passed over."""
    with os.scandir(path) as entries:
        found = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name[0] != "."]
    return [Path(one) for one in sorted(found)]


def _files(path: Path) -> list[Path]:
    """Everything in a folder that is no folder, in order of name; hidden names are passed over."""
    try:
        with os.scandir(path) as entries:
            found = [e.path for e in entries if not e.is_dir(follow_symlinks=False) and e.name[0] != "."]
    except FileNotFoundError:
        return []
    return [Path(one) for one in sorted(found)]


def _within(place: _Place, name: str) -> Path:
    folder = place.path / name
    folder.mkdir(exist_ok=True)
    if folder.is_symlink():
        raise NotADirectoryError(20, f"{name} 是链接，不是文件夹")
    return folder


def _renamed(path: Path, to: Path) -> list[str]:
    try:
        path.rename(to)
    except OSError as error:
        return [f"{_shown(path)}：无法移动（{error.strerror}），未接收，稍后重试。"]
    return []


def _received(place: _Place, path: Path, now: datetime) -> str:
    """Receive a claimed file, or say why not; it leaves `taking` either way."""
    try:
        if place.problem or place.source is None or place.item is None:
            raise InvalidInput(place.problem)
        with _opened(path) as stream, transaction.atomic():
            before = _mark(stream)
            delivery = receive_delivery(
                actor=SYSTEM,
                source=place.source,
                item_code=place.item.code,
                file_name=_shown(path),
                content=stream,
                now=now,
                manifest=_manifest(place, path),
                way_in=FOLDER,
            )
            if _mark(stream) != before:
                raise _StillWritten
    except _StillWritten:
        path.rename(place.path / path.name)
        return f"{_shown(path)}：读取时仍在写入，放回原处，稍后重试。"
    except DomainError as refusal:
        return _turned_away(place, path, refusal)
    kept = f"{delivery.pk}-{_short(path)}"
    beside = path.with_name(path.name + MANIFEST)
    if os.path.lexists(beside):
        beside.rename(_within(place, TAKEN) / f"{kept}{MANIFEST}")
    path.rename(_within(place, TAKEN) / kept)
    return f"{_shown(path)}：已接收，第{delivery.pk}号报送（{delivery.get_state_display()}）。"


def _opened(path: Path) -> BinaryIO:
    """A plain file, opened without following a link or waiting for a pipe. Raises InvalidInput for anything else."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink() or not path.is_file():
            raise InvalidInput("不是普通文件（链接、管道或设备），未读取。") from error
        raise InvalidInput(f"文件无法读取：{error.strerror}。") from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise InvalidInput("不是普通文件（链接、管道或设备），未读取。")
    return os.fdopen(number, "rb")


def _mark(stream: BinaryIO) -> tuple[int, int]:
    found = os.fstat(stream.fileno())
    return found.st_size, found.st_mtime_ns


def _manifest(place: _Place, path: Path) -> Manifest:
    """What the manifest file beside a file says; it follows the file to where it was claimed."""
    name = path.name + MANIFEST
    beside, claimed = place.path / name, path.with_name(name)
    if os.path.lexists(beside) and not os.path.lexists(claimed):
        beside.rename(claimed)
    if not os.path.lexists(claimed):
        return Manifest()
    with _opened(claimed) as stream:
        return manifest_of(StrictJSONParser().parse(stream))


def _turned_away(place: _Place, path: Path, refusal: DomainError) -> str:
    folder = _within(place, REFUSED)
    kept = _free(folder, _short(path))
    receipt = {"file": _shown(path), "delivery": None, "state": "not_received", "refusal": refusal.message}
    _write(folder / f"{kept}{RECEIPT}", receipt | {"errors": refusal.fields or {}})
    beside = path.with_name(path.name + MANIFEST)
    if os.path.lexists(beside):
        beside.rename(folder / f"{kept}{MANIFEST}")
    path.rename(folder / kept)
    return f"{_shown(path)}：未接收。{refusal.message}"


def _settled(place: _Place, path: Path) -> str:
    """Give the receipt of a file whose intake is over and put the file away; "" while it is under way."""
    number = _RECEIVED.match(path.name)
    if number is None or path.name.endswith(MANIFEST):
        return ""
    delivery = deliveries_visible_to(SYSTEM).filter(pk=int(number[1]), way_in=FOLDER).select_related("file").first()
    if delivery is None:
        return f"{_shown(path)}：平台上没有第{number[1]}号报送，文件留在原处。"
    given_up = delivery.job is not None and delivery.job.state == JobState.FAILED
    end = REFUSED if given_up else _ENDS.get(delivery.state)
    if end is None:
        return ""
    folder = _within(place, end)
    _write(folder / f"{path.name}{RECEIPT}", _receipt(delivery, "failed" if given_up else delivery.state))
    beside = path.with_name(path.name + MANIFEST)
    if os.path.lexists(beside):
        beside.rename(folder / beside.name)
    path.rename(folder / path.name)
    counts = f"读取{delivery.read}，入库{delivery.accepted}，退回{delivery.rejected}，待处理{delivery.held}"
    return f"{delivery.file_name}：第{delivery.pk}号报送{delivery.get_state_display()}，{counts}。{delivery.refusal}"


def _receipt(delivery: Delivery, state: str) -> dict[str, Any]:
    return {
        "file": delivery.file_name,
        "delivery": delivery.pk,
        "state": state,
        "refusal": delivery.refusal or ("处理没有完成，请重新报送同一文件。" if state == "failed" else ""),
        "received_at": delivery.received_at.isoformat(),
        "sha256": delivery.file.sha256,
        "bytes": delivery.file.size_bytes,
        "counts": {name: getattr(delivery, name) for name in _COUNTS},
        "repeats": delivery.repeats_id,
        "notes": delivery.notes,
        "observations": [{"code": seen.code, "text": seen.text} for seen in observations_of(delivery)],
    }


def _write(path: Path, receipt: dict[str, Any]) -> None:
    """Whole or not at all: written aside, on disk, then renamed."""
    aside = path.with_name(".receipt.part")
    with aside.open("w", encoding="utf-8") as stream:
        json.dump(receipt, stream, ensure_ascii=False, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)


def _shown(path: Path) -> str:
    """A name as people read it: bytes of another encoding read as GB18030, nothing that cannot be seen."""
    raw = os.fsencode(path.name)
    for encoding in ("utf-8", "gb18030"):
        try:
            return clean_name(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return clean_name(raw.decode("utf-8", "replace"))


def _short(path: Path) -> str:
    """The shown name, short enough that a number before it and an ending behind it fit into a file name."""
    name = _shown(path)
    most = MAX_NAME_BYTES - 20 - len(RECEIPT + MANIFEST)
    ending = Path(name).suffix[-10:]
    stem = name[: len(name) - len(ending)].encode()[: most - len(ending.encode())].decode("utf-8", "ignore")
    return f"{stem}{ending}".lstrip(".") or "未命名"


def _free(folder: Path, name: str) -> str:
    """A name that nothing in the folder has."""
    return next(one for one in _numbered(name) if not os.path.lexists(folder / one))


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{number}-{name}"
        number += 1
