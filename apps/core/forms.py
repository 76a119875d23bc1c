"""What forms of all pages share."""

from typing import Any

from django import forms

from apps.core.errors import InvalidInput
from apps.core.texts import plain_line


class NameField(forms.CharField):
    """A name as deliveries keep it: what nobody sees is dropped, what can be composed is (`core.texts`)."""

    def to_python(self, value: Any) -> str:
        """The name as one sees it."""
        return plain_line(str(super().to_python(value))).strip()


class RefusableForm(forms.Form):
    """A form that shows what a service refused beside the fields concerned."""

    def take(self, refusal: InvalidInput) -> None:
        """Put the sentences of a refusal where they belong; the service speaks of yuan where the form asks in 万元."""
        fields = {self._own(name): text for name, text in (refusal.fields or {}).items()}
        known = {name: text for name, text in fields.items() if name in self.fields}
        for name, text in known.items():
            self.add_error(name, text)
        if not known:
            self.add_error(None, refusal.message)

    def _own(self, name: str) -> str:
        return name if name in self.fields else name.replace("_yuan", "_wan")
