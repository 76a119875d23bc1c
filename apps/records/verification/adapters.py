"""Question and answer as they go over the line, whichever way they go, and the one interface that adapters have.

An answer has the form of a row of the item (samples, file 18): one flat JSON object, `requestId` and labels or aliases
of the item's fields. Instead of the fields it may carry `result`: 查无此主体 or 无法核验.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Protocol

import polars as pl

from apps.core.clock import business_date
from apps.core.errors import InvalidInput
from apps.core.identifiers import normalise_code
from apps.records.catalogue import CODE, NAME, FieldSpec, ItemSpec, fold_label
from apps.records.normalising import FAULT, VALUE, normalise
from apps.records.reading import jsonlines
from apps.records.reasons import sentence

REQUEST_NO: Final = "request_no"
RESULT: Final = "result"
VERIFIED_ON: Final = "verified_on"
VERIFIED, NO_SUCH_SUBJECT, UNKNOWN = "verified", "no_such_subject", "unknown"

_RESULTS: Final[Mapping[str, str]] = {
    fold_label(spelling): result
    for result, spellings in {
        VERIFIED: ("", "已核验", "verified"),
        NO_SUCH_SUBJECT: ("查无此主体", "no_such_subject"),
        UNKNOWN: ("无法核验", "unknown"),
    }.items()
    for spelling in spellings
}


class SourceFailed(Exception):
    """No answer came that could be used; the message is a Chinese sentence for the operator."""


class SourceUnavailable(SourceFailed):
    """The source could not be reached or was busy: the same question may be put again."""


class AnswerNotTrusted(SourceFailed):
    """What came is not provably the source's answer to this question."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a source is asked. `parameters` are fields of the item's natural key beside the subject, as written."""

    request_no: str
    item_code: str
    code: str
    name: str
    parameters: Mapping[str, str]
    purpose: str
    asked_at: datetime

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object that the source gets."""
        return {
            "requestId": self.request_no,
            "item": self.item_code,
            "uscc": self.code,
            "name": self.name,
            "parameters": dict(self.parameters),
            "purpose": self.purpose,
            "askedAt": self.asked_at.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True, slots=True)
class Reply:
    """What a source answered: `cells` are raw texts by field of the item, empty unless `result` is `verified`."""

    request_no: str
    result: str
    cells: Mapping[str, str]
    text: str

    def line(self, item: ItemSpec) -> str:
        """The row as a delivery of the item carries it."""
        row = {spec.label: self.cells[spec.name] for spec in item.fields if self.cells.get(spec.name)}
        return json.dumps(row, ensure_ascii=False)


class Adapter(Protocol):
    """How a source is asked. Adding a kind: a class with this method, a line in `services.adapters`."""

    def ask(self, question: Question, tell: Callable[[str], None]) -> Reply | None:
        """The reply, or None where it comes later by another way. `tell` hears what is waited for.

        Raises SourceUnavailable and AnswerNotTrusted.
        """


def read_reply(text: str, item: ItemSpec) -> Reply:
    """One answer from its JSON object. Raises InvalidInput with the reason when it is none."""
    names = {label: spec.name for spec in item.fields for label in spec.labels}
    names = {fold_label("requestId"): REQUEST_NO, fold_label(RESULT): RESULT} | names
    cells = jsonlines.read_object(text, names)
    if cells is None:
        raise InvalidInput("不是一个完整的JSON对象，无法读取。")
    request_no = cells.get(REQUEST_NO, "").strip()
    if not request_no:
        raise InvalidInput("没有核验请求编号（requestId）。")
    result = _RESULTS.get(fold_label(cells.get(RESULT, "")))
    if result is None:
        raise InvalidInput(f"核验结果“{cells[RESULT][:40]}”不是已核验、查无此主体或无法核验。")
    return Reply(request_no, result, cells, text)


def fault_of(reply: Reply, question: Question, item: ItemSpec, received_on: date) -> str:
    """Why an answer is none to this question; "" when it is. Whether its fields are well-formed, intake will say."""
    code = normalise_code(reply.cells.get(CODE, ""))
    if code != question.code:
        return f"答复的是另一主体（{code[:40] or '未写统一社会信用代码'}），请求核验的是{question.code}。"
    for name, asked in question.parameters.items():
        spec = item.field(name)
        if _value(spec, reply.cells.get(name, ""), received_on) != _value(spec, asked, received_on):
            return f"答复的“{spec.label}”与请求的不同。"
    answered_on = answered_on_of(reply, item, received_on)
    asked_on = business_date(question.asked_at)
    if answered_on is not None and answered_on < asked_on:
        return f"答复日期{answered_on}早于提问日期{asked_on}。"
    return ""


def answered_on_of(reply: Reply, item: ItemSpec, received_on: date) -> date | None:
    """The day that the answer itself gives; None where it gives none that can be read."""
    spec = next((spec for spec in item.fields if spec.name == VERIFIED_ON), None)
    found: date | None = _value(spec, reply.cells.get(VERIFIED_ON, ""), received_on) if spec else None
    return found


def parameters_of(item: ItemSpec, given: Mapping[str, str], on: date) -> dict[str, str]:
    """The parameters of a question: one value for each field of the natural key beside subject and request number,
    judged like a cell of a delivery. Raises InvalidInput by field.
    """
    specs = {name: item.field(name) for name in item.natural_key if name not in (CODE, NAME, REQUEST_NO)}
    faults = {name: "核验请求没有这一项。" for name in given if name not in specs}
    values = {}
    for name, spec in specs.items():
        raw = given.get(name, "").strip()
        judged = normalise(pl.Series([raw or None], dtype=pl.String), _required(spec), on)
        if fault := judged[FAULT][0]:
            faults[name] = sentence(
                fault, label=spec.label, value=raw, allowed="、".join(sorted(spec.agreed)), max_length=spec.max_length
            )
        values[name] = raw
    if faults:
        raise InvalidInput("".join(faults.values()), fields=faults)
    return values


def key_of(item: ItemSpec, parameters: Mapping[str, str], on: date) -> str:
    """What tells two questions about one subject and item apart."""
    return "|".join(str(_value(item.field(name), parameters[name], on)) for name in sorted(parameters))


def yes_no_fields(item: ItemSpec) -> tuple[FieldSpec, ...]:
    """The fields that an answer decides: those with agreed values."""
    return tuple(spec for spec in item.fields if spec.codes)


def _required(spec: FieldSpec) -> FieldSpec:
    return replace(spec, required=True)


def _value(spec: FieldSpec, raw: str, on: date) -> Any:
    return normalise(pl.Series([raw or None], dtype=pl.String), spec, on)[VALUE][0]
