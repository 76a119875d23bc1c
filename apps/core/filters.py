"""Filters that take plain spellings only, like the fields of bodies (`core.fields`)."""

import re
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field


class _PlainSpelling(forms.CharField):
    """Text that must match `form` before the field reads it."""

    form: ClassVar[re.Pattern[str]]
    sentence: ClassVar[str]

    def to_python(self, value: Any) -> Any:
        """The text, or None where nothing was given."""
        if value in (None, ""):
            return None
        if not self.form.fullmatch(value):
            raise ValidationError(self.sentence)
        return value


class _Whole(_PlainSpelling):
    form = re.compile(r"[0-9]{1,18}")
    sentence = "应为整数。"

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return None if text is None else int(text)


class _Yuan(_PlainSpelling):
    form = re.compile(r"[0-9]{1,16}(\.[0-9]{1,2})?")
    sentence = "金额应为元，例如 1234.50。"

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return None if text is None else Decimal(text)


class _Day(_PlainSpelling):
    form = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
    sentence = "日期应写作 2026-11-15。"

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return None if text is None else forms.DateField().to_python(text)


class WholeFilter(django_filters.NumberFilter):
    """A whole number, not negative."""

    field_class = _Whole

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, label=label, **kwargs)
        # The description would call it a number with decimals.
        extend_schema_field({"type": "integer", "format": "int64", "description": label})(self)


class YuanFilter(django_filters.NumberFilter):
    """An amount in yuan, not negative."""

    field_class = _Yuan


class DayFilter(django_filters.DateFilter):
    """A day as 2026-11-15."""

    field_class = _Day


def code_filter(label: str) -> django_filters.CharFilter:
    """By the present unified social credit code of the subject that a row is about."""
    return django_filters.CharFilter(label=label, field_name="subject__code", max_length=18)
