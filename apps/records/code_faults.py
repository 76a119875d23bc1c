"""重错码: the six kinds (domain §2.3), what the registrar does about each, and what a correction may say. Pure."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from apps.core.identifiers import USCC_LENGTH, USCC_PATTERN, InvalidUscc, normalise_code, parse_uscc
from apps.core.money import round_pct

ONE_CODE_MANY, ONE_SUBJECT_MANY = "one_code_many_subjects", "one_subject_many_codes"
CHECK, BODY, FORM, PLACE = "check", "body", "form", "place"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of 重错码; only `counts_in_rate` ones are 重码 or 错码, the others are hints to look at."""

    slug: str
    label: str
    next_step: str
    counts_in_rate: bool = True


KINDS: Final = {
    kind.slug: kind
    for kind in (
        Kind(ONE_CODE_MANY, "一码多赋", "核对该代码属于哪个主体，为其余主体新赋代码后重报登记注册信息。"),
        Kind(ONE_SUBJECT_MANY, "一主体多码", "核对后保留一个代码，其余填“删除”并写明保留的代码。"),
        Kind(CHECK, "校验错误", "核对登记档案：录错的更正；确属赋错的新赋代码；确系原发代码的填“保持原码不变”。"),
        Kind(BODY, "主体标识码重复", "第9至17位应唯一：核对后为其中一个主体新赋代码，或填“保持原码不变”。"),
        Kind(FORM, "非法字符/长度", "按登记档案更正代码后重报。"),
        Kind(
            PLACE,
            "区划/机构类别不符",
            "核对第2位机构类别与主体类型、第3至8位区划代码；确系原发代码的填“保持原码不变”。",
            False,
        ),
    )
}

ASSIGN, DELETE, KEEP = "0", "1", "2"
FLAGS: Final = {ASSIGN: "新赋码", DELETE: "删除", KEEP: "保持原码不变"}
"""数据操作标识位 of the correction workbook (domain §2.3)."""

_SEPARATORS: Final = re.compile(r"[,，\t|\"'\s;；:：{}]+")
_SHORTEST, _LONGEST = 12, 24


def code_in(text: str, reason: str) -> str:
    """The code that a rejected row was rejected for, found in its original text; empty where none can be told.

    `reason` is code_length, code_alphabet, code_outer or code_inner.
    """
    cells = [normalise_code(cell) for cell in _SEPARATORS.split(text)]
    codes = [cell for cell in cells if cell.isascii() and cell.isalnum() and sum(map(str.isdigit, cell)) >= 6]
    well_formed = [code for code in codes if re.fullmatch(USCC_PATTERN, code)]
    if reason in ("code_outer", "code_inner"):
        found = well_formed
    elif reason == "code_alphabet":
        found = [code for code in codes if len(code) == USCC_LENGTH and code not in well_formed]
    else:
        found = [code for code in codes if len(code) != USCC_LENGTH and _SHORTEST <= len(code) <= _LONGEST]
        found.sort(key=lambda code: abs(len(code) - USCC_LENGTH))
    return found[0] if found else ""


def rate_pct(faulty: int, registered: int) -> Decimal | None:
    """重错码率 = (重码 + 错码) ÷ registered codes, in percent to two places; None without any code."""
    return round_pct(Decimal(faulty) * 100 / registered) if registered else None


def refusal_of_line(*, kind: str, flag: str, accepted_flags: frozenset[str], code: str, other_code: str) -> str:
    """Why a line of the correction workbook cannot be taken, as a sentence; empty where it can.

    `other_code` is the newly assigned code (flag 0) or the code that stays (flag 1).
    """
    if flag not in FLAGS:
        return f"数据操作标识位“{flag}”无效，应为{'、'.join(f'{key}（{label}）' for key, label in FLAGS.items())}。"
    if flag not in accepted_flags:
        taken = "、".join(f"{key}（{FLAGS[key]}）" for key in sorted(accepted_flags))
        return f"本轮不接受“{FLAGS[flag]}”，可填：{taken}。"
    if flag == KEEP:
        return f"标识位为2（{FLAGS[KEEP]}）时不应填写代码。" if other_code else ""
    if not other_code:
        needed = "新赋的代码" if flag == ASSIGN else "保留的代码"
        return (
            "" if flag == DELETE and kind != ONE_SUBJECT_MANY else f"标识位为{flag}（{FLAGS[flag]}）时须填写{needed}。"
        )
    if other_code == code:
        return "填写的代码与有问题的代码相同。"
    try:
        parsed = parse_uscc(other_code)
    except InvalidUscc as error:
        return f"填写的代码有误：{error}"
    return "" if parsed.inner_check_ok else "填写的代码第17位校验码不符，请核对主体标识码。"
