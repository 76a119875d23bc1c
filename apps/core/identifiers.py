"""统一社会信用代码 (unified social credit code, USCC) and 公民身份号码 (resident identity number).

Sources: GB 32100-2015 (structure), GB/T 17710 MOD 31-3 (outer check character), GB 11714 (组织机构代码, inner check
character), GB 11643 (resident identity number).
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from apps.core.errors import InvalidInput

UsccFault = Literal["length", "alphabet", "outer_check"]

USCC_LENGTH: Final = 18
OUTER_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I O S V Z
OUTER_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))
# GB 11714 counts I, O, S, V and Z in its scale of values although no code contains them.
INNER_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
INNER_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_DIGITS = "0123456789"
USCC_PATTERN: Final = f"^[{OUTER_ALPHABET}]{{2}}[0-9]{{6}}[{OUTER_ALPHABET}]{{10}}$"

# Spaces, zero-width and direction marks, dashes and minus signs carry no meaning in a code.
_IGNORED = (
    "\t\n\v\f\r -\x85\xa0\xad\u02d7\u061c\u1680\u180e"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f"
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u2043\u205f"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u2212"
    "\u2e3a\u2e3b\u3000\ufe31\ufe32\ufe58\ufe63\ufeff\uff0d"
)
CODE_TRANSLATION: Final[dict[int, str | None]] = {
    **{0xFEE0 + point: chr(point).upper() for point in range(0x21, 0x7F)},
    **{ord(char): char.upper() for char in "abcdefghijklmnopqrstuvwxyz"},
    **dict.fromkeys(map(ord, _IGNORED)),
}

_USCC = re.compile(USCC_PATTERN)
_CITIZEN_ID = re.compile(r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9X]")

UNLISTED_LABEL: Final = "未列明"
REGISTRAR_LABELS: Final = {
    "1": "机构编制",
    "2": "外交",
    "3": "司法行政",
    "4": "文化",
    "5": "民政",
    "6": "旅游",
    "7": "宗教",
    "8": "工会",
    "9": "市场监管",
    "A": "中央军委改革和编制办公室",
    "N": "农业",
    "Y": "其他",
}
ENTITY_KIND_LABELS: Final = {
    "11": "机关",
    "12": "事业单位",
    "13": "群团",
    "19": "其他",
    "51": "社会团体",
    "52": "民办非企业单位",
    "53": "基金会",
    "59": "其他",
    "91": "企业",
    "92": "个体工商户",
    "93": "农民专业合作社",
    "99": "其他",
}


class InvalidUscc(InvalidInput, ValueError):
    """The text is not a unified social credit code; `reason` names the first check that failed.

    The message never repeats the text: it may be somebody's identity number.
    """

    code = "invalid-uscc"
    title = "统一社会信用代码有误"

    def __init__(self, reason: UsccFault, message: str) -> None:
        super().__init__(message)
        self.reason: UsccFault = reason
        self.args = (reason, message)  # so that a pickled error can be rebuilt


@dataclass(frozen=True, slots=True)
class Uscc:
    """A well-formed code with a right outer check character (GB 32100-2015 §4).

    `registrar` and `entity_kind` are the raw characters; `region_code` is the division at the time of registration
    and may be abolished or unknown. `inner_check_ok` is False for a 错码: some such codes were really issued.
    """

    code: str
    region_code: str
    registrar: str
    entity_kind: str
    body: str
    inner_check_ok: bool

    @property
    def registrar_label(self) -> str:
        """登记管理部门 in Chinese, 未列明 where the standard lists none."""
        return REGISTRAR_LABELS.get(self.registrar, UNLISTED_LABEL)

    @property
    def entity_kind_label(self) -> str:
        """机构类别 in Chinese, 未列明 where the standard lists none for this registrar."""
        return ENTITY_KIND_LABELS.get(self.registrar + self.entity_kind, UNLISTED_LABEL)

    def __str__(self) -> str:
        return self.code


def parse_uscc(text: str) -> Uscc:
    """Read a unified social credit code, forgiving case, full width, spaces and dashes.

    Raises InvalidUscc with reason `length`, `alphabet` or `outer_check`, whichever fails first.
    """
    code = normalise_code(text)
    if len(code) != USCC_LENGTH:
        raise InvalidUscc("length", f"统一社会信用代码应为{USCC_LENGTH}位，实际为{len(code)}位。")
    if not _USCC.fullmatch(code):
        raise InvalidUscc("alphabet", _alphabet_sentence(code))
    if code[17] != outer_check_char(code[:17]):
        raise InvalidUscc("outer_check", "统一社会信用代码校验不符（第18位校验码），请核对是否录错。")
    body = body_of(code)
    return Uscc(
        code=code,
        region_code=code[2:8],
        registrar=code[0],
        entity_kind=code[1],
        body=body,
        inner_check_ok=body[8] == inner_check_char(body[:8]),
    )


def _alphabet_sentence(code: str) -> str:
    allowed = [_DIGITS if 3 <= position <= 8 else OUTER_ALPHABET for position in range(1, USCC_LENGTH + 1)]
    place = next(place for place, char in enumerate(code) if char not in allowed[place])
    found = f"统一社会信用代码第{place + 1}位“{code[place]}”"
    if allowed[place] == _DIGITS:
        return f"{found}不是数字（第3至8位为行政区划代码）。"
    return f"{found}不是允许的字符（数字或除I、O、S、V、Z外的大写字母）。"


def normalise_code(text: str) -> str:
    """Upper-case ASCII, half-width form of a code without spaces, invisible characters and dashes; checks nothing."""
    return text.translate(CODE_TRANSLATION)


def body_of(code: str) -> str:
    """主体标识码 (positions 9 to 17) of a normalised 18-character code: the former 组织机构代码."""
    return code[8:17]


def outer_check_char(first17: str) -> str:
    """Check character for the first 17 characters (GB/T 17710). ValueError on a character outside OUTER_ALPHABET."""
    total = sum(OUTER_ALPHABET.index(char) * weight for char, weight in zip(first17, OUTER_WEIGHTS, strict=True))
    return OUTER_ALPHABET[-total % 31]


def inner_check_char(first8: str) -> str:
    """Check character for the first 8 characters of the body (GB 11714). ValueError on a character outside A-Z, 0-9."""
    total = sum(INNER_ALPHABET.index(char) * weight for char, weight in zip(first8, INNER_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def is_citizen_id(text: str) -> bool:
    """Whether the text is an 18-digit resident identity number: birth date and check digit right (GB 11643).

    The place of birth is not looked up: a person from an abolished division must be recognised too. One in 31 such
    numbers also passes the outer check of a credit code, so where both may occur ask this before parse_uscc.
    """
    number = normalise_code(text)
    if not _CITIZEN_ID.fullmatch(number) or ric.calc_check_digit(number) != number[17]:
        return False
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return True
