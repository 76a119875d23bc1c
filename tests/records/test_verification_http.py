"""The HTTP adapter against a real server on this machine that answers well, badly, late, twice or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.errors import InvalidInput
from apps.records.catalogue import ItemSpec
from apps.records.verification import http
from apps.records.verification.adapters import AnswerNotTrusted, Question, Reply, SourceFailed, SourceUnavailable
from apps.records.verification.http import Endpoint, Http, check_address
from tests.records import verification_source as source_acts
from tests.records.support import CODES, catalogue
from tests.records.verification_source import (
    KEY_ID,
    NEXT_KEY_ID,
    NEXT_SECRET,
    SECRET,
    Act,
    Source,
    answers,
    drips,
    hangs_up,
    replays,
    running,
    says,
    sleeps,
    unsigned,
)

PATIENCE_SECONDS = 0.4
ASKED_AT = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)
QUESTION = Question("HY1", "real_estate", CODES[0], "甲有限公司", {}, "pre_loan_review", ASKED_AT)


@pytest.fixture
def source() -> Iterator[Source]:
    """A running source."""
    with running() as found:
        yield found


@pytest.fixture
def item() -> ItemSpec:
    """不动产核验结果."""
    return catalogue()["real_estate"]


class Waits(list[float]):
    """The pauses that were made, without making them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def adapter_of(source: Source, item: ItemSpec, **changes: Any) -> tuple[Http, Waits]:
    """The adapter of the running source, which makes no pauses but keeps their lengths."""
    keys = {KEY_ID: SECRET, NEXT_KEY_ID: NEXT_SECRET}
    endpoint = replace(Endpoint(source.address, KEY_ID, keys, "sha256", 5, 5), **changes)
    waits = Waits()
    return Http(endpoint, item, lambda: datetime.now(UTC), waits, lambda: 0.5), waits


def ask(adapter: Http) -> Reply:
    """Put the question; something must come back."""
    reply = adapter.ask(QUESTION, lambda note: None)
    assert reply is not None
    return reply


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_ask_signs_the_question_and_takes_the_signed_answer(source: Source, item: ItemSpec, algorithm: str) -> None:
    source.algorithm = algorithm
    adapter, waits = adapter_of(source, item, algorithm=algorithm)
    reply = ask(adapter)
    assert (reply.request_no, reply.result, reply.cells["mortgaged"]) == ("HY1", "verified", "是")
    assert source.asked == [QUESTION.wire]
    assert waits == []


def test_an_answer_may_be_signed_with_the_other_key_while_keys_change(source: Source, item: ItemSpec) -> None:
    source.script = [answers({"key_id": NEXT_KEY_ID, "secret": NEXT_SECRET})]
    assert ask(adapter_of(source, item)[0]).request_no == "HY1"
    with pytest.raises(AnswerNotTrusted, match="密钥编号不是约定的"):
        ask(adapter_of(source, item, keys={KEY_ID: SECRET})[0])


@pytest.mark.parametrize(
    ("first", "waits"),
    [
        ([unsigned(500)], [0.5]),
        ([unsigned(503), unsigned(429)], [0.5, 1.0]),
        ([hangs_up], [0.5]),
        ([sleeps(0.8)], [0.5]),
    ],
    ids=["500", "503-429", "hangs-up", "slow"],
)
def test_what_decided_nothing_is_asked_again_under_the_same_number(
    source: Source, item: ItemSpec, first: list[Act], waits: list[float]
) -> None:
    source.script = [*first, answers()]
    adapter, made = adapter_of(source, item, read_seconds=PATIENCE_SECONDS)
    assert ask(adapter).result == "verified"
    assert [question["requestId"] for question in source.asked] == ["HY1"] * (len(first) + 1)
    assert len(set(source.nonces)) == len(first) + 1
    assert made == waits


@pytest.mark.parametrize(
    ("act", "why"),
    [(unsigned(500), "HTTP 500"), (sleeps(0.8), "限定时间"), (hangs_up, "连接中断")],
    ids=["500", "slow", "hangs-up"],
)
def test_three_tries_are_all(source: Source, item: ItemSpec, act: Act, why: str) -> None:
    source.script = [act]
    with pytest.raises(SourceUnavailable, match=why):
        ask(adapter_of(source, item, read_seconds=PATIENCE_SECONDS)[0])
    assert len(source.asked) == 3


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (answers({"secret": b"x" * 32}), "签名不符"),
        (answers({"at": datetime.now(UTC) - timedelta(minutes=6)}), "相差超过5分钟"),
        (answers({"at": datetime.now(UTC) + timedelta(hours=6)}), "相差超过5分钟"),
        (answers({"nonce": "0" * 32}), "可能是重放"),
        (answers({"algorithm": "sm3"}), "签名不符"),
        (unsigned(200), "没有签名"),
        (answers(requestId="HY2"), "请求编号不是本次"),
        (says(b"<html>\xff"), "无法读取"),
        (says("{不是JSON".encode()), "无法读取"),
        (says(b"[1, 2]"), "无法读取"),
        (says(b'{"requestId": "HY1", "result": "maybe"}'), "不是已核验"),
        (says(b"{}"), "没有核验请求编号"),
        (says(b" " * 70_000), "超过64KB"),
        (says(b"{}", headers={"Content-Encoding": "gzip"}), "压缩"),
        (unsigned(302, {"Location": "http://127.0.0.1:1/elsewhere"}), "未跟随"),
        (unsigned(307, {"Location": "/verify"}), "未跟随"),
        (unsigned(401), "拒绝了请求"),
        (unsigned(404), "拒绝了请求"),
    ],
    ids=[
        "wrong-secret", "too-old", "from-the-future", "foreign-nonce", "other-algorithm", "unsigned", "other-number",
        "bytes", "no-json", "list", "no-such-result", "no-number", "huge", "packed", "302", "307", "401", "404",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_not_asked_again(source: Source, item: ItemSpec, act: Act, why: str) -> None:
    source.script = [act]
    with pytest.raises(AnswerNotTrusted, match=why):
        ask(adapter_of(source, item)[0])
    assert len(source.asked) == 1


def test_a_recorded_answer_serves_once(source: Source, item: ItemSpec) -> None:
    source.script = [replays()]
    adapter, _ = adapter_of(source, item)
    assert ask(adapter).result == "verified"
    with pytest.raises(AnswerNotTrusted, match="可能是重放"):
        ask(adapter)


def test_an_answer_that_drips_is_given_up(source: Source, item: ItemSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(http, "TRIES", 1)
    source.script = [drips]
    with pytest.raises(SourceUnavailable, match="没有在限定时间内答完"):
        ask(adapter_of(source, item)[0])


def test_nobody_at_the_address(item: ItemSpec) -> None:
    with running() as gone:
        pass
    adapter, waits = adapter_of(gone, item)
    with pytest.raises(SourceUnavailable, match="无法与对方建立连接"):
        ask(adapter)
    assert waits == [0.5, 1.0]


def test_no_sentence_tells_a_secret(source: Source, item: ItemSpec) -> None:
    said = []
    for act in (answers({"secret": b"x" * 32}), unsigned(200), unsigned(500), says(b"{}")):
        source.script = [act]
        with pytest.raises(SourceFailed) as failed:
            ask(adapter_of(source, item)[0])
        said.append(f"{failed.value!r} {failed.value.__cause__!r}")
    assert not any(SECRET.decode() in text or SECRET.hex() in text for text in said)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.gov.cn/verify",
        "http://10.0.0.1/verify",
        "http://127.0.0.1.example.cn/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://user:word@example.gov.cn/",
        "https://example.gov.cn/#part",
        "https://",
        "https://[::1/",
        "https://example.gov.cn:port/",
        "https://exa mple.cn/",
        "https://核验.cn/",
        "",
    ],
)
def test_only_https_or_this_machine_is_asked(address: str) -> None:
    with pytest.raises(InvalidInput):
        check_address(address)


@pytest.mark.parametrize("address", ["https://example.gov.cn/verify?x=1", "http://127.0.0.1:8080/", "http://[::1]:1/"])
def test_addresses_that_may_be_asked(address: str) -> None:
    assert check_address(address).hostname


def test_the_script_can_fail(source: Source, item: ItemSpec) -> None:
    """The server refuses what is not signed as agreed: the adapter signs for real."""
    adapter, _ = adapter_of(source, item, keys={KEY_ID: b"z" * 32})
    with pytest.raises(SourceUnavailable):
        ask(adapter)
    assert source.asked == []
    assert source_acts.SECRET != b"z" * 32
