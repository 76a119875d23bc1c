"""Forms of records."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms

from apps.core.actor import Actor
from apps.core.errors import InvalidInput
from apps.records import selectors
from apps.records.code_faults import FLAGS, KINDS
from apps.records.held_decisions import ACCEPT, ASSIGN, DECISIONS, DISMISS
from apps.records.manifest import KINDS as DELIVERY_KINDS
from apps.records.manifest import MAX_ROWS, MAX_SEQUENCE, Manifest, WrongManifest, read_digest
from apps.records.models import Source
from apps.records.reasons import HELD, LABELS

_MANIFEST_FIELDS = ("kind", "period_from_on", "period_to_on", "sequence", "declared_rows", "digest")


class _SeveralFiles(forms.ClearableFileInput):
    """A chooser that takes several files at once."""

    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """One file or several; each is checked by itself."""

    widget = _SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """The files in the order in which they were chosen."""
        given = data if isinstance(data, list) else [data]
        return [super(_FilesField, self).clean(one, initial) for one in given or [None]]


class DeliveryForm(forms.Form):
    """Files and what they are; only what the actor's sources may deliver is offered. The manifest may stay empty."""

    file = _FilesField(
        label="文件",
        max_length=255,
        allow_empty_file=True,
        help_text="CSV、制表符分隔的文本、.xlsx 工作簿或逐行 JSON，列名在前10行内；可以一次选择同一信息项的多个文件。",
    )
    kind = forms.ChoiceField(
        label="报送性质",
        required=False,
        choices=[("", "按文件名识别（含“更正”“补报”字样）"), *DELIVERY_KINDS],
    )
    period_from_on = forms.DateField(label="所属期起", required=False, widget=forms.DateInput({"type": "date"}))
    period_to_on = forms.DateField(label="所属期止", required=False, widget=forms.DateInput({"type": "date"}))
    sequence = forms.IntegerField(
        label="报送序号", required=False, min_value=1, max_value=MAX_SEQUENCE, help_text="本单位本信息项的第几份文件。"
    )
    declared_rows = forms.IntegerField(
        label="数据行数",
        required=False,
        min_value=0,
        max_value=MAX_ROWS,
        help_text="标题、空行、合计和说明不计；与文件不符时整份退回。",
    )
    digest = forms.CharField(
        label="文件摘要",
        required=False,
        max_length=80,
        help_text="SHA-256（64位十六进制），或 sm3:… ；与文件不符时不接收。",
    )

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

    def clean(self) -> dict[str, Any]:
        """What can be true of one file only is refused for several. Errors of the manifest stand beside its fields."""
        given = super().clean() or {}
        if len(given.get("file", [])) > 1:
            for name in ("sequence", "declared_rows", "digest"):
                if given.get(name) not in (None, ""):
                    self.add_error(name, "只能说明一份文件；多份文件请分开报送，或不填此项。")
        try:
            digest = read_digest(given["digest"]) if given.get("digest") else None
            named = {name: given.get(name) for name in ("period_from_on", "period_to_on", "sequence", "declared_rows")}
            self.manifest = Manifest(**named, digest=digest, kind=given.get("kind", ""))
        except WrongManifest as fault:
            for name, sentence in (fault.fields or {}).items():
                self.add_error(name, sentence)
        return given

    @property
    def source(self) -> Source:
        """The source of the chosen item."""
        return self._sources[self.cleaned_data["what"].partition(":")[0]]

    @property
    def item_code(self) -> str:
        """The code of the chosen item."""
        return str(self.cleaned_data["what"].partition(":")[2])

    @property
    def manifest_fields(self) -> list[forms.BoundField]:
        """The fields that may stay empty."""
        return [self[name] for name in _MANIFEST_FIELDS]

    @property
    def says_more(self) -> bool:
        """Whether the manifest is filled or faulty, so that it has to be seen."""
        return any(field.errors or field.value() for field in self.manifest_fields)

    def take(self, name: str, refusal: InvalidInput) -> None:
        """Put a service's refusal of a file beside the files."""
        self.add_error("file", f"{name}：{refusal.message}")


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


class HeldFilterForm(forms.Form):
    """What of the held rows is looked at; comes in the address."""

    item = forms.ChoiceField(label="信息项", required=False)
    reason = forms.ChoiceField(label="原因", required=False)
    delivery = forms.IntegerField(label="报送号", required=False, min_value=1, max_value=2**31 - 1)
    code = forms.CharField(label="统一社会信用代码", required=False, max_length=40)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items, reasons = [("", "全部"), *selectors.held_items(actor)], [("", "全部")]
        reasons += [(reason, LABELS[reason]) for reason in HELD]
        self.fields["item"].choices = items  # type: ignore[attr-defined]
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]

    @property
    def found(self) -> selectors.HeldFilter:
        """The filter; a field that cannot be read is left out."""
        given = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        return selectors.HeldFilter(
            item=given.get("item", ""),
            reason=given.get("reason", ""),
            delivery=given.get("delivery"),
            code=given.get("code", ""),
        )


@dataclass(frozen=True, slots=True)
class HeldAct:
    """What a button of the work list asks for; `whole`: for everything that the filter finds."""

    decision: str
    rows: tuple[int, ...] = ()
    subject_code: str = ""
    whole: bool = False


class HeldDecisionForm(forms.Form):
    """One decision with one reason. `act` is the button that was pressed: `chosen` and `whole` take the decision in
    `bulk`, `accept:<row>`, `dismiss:<row>` and `assign:<row>:<code>` speak for themselves.
    """

    act = forms.RegexField(
        label="处理",
        regex=r"^(chosen|whole|(accept|dismiss):[0-9]{1,18}|assign:[0-9]{1,18}:[0-9A-Z]{18})$",
        error_messages={"invalid": "没有这种处理方式。", "required": "请选择处理方式。"},
    )
    bulk = forms.ChoiceField(
        label="处理方式",
        required=False,
        choices=[(each.slug, each.label) for each in DECISIONS.values() if each.for_all or each.slug == ACCEPT],
    )
    reason = forms.CharField(label="理由", max_length=150, error_messages={"required": "请填写理由。"})

    @property
    def chosen(self) -> HeldAct:
        """What to do, of a valid form. Rows that are no numbers were not on the page and are left out."""
        verb, _, rest = self.cleaned_data["act"].partition(":")
        if verb in (ACCEPT, DISMISS):
            return HeldAct(verb, (int(rest),))
        if verb == ASSIGN:
            row, _, code = rest.partition(":")
            return HeldAct(ASSIGN, (int(row),), code)
        ticked = self.data.getlist("rows") if hasattr(self.data, "getlist") else []
        rows = tuple(int(value) for value in ticked if value.isascii() and value.isdigit() and len(value) < 19)
        return HeldAct(self.cleaned_data["bulk"], rows, whole=verb == "whole")


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
