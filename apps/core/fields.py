"""Serializer fields that take plain spellings only: DRF's own accept `1_000`, full-width digits and invisible
characters (pitfalls M10).
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.money import InvalidAmount, yuan
from apps.core.texts import has_invisible

# Amounts and rates are text in both directions: a reader that made a float of one would lose digits.
DECIMAL_TEXT: Final = {"type": "string", "format": "decimal"}

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?")


@extend_schema_field(DECIMAL_TEXT)
class YuanField(serializers.Field[Decimal, Any, str, Any]):
    """Yuan, at most two decimals; answered as text so that no reader makes a float of it."""

    def to_internal_value(self, data: Any) -> Decimal:
        """The exact amount."""
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            raise serializers.ValidationError("金额应为数字，例如 1234.50。")
        try:
            return yuan(data)
        except InvalidAmount as error:
            raise serializers.ValidationError(error.message) from error

    def to_representation(self, value: Decimal) -> str:
        """Plain digits."""
        return format(value, "f")


@extend_schema_field(DECIMAL_TEXT)
class PercentField(serializers.Field[Decimal, Any, str, Any]):
    """A rate in percent, not negative, at most four decimals."""

    def to_internal_value(self, data: Any) -> Decimal:
        """The exact rate."""
        text = format(data, "f") if isinstance(data, Decimal) else str(data)
        if isinstance(data, bool) or not _PERCENT.fullmatch(text):
            raise serializers.ValidationError("应为百分数，例如 4.35，最多四位小数。")
        return Decimal(text)

    def to_representation(self, value: Decimal) -> str:
        """Plain digits."""
        return format(value, "f")


class WholeField(serializers.IntegerField):
    """A whole number in plain ASCII digits."""

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if isinstance(data, bool) or not _WHOLE.fullmatch(str(data)):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class DayField(serializers.DateField):
    """A day as 2026-11-15 and in no other spelling."""

    def to_internal_value(self, value: Any) -> Any:
        """The date."""
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise serializers.ValidationError("日期应写作 2026-11-15。")
        return super().to_internal_value(value)


class PlainTextField(serializers.CharField):
    """Text as it looks: invisible characters are refused."""

    def to_internal_value(self, data: Any) -> str:
        """The text."""
        text = super().to_internal_value(data)
        if not isinstance(data, str) or has_invisible(text):
            raise serializers.ValidationError("文字中含有不可见的控制字符。")
        return str(text)


class Body(serializers.Serializer[Any]):
    """The body of a write: a field that does not exist is refused, not dropped (pitfalls F8)."""

    def to_internal_value(self, data: Any) -> Any:
        """The fields. Raises ValidationError naming what is unknown."""
        unknown = set(_keys(data)) - set(self.fields)
        if unknown:
            raise serializers.ValidationError({name: ["没有这个字段。"] for name in sorted(unknown)})
        return super().to_internal_value(data)


def _keys(data: Any) -> Iterable[str]:
    return data.keys() if hasattr(data, "keys") else ()
