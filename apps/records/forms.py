"""Forms of records."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from apps.core.actor import Actor
from apps.core.errors import InvalidInput
from apps.records import selectors
from apps.records.code_faults import FLAGS, KINDS
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


class QualityFilterForm(forms.Form):
    """What the figures of data quality are narrowed by; only what there is is offered."""

    month = forms.ChoiceField(label="月份", required=False)
    source = forms.ChoiceField(label="报送单位", required=False)
    item = forms.ChoiceField(label="信息项", required=False)

    def __init__(self, *args: Any, found: selectors.Overview, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = [("", "全部")]
        choices = {
            "month": [("", "最近一月"), *((f"{day:%Y-%m}", f"{day:%Y年%m月}") for day in found.months)],
            "source": every + [(str(source.pk), str(source)) for source in found.sources],
            "item": every + [(item.code, item.name) for item in found.items],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    @property
    def filters(self) -> selectors.Filters:
        """What was chosen."""
        given = self.cleaned_data
        return selectors.Filters(
            date.fromisoformat(f"{given['month']}-01") if given["month"] else None,
            int(given["source"]) if given["source"] else None,
            given["item"],
        )


class FaultFilterForm(forms.Form):
    """What the list of 重错码 is narrowed by."""

    kind = forms.ChoiceField(
        label="类型", required=False, choices=[("", "全部"), *((kind.slug, kind.label) for kind in KINDS.values())]
    )
    source = forms.TypedChoiceField(label="登记或报送单位", required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, sources: Iterable[Source], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [("", "全部"), *((str(source.pk), str(source)) for source in sources)]
        self.fields["source"].choices = offered  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    """A filled correction workbook."""

    file = forms.FileField(label="填写好的更正表", help_text="本页下载的 .xlsx 文件；没有填写标识位的行不作处理。")


class RoundForm(forms.Form):
    """A round of corrections and what it takes."""

    name = forms.CharField(label="轮次名称", max_length=60)
    accepts = forms.MultipleChoiceField(
        label="接受的数据操作标识位",
        choices=[(flag, f"{flag} {label}") for flag, label in FLAGS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
