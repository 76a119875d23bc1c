import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.chain import GENESIS, Break, SealedEvent, canonical, first_break, link


def chain_of(length: int) -> list[SealedEvent]:
    events, prev_hash = [], GENESIS
    for sequence in range(1, length + 1):
        payload = canonical({"stream": "demo", "verb": "core.test", "number": sequence})
        sealed = link(prev_hash, sequence, payload)
        events.append(SealedEvent(sequence, prev_hash, sealed, payload))
        prev_hash = sealed
    return events


def test_canonical_is_sorted_and_takes_no_floats() -> None:
    event = {"b": Decimal("1.00"), "a": date(2026, 11, 15)}
    assert canonical(event) == b'{"a":"2026-11-15","b":"1.00"}'
    with pytest.raises(TypeError):
        canonical({"amount": 1.0})


def test_link_is_sha256_over_previous_hash_sequence_and_payload() -> None:
    assert link(GENESIS, 1, b"{}") == hashlib.sha256(b"0" * 64 + b"\n1\n{}").hexdigest()


def test_first_break_passes_a_sound_chain_and_an_empty_one() -> None:
    assert first_break(chain_of(20)) is None
    assert first_break([]) is None


def test_first_break_resumes_from_a_verified_event() -> None:
    events = chain_of(9)
    assert first_break(events[4:], after_sequence=4, after_hash=events[3].hash) is None
    broken = first_break(events[4:], after_sequence=4, after_hash=GENESIS)
    assert broken is not None
    assert (broken.sequence, broken.reason) == (5, "prev_hash")


def test_first_break_reads_no_further_than_the_break() -> None:
    def events() -> Iterator[SealedEvent]:
        yield replace(chain_of(1)[0], payload=b"{}")
        raise AssertionError("read on")

    broken = first_break(events())
    assert broken is not None
    assert (broken.sequence, broken.reason) == (1, "hash")


def test_first_break_names_a_changed_content() -> None:
    events = chain_of(5)
    events[2] = replace(events[2], payload=events[2].payload.replace(b"core.test", b"core.fest"))
    broken = first_break(events)
    assert broken == Break(3, "hash", link(events[1].hash, 3, events[2].payload), events[2].hash)
    assert broken.message == "第3条记录的内容与其摘要不符（内容被改动）。"


def test_first_break_names_a_forged_event_by_its_successor() -> None:
    events = chain_of(5)
    forged = canonical({"stream": "demo", "verb": "core.forged", "number": 3})
    events[2] = replace(events[2], payload=forged, hash=link(events[1].hash, 3, forged))
    broken = first_break(events)
    assert broken is not None
    assert (broken.sequence, broken.reason) == (4, "prev_hash")
    assert broken.message == "第4条记录的前序摘要与上一条记录不符。"


def test_first_break_names_a_missing_event() -> None:
    events = chain_of(5)
    del events[1]
    broken = first_break(events)
    assert broken == Break(3, "sequence", "2", "3")
    assert broken.message == "序号不连续：应为2，实为3（有记录被删除、插入或调换）。"


def test_first_break_finds_a_chain_that_does_not_start_at_one() -> None:
    assert first_break(chain_of(5)[1:]) == Break(2, "sequence", "1", "2")


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_first_break_finds_any_single_changed_byte(data: st.DataObject) -> None:
    events = chain_of(8)
    victim = data.draw(st.integers(0, 7))
    part = data.draw(st.sampled_from(["payload", "prev_hash", "hash"]))
    raw = getattr(events[victim], part)
    content = bytearray(raw if part == "payload" else raw.encode())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 127))
    changed = bytes(content) if part == "payload" else content.decode()
    events[victim] = replace(events[victim], **{part: changed})
    broken = first_break(events)
    assert broken is not None
    assert broken.sequence == victim + 1


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(6)))
def test_first_break_finds_any_reordering(order: list[int]) -> None:
    events = chain_of(6)
    broken = first_break(events[position] for position in order)
    assert (broken is None) is (order == sorted(order))
