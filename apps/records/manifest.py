"""报送清单: what a sender says of a file, checked against the file; and what the order of files says. Pure.

A manifest belongs to one file of one item from one source: period, sequence number, number of data rows, digest, kind
(domain §5). Nothing of it is required; what is given must be true, else the whole file goes back.
"""

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from apps.core.errors import InvalidInput

ORDINARY, CORRECTION, LATE = "ordinary", "correction", "late"
KINDS: Final = [(ORDINARY, "常规"), (CORRECTION, "更正"), (LATE, "补报")]
PLATFORM, PAGE, API, FOLDER, ANSWER = "platform", "page", "api", "folder", "answer"
WAYS_IN: Final = [(PLATFORM, "平台"), (PAGE, "页面"), (API, "接口"), (FOLDER, "文件夹"), (ANSWER, "核验")]

MAX_SEQUENCE: Final = 2_000_000_000
MAX_ROWS: Final = 2_000_000_000
MAX_NAME: Final = 255

# Words in a file's name that say what the file is (samples: …_更正_20261113.csv, …_补报_20261114.csv).
_SEEN_IN_NAME: Final = {"更正": CORRECTION, "补报": LATE}
_ALGORITHMS: Final = {"sha-256": ("sha256", 32), "sm3": ("sm3", 32)}
_HEX_DIGEST: Final = re.compile(r"(?:(sha-?256|sm3)[:=])?([0-9a-f]{64})")
_CONTENT_DIGEST: Final = re.compile(r"\s*([a-z0-9-]+)=:([A-Za-z0-9+/=]*):\s*")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BLOCK_BYTES: Final = 1 << 20
# Control and format characters (direction marks, zero width), line ends, halves of characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


class WrongManifest(InvalidInput):
    """What the manifest says is not so, or cannot be."""

    code = "wrong-manifest"
    title = "报送清单与文件不符"


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest as declared: `algorithm` is sha-256 or sm3, `value` lower-case hex."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the sender says of a file; None and "" stand for «not said»."""

    period_from_on: date | None = None
    period_to_on: date | None = None
    sequence: int | None = None
    declared_rows: int | None = None
    digest: Digest | None = None
    kind: str = ""

    def __post_init__(self) -> None:
        faults = {}
        if self.period_from_on and self.period_to_on and self.period_from_on > self.period_to_on:
            faults["period_to_on"] = "所属期止早于所属期起。"
        if self.sequence is not None and not 1 <= self.sequence <= MAX_SEQUENCE:
            faults["sequence"] = f"报送序号应为1至{MAX_SEQUENCE}的整数。"
        if self.declared_rows is not None and not 0 <= self.declared_rows <= MAX_ROWS:
            faults["declared_rows"] = f"申报行数应为0至{MAX_ROWS}的整数。"
        if self.kind not in ("", *dict(KINDS)):
            faults["kind"] = "报送性质应为常规、更正或补报。"
        if faults:
            raise WrongManifest("".join(faults.values()), fields=faults)


def manifest_of(values: Any) -> Manifest:
    """A manifest file as JSON gave it: the fields of `Manifest`, days as 2026-10-31, the digest as `read_digest` reads
    it. Raises WrongManifest for a field that does not exist or is not of its kind.
    """
    if not isinstance(values, dict):
        raise WrongManifest("报送清单应为一个 JSON 对象。")
    readers: dict[str, Callable[[Any], Any]] = {
        "period_from_on": _day,
        "period_to_on": _day,
        "sequence": _whole,
        "declared_rows": _whole,
        "digest": lambda value: read_digest(_text(value)),
        "kind": _text,
    }
    read, faults = {}, {}
    for name, value in values.items():
        try:
            read[name] = readers[name](value)
        except KeyError:
            faults[name] = f"报送清单没有“{clean_name(name)[:40]}”这一项。"
        except ValueError as fault:
            faults[name] = f"报送清单的“{name}”{fault}"
    if faults:
        raise WrongManifest("".join(faults.values()), fields=faults)
    return Manifest(**read)


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("应写作2026-10-31。")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("不是存在的日期。") from error


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("应为整数。")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("应为文字。")
    return value


def read_digest(text: str) -> Digest:
    """A digest in hex, alone (SHA-256) or as `sm3:<hex>`, `sha-256:<hex>`. Raises WrongManifest."""
    found = _HEX_DIGEST.fullmatch(text.strip().lower())
    if found is None:
        message = "文件摘要应为64位十六进制数（SHA-256），SM3摘要写作 sm3:…。"
        raise WrongManifest(message, fields={"digest": message})
    return Digest("sm3" if found[1] == "sm3" else "sha-256", found[2])


def read_content_digest(header: str) -> list[Digest]:
    """The digests of an RFC 9530 `Content-Digest` header (`sha-256=:<base64>:`) that we can check; others are passed
    over as the standard asks. Raises WrongManifest when the header cannot be read or nothing in it can be checked.
    """
    found = []
    for part in header.split(","):
        entry = _CONTENT_DIGEST.fullmatch(part)
        try:
            value = base64.b64decode(entry[2], validate=True) if entry else b""
        except binascii.Error:
            entry = None
        if entry is None:
            raise _bad_header()
        if entry[1] in _ALGORITHMS:
            if len(value) != _ALGORITHMS[entry[1]][1]:
                raise _bad_header()
            found.append(Digest(entry[1], value.hex()))
    if not found:
        raise _bad_header()
    return found


def _bad_header() -> WrongManifest:
    message = "Content-Digest 请求头应写作 sha-256=:…: 或 sm3=:…:（Base64）。"
    return WrongManifest(message, fields={"Content-Digest": message})


def check_digest(stream: BinaryIO, declared: Digest) -> None:
    """Compare a file, from its beginning, with what was declared. Raises WrongManifest."""
    algorithm = hashlib.new(_ALGORITHMS[declared.algorithm][0])
    stream.seek(0)
    while block := stream.read(_BLOCK_BYTES):
        algorithm.update(block)
    stream.seek(0)
    if algorithm.hexdigest() != declared.value:
        name = declared.algorithm.upper()
        message = f"文件的{name}摘要与清单不符，文件可能在传送中损坏或不是这一份，未接收；请核对后重新报送。"
        raise WrongManifest(message, fields={"digest": message})


def count_fault(declared_rows: int | None, *, read: int, not_data: int) -> str:
    """Why a file with another number of data rows than declared goes back whole; "" when it may be taken in.

    Data rows are what was read less blank rows, titles, subtotals and notes.
    """
    rows = read - not_data
    if declared_rows is None or declared_rows == rows:
        return ""
    return (
        f"清单申报{declared_rows}行，文件中有{rows}行数据（标题、空行、合计和说明不计），两者不符，整份退回；"
        "请核对文件是否完整、行数是否填错后重新报送。"
    )


def kind_of(given: str, file_name: str) -> str:
    """What the sender said the file is, else what its name says, else an ordinary delivery."""
    if given:
        return given
    return next((kind for word, kind in _SEEN_IN_NAME.items() if word in file_name), ORDINARY)


def clean_name(name: str) -> str:
    """A file's name as a label: no folders, nothing that cannot be seen, 255 characters at most with the ending kept.

    Bytes are stored by digest, so the name never names a place (pitfalls D36, D38).
    """
    last = PurePath(name.replace("\\", "/")).name
    seen = "".join("_" if unicodedata.category(char) in _UNSEEN else char for char in last).strip()
    if len(seen) > MAX_NAME:
        ending = PurePath(seen).suffix[-20:]
        seen = seen[: MAX_NAME - len(ending)] + ending
    return seen or "未命名"


@dataclass(frozen=True, slots=True)
class Order:
    """Where a delivery stands among the deliveries of its source and item that were received before it.

    `highest_before` is the highest sequence number of them, `filled` how many of the numbers between it and the own one
    have come by now, `same_number` an earlier delivery with the own number, `latest_period_on` the last day of their
    latest period, `any_before` whether there are any.
    """

    kind: str
    sequence: int | None
    highest_before: int | None
    filled: int
    same_number: int | None
    period_to_on: date | None
    latest_period_on: date | None
    any_before: bool
    repeats: int | None


@dataclass(frozen=True, slots=True)
class Observation:
    """A thing worth saying about a delivery: a stable code, a short label for lists, a sentence, a tone of badge."""

    code: str
    label: str
    text: str
    tone: str


def observations(order: Order) -> list[Observation]:
    """What to show about a delivery: kind, repetition, gap, step back, late period (pitfalls D48–D52)."""
    found = []
    if order.kind == CORRECTION:
        ahead = "" if order.any_before else "此前没有收到被更正的文件，更正先到；原文件到达后请核对。"
        found.append(Observation("correction", "更正", f"更正文件：同键的记录以本份为准。{ahead}", "info"))
    if order.kind == LATE:
        found.append(Observation("late_kind", "补报", "补报文件：补充此前未报的记录。", "info"))
    if order.repeats is not None:
        text = f"与第{order.repeats}号报送内容完全相同，未作任何改动。"
        found.append(Observation("repeated", "重复文件", text, "neutral"))
    found += _of_sequence(order)
    ends, latest = order.period_to_on, order.latest_period_on
    if order.repeats is None and ends and latest and ends < latest:
        text = f"所属期止于{ends}，而此前已收到截至{latest}的文件：该期已报结，本份为迟到文件。"
        found.append(Observation("closed_period", "迟到", text, "warning"))
    return found


def _of_sequence(order: Order) -> list[Observation]:
    # A file sent once more says nothing about the order of those that brought something.
    if order.sequence is None or order.repeats is not None:
        return []
    if order.same_number is not None:
        text = f"序号{order.sequence}已用于第{order.same_number}号报送，而内容不同；不同的值按更正处理。"
        return [Observation("same_number", "序号重复", text, "warning")]
    highest = order.highest_before
    if highest is None:
        return []
    if order.sequence < highest:
        text = f"序号倒退：此前已收到序号{highest}，本份为序号{order.sequence}。"
        return [Observation("step_back", "序号倒退", text, "warning")]
    skipped = max(0, order.sequence - highest - 1)
    if not skipped:
        return []
    missing = skipped - order.filled
    text = f"序号跳号：收到时此前最大序号为{highest}，本份为{order.sequence}，其间缺{skipped}份，"
    if missing:
        return [Observation("gap", "缺号", f"{text}尚缺{missing}份。", "warning")]
    return [Observation("gap_closed", "缺号已补", f"{text}现已全部补到。", "neutral")]
