"""What the drill delivers: a file with rows of every kind, its corrections, and the registration that frees what had to
wait. The firms are those of the bench, by number.
"""

from collections.abc import Iterator
from typing import Final

from apps.operations.bench.data import codes

FIRMS: Final = 200
LATE_FIRMS: Final = 20
SOCIAL_INSURANCE, REGISTRATION = "social_insurance", "registration"
_PERIODS: Final = [f"{year}{month:02d}" for year in (2024, 2025) for month in range(1, 13)][:15]
_PAYMENT: Final = ",".join(
    [
        *("统一社会信用代码", "单位名称", "费款所属期", "缴费人数", "缴费基数(元)", "应缴金额(元)", "实缴金额(元)"),
        *("缴费日期", "备注", "操作类型", "更正原因"),
    ]
)
_FIRM: Final = ",".join(
    [
        *("统一社会信用代码", "主体名称", "主体类型", "法定代表人(负责人、经营者)", "注册资本(万元)", "成立日期"),
        *("住所(经营场所)", "行业代码", "登记状态"),
    ]
)
_CODES: Final = codes(1, FIRMS + LATE_FIRMS)


def firms() -> bytes:
    """登记注册 of all but the late firms."""
    return _file(_FIRM, (_firm(number) for number in range(FIRMS)))


def all_firms() -> bytes:
    """登记注册 once more: the late firms are in it, a few others have changed."""
    return _file(_FIRM, (_firm(number, capital=300 if number < 15 else 200) for number in range(FIRMS + LATE_FIRMS)))


def payments() -> bytes:
    """社会保险: good rows, rows of late firms, a wrong amount, a repeated row, two rows that contradict each other."""
    return _file(_PAYMENT, _payment_rows())


def corrections() -> bytes:
    """社会保险 after `payments`: 更正, 撤销, the same again, new months, and corrections of nothing."""
    return _file(_PAYMENT, _correction_rows())


def _payment_rows() -> Iterator[str]:
    for number in range(FIRMS):
        yield from (_payment(number, period) for period in _PERIODS)
        if number % 5 == 0:
            yield _payment(number, "202504", paid="十五")
            yield _payment(number, _PERIODS[0])
        if number % 10 == 0:
            yield _payment(number, "202505", paid="100.00")
            yield _payment(number, "202505", paid="200.00")
            yield ""
    for number in range(FIRMS, FIRMS + LATE_FIRMS):
        yield from (_payment(number, period) for period in _PERIODS[:4])


def _correction_rows() -> Iterator[str]:
    for number in range(FIRMS):
        yield _payment(number, _PERIODS[1], paid="2000.00", operation="更正")
        yield _payment(number, _PERIODS[2], paid="2100.00", operation="更正" if number % 2 else "")
        yield _payment(number, "202506")
        if number % 2:
            yield _payment(number, _PERIODS[3], operation="撤销")
        if number % 4 == 0:
            yield _payment(number, _PERIODS[4])
        if number % 20 == 0:
            yield _payment(number, "202302", operation="更正")
            yield _payment(number, "202507", paid="一")


def _payment(number: int, period: str, *, paid: str = "", operation: str = "") -> str:
    staff = 5 + number % 40
    base, due = f"{staff * 4_800}.00", f"{staff * 1_200}.00"
    reason = "核算有误" if operation else ""
    paid_on = f"{period[:4]}-{period[4:]}-12"
    cells = (_CODES[number], _name(number), period, str(staff), base, due, paid or due, paid_on, "", operation, reason)
    return ",".join(cells)


def _firm(number: int, capital: int = 200) -> str:
    person = f"甲{number}"
    return f"{_CODES[number]},{_name(number)},有限责任公司,{person},{capital}.00,2015-03-02,凤翔区,C3311,存续"


def _name(number: int) -> str:
    return f"演练第{number + 1}号机械有限公司"


def _file(head: str, rows: Iterator[str]) -> bytes:
    return "\n".join([head, *rows, ""]).encode()
