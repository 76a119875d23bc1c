"""What an answer must be to answer a question, when a failing source is left alone, how batches read. No database."""

import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from apps.core.actor import Role
from apps.core.errors import InvalidInput
from apps.records.catalogue import ItemSpec, item_spec
from apps.records.reading import Unreadable
from apps.records.verification.adapters import Question, Reply, fault_of, key_of, parameters_of, read_reply
from apps.records.verification.breaker import PROBE, Breaker
from apps.records.verification.file_backed import FileBacked, read_batch, write_batch
from apps.records.verification.signing import (
    ANSWER,
    REQUEST,
    SIGNATURE,
    TIMESTAMP,
    Message,
    WrongSignature,
    check,
    signed,
)
from apps.records.workflow import QUESTION
from tests.records.support import CODES, catalogue
from tests.support.moves import mistakes

ASKED_AT = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)
AT = datetime(2026, 11, 15, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 15)
REST = timedelta(seconds=60)
ESTATE = catalogue()["real_estate"]
SYSTEM, ASKS = {Role.SYSTEM}, {Role.SYSTEM, Role.DEPARTMENT}

MOVES = {
    ("waiting", "send"): ("sent", ASKS),
    **{(state, "receive"): ("received", ASKS) for state in ("waiting", "sent")},
    **{(state, "find_nobody"): ("unmatched", ASKS) for state in ("waiting", "sent")},
    **{(state, "learn_nothing"): ("unknown", ASKS) for state in ("waiting", "sent")},
    ("received", "store"): ("stored", SYSTEM),
    ("received", "hold"): ("held", SYSTEM),
    ("received", "refuse"): ("refused", SYSTEM),
    **{(state, "fail"): ("failed", SYSTEM) for state in ("waiting", "received")},
    **{(state, "expire"): ("expired", SYSTEM) for state in ("waiting", "sent", "received")},
    **{(state, "cancel"): ("cancelled", SYSTEM) for state in ("waiting", "sent")},
}


def test_every_move_of_a_question() -> None:
    assert mistakes(QUESTION, MOVES) == []


def test_the_readme_draws_the_life_of_a_question() -> None:
    readme = Path(__file__).parents[2] / "apps" / "records" / "README.md"
    assert QUESTION.diagram() in readme.read_text(encoding="utf-8")


def question(**changes: Any) -> Question:
    """A question about 甲."""
    values = {"request_no": "HY1", "item_code": "real_estate", "code": CODES[0], "name": "甲有限公司"}
    return Question(**{**values, "parameters": {}, "purpose": "own", "asked_at": ASKED_AT, **changes})


def line(**changes: Any) -> str:
    """An answer in the form of file 18."""
    row = {"requestId": "HY1", "uscc": CODES[0], "name": "甲有限公司", "hasRealEstate": "否", "mortgaged": None}
    return json.dumps({**row, "sealed": None, "verifiedOn": "2026-11-15", **changes}, ensure_ascii=False)


def fault(text: str, asked: Question | None = None, item: ItemSpec = ESTATE) -> str:
    return fault_of(read_reply(text, item), asked or question(), item, TODAY)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"uscc": f" {CODES[0].lower()} "}, ""),
        ({"name": "甲公司"}, ""),
        ({"verifiedOn": "2026/11/15"}, ""),
        ({"verifiedOn": "2026-11-14"}, "答复日期2026-11-14早于提问日期2026-11-15。"),
        ({"verifiedOn": "昨天"}, ""),
        ({"uscc": CODES[1]}, f"答复的是另一主体（{CODES[1]}），请求核验的是{CODES[0]}。"),
        ({"uscc": None}, f"答复的是另一主体（未写统一社会信用代码），请求核验的是{CODES[0]}。"),
    ],
)
def test_an_answer_fits_its_question(changes: dict[str, Any], why: str) -> None:
    assert fault(line(**changes)) == why


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (line(), "verified"),
        (line(result="已核验"), "verified"),
        ('{"requestId": "HY1", "uscc": "X", "result": "查无此主体"}', "no_such_subject"),
        ('{"requestId": "HY1", "uscc": "X", "result": "无法核验"}', "unknown"),
        ('{"REQUESTID": "HY1", "结果": "无法核验"}', "verified"),
    ],
)
def test_a_reply_says_what_it_is(text: str, result: str) -> None:
    assert read_reply(text, ESTATE).result == result


@pytest.mark.parametrize(
    "text",
    [
        "",
        "是",
        "[]",
        '{"requestId": ""}',
        '{"requestId": "1", "requestId": "2"}',
        '{"requestId": {}}',
        line(result="?"),
    ],
)
def test_what_is_no_reply_says_why(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_reply(text, ESTATE)
    assert refused.value.message.endswith("。")


CERTIFICATES = item_spec(
    code="certificate",
    name="权证核验结果",
    shape="holding",
    natural_key=["code", "certificate_no", "on"],
    key_text=["certificate_no", "on"],
    fields=[
        {"name": "code", "label": "代码", "type": "uscc", "required": True},
        {"name": "subject_name", "label": "名称", "type": "name"},
        {"name": "certificate_no", "label": "权证号", "type": "document_no", "required": True, "max_length": 50},
        {"name": "on", "label": "登记日期", "type": "date", "store": "from_on", "required": True},
        {"name": "valid", "label": "是否有效", "type": "code", "store": "extra.valid", "codes": {"是": [], "否": []}},
    ],
    creates_subjects=False,
)


def test_parameters_are_the_rest_of_the_natural_key_judged_like_cells() -> None:
    given = {"certificate_no": "陕〔2026〕1号", "on": "2026-01-05"}
    assert parameters_of(CERTIFICATES, given, TODAY) == given
    assert parameters_of(ESTATE, {}, TODAY) == {}
    with pytest.raises(InvalidInput) as refused:
        parameters_of(CERTIFICATES, {"on": "2026-02-30", "valid": "是"}, TODAY)
    assert set(refused.value.fields or {}) == {"certificate_no", "on", "valid"}
    other = {"certificate_no": "陕(2026)1号", "on": "2026/1/5"}
    assert key_of(CERTIFICATES, given, TODAY) == key_of(CERTIFICATES, other, TODAY)
    assert key_of(CERTIFICATES, given, TODAY) != key_of(CERTIFICATES, other | {"on": "2026/1/6"}, TODAY)


def test_an_answer_repeats_the_parameters() -> None:
    asked = question(parameters={"certificate_no": "陕〔2026〕1号", "on": "2026-01-05"})
    row = {"requestId": "HY1", "代码": CODES[0], "权证号": "陕(2026)1号", "登记日期": "2026/1/5", "是否有效": "是"}
    assert fault(json.dumps(row), asked, CERTIFICATES) == ""
    assert fault(json.dumps(row | {"权证号": "陕〔2026〕2号"}), asked, CERTIFICATES) == "答复的“权证号”与请求的不同。"


def test_a_batch_goes_out_and_comes_back_line_by_line() -> None:
    assert FileBacked().ask(question(), lambda note: None) is None
    sent = write_batch([question(), question(request_no="HY2", code=CODES[1])])
    assert [json.loads(text)["requestId"] for text in sent.decode().splitlines()] == ["HY1", "HY2"]
    content = f"{line()}\n\n{{坏\n{line(requestId='HY2')}\n".encode("gb18030")
    read = list(read_batch(BytesIO(content), ESTATE))
    assert [number for number, _, _ in read] == [1, 3, 4]
    first, broken, last = (said for _, _, said in read)
    assert isinstance(first, Reply)
    assert isinstance(last, Reply)
    assert (first.request_no, last.request_no) == ("HY1", "HY2")
    assert broken == "不是一个完整的JSON对象，无法读取。"
    with pytest.raises(Unreadable):
        list(read_batch(BytesIO("编号,代码\n1,2\n".encode()), ESTATE))


def test_the_breaker_opens_after_failures_in_a_row_and_probes_once() -> None:
    breaker = Breaker()
    for _ in range(2):
        breaker = breaker.failed(AT, 3)
        assert breaker.state(AT, REST) == "closed"
    breaker = breaker.failed(AT, 3)
    assert (breaker.state(AT, REST), breaker.admitted(AT + REST - timedelta(seconds=1), REST)) == ("open", None)
    later = AT + REST
    assert breaker.state(later, REST) == "half_open"
    probing = breaker.admitted(later, REST)
    assert probing is not None
    assert probing.admitted(later, REST) is None, "one probe at a time"
    assert probing.admitted(later + PROBE, REST) is not None, "a probe that died makes room"
    again = probing.failed(later, 3)
    assert (again.state(later, REST), again.opened_at) == ("open", later)
    assert Breaker().admitted(AT, REST) == Breaker()


REQUESTED = Message(REQUEST, "POST", "/verify?a=1", b'{"a": 1}')


def proof(**changes: Any) -> dict[str, str]:
    values: dict[str, Any] = {"key_id": "k", "secret": b"s" * 32, "nonce": "n", "at": AT, "algorithm": "sha256"}
    return signed(REQUESTED, **{**values, **changes})


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_a_signature_covers_every_part(algorithm: str) -> None:
    headers = proof(algorithm=algorithm)
    secrets = {"k": b"s" * 32}
    assert check(REQUESTED, headers, secrets=secrets, algorithm=algorithm, at=AT) == "n"
    others = [
        Message(ANSWER, "POST", "/verify?a=1", b'{"a": 1}'),
        Message(REQUEST, "GET", "/verify?a=1", b'{"a": 1}'),
        Message(REQUEST, "POST", "/verify?a=2", b'{"a": 1}'),
        Message(REQUEST, "POST", "/verify?a=1", b'{"a": 2}'),
    ]
    changed = [headers | {name: value + "0"} for name, value in headers.items()]
    for message, given in [*((other, headers) for other in others), *((REQUESTED, one) for one in changed)]:
        with pytest.raises(WrongSignature):
            check(message, given, secrets=secrets, algorithm=algorithm, at=AT)


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_clocks_may_differ_by_five_minutes(minutes: int) -> None:
    at = AT + timedelta(minutes=minutes)
    assert check(REQUESTED, proof(), secrets={"k": b"s" * 32}, algorithm="sha256", at=at) == "n"
    with pytest.raises(WrongSignature, match="5分钟"):
        check(REQUESTED, proof(), secrets={"k": b"s" * 32}, algorithm="sha256", at=AT + timedelta(seconds=301))


@pytest.mark.parametrize("changes", [{TIMESTAMP: "١"}, {TIMESTAMP: "-1"}, {TIMESTAMP: ""}, {SIGNATURE: "é"}])
def test_odd_headers_are_wrong_signatures(changes: dict[str, str]) -> None:
    with pytest.raises(WrongSignature):
        check(REQUESTED, proof() | changes, secrets={"k": b"s" * 32}, algorithm="sha256", at=AT)
