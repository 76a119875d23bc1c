"""The audit hash chain: each sealed event commits to its sequence, its content and the event before it.

One chain per stream, sequences 1, 2, 3 … A cut tail is the one change that a chain cannot show by itself: compare the
last hash with an anchor kept elsewhere.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from apps.core.digests import canonical_json

GENESIS: Final = "0" * 64

BreakReason = Literal["sequence", "prev_hash", "hash"]
_SENTENCES: Final[dict[BreakReason, str]] = {
    "sequence": "序号不连续：应为{expected}，实为{found}（有记录被删除、插入或调换）。",
    "prev_hash": "第{sequence}条记录的前序摘要与上一条记录不符。",
    "hash": "第{sequence}条记录的内容与其摘要不符（内容被改动）。",
}


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """What verification needs of a stored event; `payload`: `canonical` of its content with the stream's name."""

    sequence: int
    prev_hash: str
    hash: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold; `sequence` is the one stored in the offending event."""

    sequence: int
    reason: BreakReason
    expected: str
    found: str

    @property
    def message(self) -> str:
        """Chinese sentence for the operator."""
        return _SENTENCES[self.reason].format(sequence=self.sequence, expected=self.expected, found=self.found)


def canonical(event: Mapping[str, Any]) -> bytes:
    """The bytes of an event that its hash covers: sorted-key UTF-8 JSON without floats (see digests.canonical_json)."""
    return canonical_json(event)


def link(prev_hash: str, sequence: int, payload: bytes) -> str:
    """SHA-256 (hex) that seals `payload` as number `sequence` after the event whose hash is `prev_hash`."""
    return hashlib.sha256(f"{prev_hash}\n{sequence}\n".encode() + payload).hexdigest()


def first_break(events: Iterable[SealedEvent], *, after_sequence: int = 0, after_hash: str = GENESIS) -> Break | None:
    """Walk one stream in order of sequence and return the first break, or None; events are read one at a time.

    `after_sequence` and `after_hash` resume from an event already verified.
    """
    sequence, prev_hash = after_sequence, after_hash
    for event in events:
        sequence += 1
        if event.sequence != sequence:
            return Break(event.sequence, "sequence", str(sequence), str(event.sequence))
        if event.prev_hash != prev_hash:
            return Break(sequence, "prev_hash", prev_hash, event.prev_hash)
        sealed = link(prev_hash, sequence, event.payload)
        if event.hash != sealed:
            return Break(sequence, "hash", sealed, event.hash)
        prev_hash = sealed
    return None
