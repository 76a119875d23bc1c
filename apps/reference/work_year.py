"""Reading the holiday notice of a year as an operator types it: one day a line, 休 or 班. Pure."""

import re
from datetime import date
from typing import NamedTuple

from apps.core.errors import InvalidInput

_SATURDAY = 5
_LINE = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?[\s,，:：]*([休班])[\s,，:：]*(.{0,40})")


class DayException(NamedTuple):
    """A day that differs from Monday to Friday."""

    on: date
    is_workday: bool
    name: str


def parse_work_year(year: int, text: str) -> list[DayException]:
    """The exceptions of a year, in order. Lines such as `2027-01-01 休 元旦` or `2月6日 班`; blank lines are skipped.

    A weekend day 休 is nothing special and left out. InvalidInput lists every line that is wrong.
    """
    found: dict[date, DayException] = {}
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            day = _parse_line(year, line.strip())
            if day.on in found:
                raise InvalidInput(f"{day.on} 重复")
        except InvalidInput as fault:
            faults.append(f"第{number}行：{fault.message}")
            continue
        found[day.on] = day
    if faults:
        raise InvalidInput("日历有误，没有保存。", fields={"days": "；".join(faults)})
    days = [day for _, day in sorted(found.items()) if day.is_workday or day.on.weekday() < _SATURDAY]
    if not any(not day.is_workday for day in days):
        raise InvalidInput(
            "日历有误，没有保存。", fields={"days": f"没有读到{year}年的放假日期，请逐行填写日期和“休”或“班”。"}
        )
    return days


def _parse_line(year: int, line: str) -> DayException:
    match = _LINE.fullmatch(line)
    if match is None:
        raise InvalidInput(f"“{line}”不是“日期 休/班 说明”的写法")
    if match[1] and int(match[1]) != year:
        raise InvalidInput(f"“{line}”不在{year}年")
    try:
        on = date(year, int(match[2]), int(match[3]))
    except ValueError:
        raise InvalidInput(f"“{line}”没有这一天") from None
    is_workday = match[4] == "班"
    if is_workday and on.weekday() < _SATURDAY:
        raise InvalidInput(f"{on} 本来就是工作日，不需要标“班”")
    return DayException(on, is_workday, match[5].strip())
