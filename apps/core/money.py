"""Money: yuan as Decimal with two places, rounded half up; 万元 and 大写金额 for the reader.

Every rounding of money or rates outside frames goes through `round_yuan` and `round_pct`.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from apps.core.errors import InvalidInput

FEN: Final = Decimal("0.01")
MAX_YUAN: Final = Decimal("9999999999999999.99")  # numeric(18, 2)

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_ROUNDING = Context(prec=100, rounding=ROUND_HALF_UP)


class InvalidAmount(InvalidInput, ValueError):
    """Not an amount in yuan: not a plain number, more than two decimals, or beyond numeric(18, 2)."""

    code = "invalid-amount"
    title = "金额有误"


def yuan(value: Decimal | int | str) -> Decimal:
    """Take an amount in at the door: exact yuan with two places, never rounded.

    Text must be plain ASCII digits (`-1234.50`), without grouping, exponent or unit. Raises InvalidAmount on bad
    values and TypeError on float and bool, which are programming errors.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"money must be Decimal, int or str, not {type(value).__name__}")
    if isinstance(value, str) and not _PLAIN_NUMBER.fullmatch(value):
        raise InvalidAmount("金额应为数字，例如 1234.50。")
    amount = Decimal(value)
    if not amount.is_finite():
        raise InvalidAmount("金额应为有限的数字。")
    if abs(amount) > MAX_YUAN:
        raise InvalidAmount(f"金额超出范围，绝对值不能大于 {MAX_YUAN:,} 元。")
    rounded = round_yuan(amount)
    if rounded != amount:
        raise InvalidAmount("金额最多两位小数（精确到分）。")
    return rounded


def round_yuan(amount: Decimal) -> Decimal:
    """Round yuan half up (away from zero) to the fen. The one rounding of money."""
    return _round_half_up(amount, FEN)


def round_pct(rate: Decimal, places: int = 2) -> Decimal:
    """Round a rate in percent half up to `places` decimals."""
    return _round_half_up(rate, Decimal(1).scaleb(-places))


def _round_half_up(value: Decimal, step: Decimal) -> Decimal:
    if not isinstance(value, Decimal):
        raise TypeError(f"only Decimal is rounded, not {type(value).__name__}")
    if not value.is_finite():
        raise InvalidAmount("数值应为有限的数字。")
    return _ROUNDING.plus(value.quantize(step, context=_ROUNDING))  # plus turns -0.00 into 0.00


def fen_from_yuan(amount: Decimal) -> int:
    """Whole fen of an exact amount in yuan; InvalidAmount if it has a fraction of a fen."""
    return int(yuan(amount).scaleb(2))


def yuan_from_fen(fen: int) -> Decimal:
    """Yuan with two places from whole fen."""
    if isinstance(fen, bool) or not isinstance(fen, int):
        raise TypeError(f"fen must be int, not {type(fen).__name__}")
    return yuan(fen * FEN)


def wan_from_yuan(amount: Decimal) -> Decimal:
    """Exact 万元 from yuan, not rounded."""
    return yuan(amount).scaleb(-4)


def format_yuan(amount: Decimal) -> str:
    """`1,234.50元`: always two decimals."""
    return f"{yuan(amount):,}元"


def format_wan(amount: Decimal, places: int = 2) -> str:
    """`50万元`, `1,234.56万元`: yuan shown in 万元, at most `places` decimals, no trailing zeros.

    An amount too small to show in 万元 is shown in yuan instead of as nothing.
    """
    wan = _round_half_up(wan_from_yuan(amount), Decimal(1).scaleb(-places))
    if not wan and amount:
        return format_yuan(amount)
    whole, _, decimals = f"{wan:,}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}万元" if decimals else f"{whole}万元"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")


def to_uppercase_rmb(amount: Decimal) -> str:
    """大写金额 of an amount of zero or more, `人民币壹佰元整`.

    Source: 《支付结算办法》附一 (银发〔1997〕393号). Where it leaves a choice: 整 only after 元; no 零 before 角 or
    千位 for a zero in the place of 元 or 万 just before it (its example: ¥1,680.32 人民币壹仟陆佰捌拾元叁角贰分).
    """
    fen_total = fen_from_yuan(amount)
    if fen_total < 0:
        raise InvalidAmount("负数金额没有大写写法。")
    whole, cents = divmod(fen_total, 100)
    jiao, fen = divmod(cents, 10)
    text = f"{_spell(whole)}元" if whole or not cents else ""
    if not cents:
        return f"人民币{text}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif text:
        text += "零"
    if fen:
        text += f"{_DIGITS[fen]}分"
    return f"人民币{text}"


def _spell(number: int) -> str:
    """Chinese numeral of a whole number: split at 亿, then at 万, then by place."""
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            return f"{_spell(high)}{unit}{gap}{_spell(low) if low else ''}"
    if not number:
        return _DIGITS[0]
    digits = [int(char) for char in reversed(str(number))]
    text = "".join(
        _DIGITS[digits[place]] + _PLACES[place] if digits[place] else _DIGITS[0]
        for place in range(len(digits) - 1, -1, -1)
    )
    return re.sub("零+", "零", text).rstrip("零")
