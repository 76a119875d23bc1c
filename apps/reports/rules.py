"""The number of a report, how long it is valid, and what a check of a copy says. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
PREFIX = "XQ"
RANDOM_LENGTH = 6
# Without characters that are read wrongly from paper: 0 O, 1 I, and vowels that make words.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 22


def report_number(now: datetime, random_part: str) -> str:
    """`XQ` + yyyyMMddHHmmss in Asia/Shanghai + six random characters: 22 in all (domain §9.1)."""
    if len(random_part) != RANDOM_LENGTH or not set(random_part) <= set(ALPHABET):
        raise ValueError(f"random part must be {RANDOM_LENGTH} characters of the alphabet: {random_part!r}")
    return f"{PREFIX}{now.astimezone(CHINA):%Y%m%d%H%M%S}{random_part}"


def valid_until(issued_on: date, days: int) -> date:
    """The last day on which a report counts as current; the day of issue is the first of `days`."""
    if days < 1:
        raise ValueError(f"days must be at least 1: {days}")
    return issued_on + timedelta(days=days - 1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the public check says of a report: a stable code, a Chinese sentence, and whether it may be relied on."""

    code: str
    sentence: str
    holds: bool


def standing(*, is_revoked: bool, valid_until_on: date, on: date) -> Standing:
    """Whether a report that was issued still counts on a day."""
    if is_revoked:
        return Standing("revoked", "本报告已被撤销，不应再作为依据。", False)
    if on > valid_until_on:
        return Standing("expired", f"本报告真实，但已于 {valid_until_on} 过有效期，请以新报告为准。", False)
    return Standing("valid", "本报告由本平台出具，目前有效。", True)
