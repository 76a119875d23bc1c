"""Form fields that pages share."""

from typing import Any

from django import forms

from apps.core.texts import plain_line


class NameField(forms.CharField):
    """A name as deliveries keep it: what nobody sees is dropped, what can be composed is (`core.texts`)."""

    def to_python(self, value: Any) -> str:
        """The name as one sees it."""
        return plain_line(str(super().to_python(value))).strip()
