"""Financing needs filled in at the window (CSV): each row is a need or is rejected with a reason. Pure.

read = not data + accepted + rejected + duplicate always holds; duplicates of stored rows are found by the service.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from apps.core.errors import InvalidInput
from apps.core.identifiers import parse_uscc
from apps.core.money import yuan
from apps.criteria.facts import PURPOSES

COLUMNS: Final = (
    "统一社会信用代码",
    "企业名称",
    "融资金额(万元)",
    "期限(月)",
    "资金用途",
    "能否提供抵押物",
    "可接受最高年利率(%)",
    "提交日期",
)
MAX_BYTES: Final = 5_000_000
MAX_TERM_MONTHS: Final = 600
MAX_RATE_PCT: Final = 100
_PURPOSE_OF: Final = {label: code for code, label in PURPOSES.items()}


class UnreadableNeeds(InvalidInput):
    """The file as a whole is no list of needs."""

    code = "unreadable-needs"
    title = "融资需求文件无法读取"


class InvalidNeed(InvalidInput):
    """A need that cannot be taken; `fields` maps field → sentence."""

    code = "invalid-need"
    title = "融资需求有误"


@dataclass(frozen=True, slots=True)
class NeedTerms:
    """What is wanted: yuan, months, percent a year. Whether security can be given: None where not said."""

    amount_yuan: Decimal
    term_months: int
    purpose: str
    has_collateral: bool
    max_rate_pct: Decimal
    can_guarantee: bool | None = None
    can_pledge: bool | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be taken: line (from 1), column, its text, and why."""

    row: int
    column: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A row that was understood."""

    row: int
    code: str
    name: str
    terms: NeedTerms
    submitted_on: date


@dataclass(frozen=True, slots=True)
class NeedFile:
    """What a file came to."""

    read: int
    not_data: int
    needs: tuple[NeedRow, ...]
    rejected: tuple[Rejection, ...]


def check_need(terms: NeedTerms) -> None:
    """Raises InvalidNeed with one sentence for each field at fault."""
    faults = {}
    if terms.amount_yuan <= 0:
        faults["amount_yuan"] = "融资金额应大于零。"
    if not 0 < terms.term_months <= MAX_TERM_MONTHS:
        faults["term_months"] = f"融资期限应为 1 至 {MAX_TERM_MONTHS} 个月。"
    if terms.purpose not in PURPOSES:
        faults["purpose"] = f"资金用途应为{'、'.join(PURPOSES.values())}之一。"
    if not 0 < terms.max_rate_pct <= MAX_RATE_PCT or terms.max_rate_pct != round(terms.max_rate_pct, 2):
        faults["max_rate_pct"] = "可接受最高年利率应大于 0、不超过 100，最多两位小数。"
    if faults:
        raise InvalidNeed(next(iter(faults.values())), fields=faults)


def read_needs(content: bytes, business_date: date) -> NeedFile:
    """Read every row. Raises UnreadableNeeds if it is no such file."""
    rows = _rows(content)
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        raise UnreadableNeeds(f"表头应依次为：{'、'.join(COLUMNS)}。")
    needs: list[NeedRow] = []
    rejected: list[Rejection] = []
    not_data = 1
    for number, cells in enumerate(rows[1:], 2):
        filled = [cell for cell in cells if cell.strip()]
        if not filled or (len(filled) == 1 and filled[0].strip().startswith(("注", "说明"))):
            not_data += 1
            continue
        found = _need(number, cells, business_date)
        if isinstance(found, NeedRow):
            needs.append(found)
        else:
            rejected.append(found)
    return NeedFile(len(rows), not_data, tuple(needs), tuple(rejected))


def _rows(content: bytes) -> list[list[str]]:
    if len(content) > MAX_BYTES:
        raise UnreadableNeeds(f"文件超过 {MAX_BYTES // 1_000_000} MB。")
    for encoding in ("utf-8-sig", "gb18030"):  # many GB18030 texts are no UTF-8, few the other way round
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableNeeds("文件编码应为 UTF-8 或 GB18030。")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise UnreadableNeeds("文件不是完整的 CSV，可能缺少引号。") from error


def _need(number: int, cells: list[str], business_date: date) -> NeedRow | Rejection:
    """The need of a row, or the first cell that cannot be taken."""
    if len(cells) != len(COLUMNS):
        return Rejection(number, "", ",".join(cells)[:200], f"该行有 {len(cells)} 列，应为 {len(COLUMNS)} 列。")
    values: dict[str, Any] = {}
    for column, cell in zip(COLUMNS, cells, strict=True):
        text = cell.strip()
        try:
            if not text:
                raise InvalidNeed("此列必填。")
            values[column] = _READERS[column](text)
        except InvalidInput as error:
            return Rejection(number, column, text, error.message)
    if values["提交日期"] > business_date:
        return Rejection(number, "提交日期", cells[-1].strip(), "提交日期晚于今天。")
    terms = NeedTerms(
        amount_yuan=values["融资金额(万元)"],
        term_months=values["期限(月)"],
        purpose=values["资金用途"],
        has_collateral=values["能否提供抵押物"],
        max_rate_pct=values["可接受最高年利率(%)"],
    )
    try:
        check_need(terms)
    except InvalidNeed as error:
        column = _COLUMN_OF[next(iter(error.fields or {}))]
        return Rejection(number, column, cells[COLUMNS.index(column)].strip(), error.message)
    return NeedRow(number, values["统一社会信用代码"], values["企业名称"], terms, values["提交日期"])


def _yes_or_no(text: str) -> bool:
    if text not in {"是", "否"}:
        raise InvalidNeed("应填“是”或“否”。")
    return text == "是"


def _months(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise InvalidNeed("应为整数月数，不带单位。")
    return int(text)


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise InvalidNeed("应为不带单位的数字。")
    return Decimal(text)


def _day(text: str) -> date:
    match = re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})", text)
    try:
        return date(*map(int, match.groups() if match else ()))
    except (TypeError, ValueError):
        raise InvalidNeed("日期应写成 2026-09-03，并且确有其日。") from None


def _purpose(text: str) -> str:
    if text not in _PURPOSE_OF:
        raise InvalidNeed(f"资金用途应为{'、'.join(_PURPOSE_OF)}之一。")
    return _PURPOSE_OF[text]


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "统一社会信用代码": lambda text: parse_uscc(text).code,
    "企业名称": str,
    "融资金额(万元)": lambda text: yuan(_number(text) * 10_000),
    "期限(月)": _months,
    "资金用途": _purpose,
    "能否提供抵押物": _yes_or_no,
    "可接受最高年利率(%)": _number,
    "提交日期": _day,
}
_COLUMN_OF: Final = {
    "amount_yuan": "融资金额(万元)",
    "term_months": "期限(月)",
    "purpose": "资金用途",
    "max_rate_pct": "可接受最高年利率(%)",
}
