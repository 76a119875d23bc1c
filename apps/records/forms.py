"""Forms of records."""

from typing import Any

from django import forms

from apps.core.actor import Actor
from apps.core.errors import InvalidInput
from apps.records import selectors
from apps.records.models import Source


class DeliveryForm(forms.Form):
    """A file and what it is; only what the actor's sources may deliver is offered."""

    file = forms.FileField(label="文件", help_text="CSV、制表符分隔的文本，或 .xlsx 工作簿；列名在前10行内。")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sources = {str(source.pk): source for source in selectors.sources_visible_to(actor)}
        many = len(self._sources) > 1
        choices = [
            (f"{key}:{item.code}", f"{source} · {item}" if many else str(item))
            for key, source in self._sources.items()
            for item in selectors.deliverable_items(source)
        ]
        self.fields["what"] = forms.ChoiceField(label="信息项", choices=choices)
        self.order_fields(["what", "file"])

    @property
    def source(self) -> Source:
        """The source of the chosen item."""
        return self._sources[self.cleaned_data["what"].partition(":")[0]]

    @property
    def item_code(self) -> str:
        """The code of the chosen item."""
        return str(self.cleaned_data["what"].partition(":")[2])

    def take(self, refusal: InvalidInput) -> None:
        """Put a service's refusal beside the file."""
        self.add_error("file", refusal.message)


class SourceForm(forms.Form):
    """Which items of the catalogue an organisation delivers."""

    item_codes = forms.MultipleChoiceField(
        label="信息项",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="不勾选任何一项，该单位即不能报送。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item_codes"].choices = [  # type: ignore[attr-defined]
            (item.code, f"{item.catalogue_no} {item.name}（{item.owner}）") for item in selectors.items_in_force()
        ]


class DismissForm(forms.Form):
    """Why a held row is no fact."""

    reason = forms.CharField(label="理由", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
