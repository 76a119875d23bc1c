"""Forms of the catalogue's pages: in the words of a clerk, one question a field."""

import re
from typing import Any

from django import forms

from apps.core.forms import RefusableForm
from apps.records.catalogue import ItemSpec
from apps.records.entries import ADDABLE_TYPES, MAX_LABEL, PERIOD_TYPES, NewColumns, NewField, free_places
from apps.records.models.catalogue import ABSENCES, DISCLOSURES, SHAPES, SHARING_MODES
from apps.reference.models import Certainty

_SEPARATORS = re.compile(r"[、,，;；\n]+")


class ItemForm(RefusableForm):
    """A new item and the columns without which it cannot be."""

    name = forms.CharField(label="信息项名称", max_length=100)
    catalogue_no = forms.CharField(label="清单序号", max_length=20, help_text="例如 02-08；清单以外的写“地方-名称”。")
    category = forms.CharField(label="类别", max_length=40, help_text="例如 行政管理信息。")
    owner = forms.CharField(label="提供单位", max_length=100)
    shape = forms.ChoiceField(
        label="形态",
        choices=SHAPES,
        help_text="按期缴费：每月或每期一行（社保、水电）。事项：每件一行（处罚、荣誉）。持有：拥有的东西或资格（专利、不动产）。",
    )
    sharing_mode = forms.ChoiceField(label="共享方式", choices=SHARING_MODES)
    disclosure = forms.ChoiceField(
        label="披露方式",
        choices=DISCLOSURES,
        initial="authorised",
        help_text="公开公示：任何人可看。授权查询：银行须经企业授权。涉及自然人的信息不得公开公示。",
    )
    update_frequency = forms.CharField(label="更新频次", max_length=100, help_text="例如 每月、决定后7个工作日内。")
    retention_months = forms.IntegerField(label="保存期限（月）", min_value=1, max_value=1_200, initial=60)
    absence = forms.ChoiceField(
        label="没有记录时",
        choices=ABSENCES,
        initial="unknown",
        help_text="没有处罚记录即没有处罚；没有缴税记录则不知道。",
    )
    source_document = forms.CharField(label="依据文件", max_length=200, help_text="文件名称和文号。")
    certainty = forms.ChoiceField(label="确定性", choices=Certainty.choices, initial=Certainty.OURS)
    code_label = forms.CharField(label="代码一列的列名", max_length=MAX_LABEL, initial="统一社会信用代码")
    name_label = forms.CharField(label="名称一列的列名", max_length=MAX_LABEL, initial="主体名称")
    date_label = forms.CharField(
        label="日期（所属期）一列的列名",
        max_length=MAX_LABEL,
        required=False,
        help_text="按期缴费和事项必填，例如 费款所属期、决定日期。",
    )
    date_type = forms.ChoiceField(
        label="所属期的写法",
        choices=list(PERIOD_TYPES.items()),
        help_text="只用于按期缴费。",
    )
    key_label = forms.CharField(
        label="编号一列的列名",
        max_length=MAX_LABEL,
        required=False,
        help_text="同一主体（同一期）可以有多行时必填，例如 户号、文书号、证书编号。",
    )
    _COLUMNS = ("code_label", "name_label", "date_label", "date_type", "key_label")

    @property
    def values(self) -> dict[str, Any]:
        """What describes the item."""
        return {name: value for name, value in self.cleaned_data.items() if name not in self._COLUMNS}

    @property
    def columns(self) -> NewColumns:
        """Its first columns."""
        return NewColumns(**{name: self.cleaned_data[name] for name in self._COLUMNS})


class FieldForm(RefusableForm):
    """A new column of an item."""

    label = forms.CharField(label="列名", max_length=MAX_LABEL, help_text="报送文件表头里的写法。")
    aliases = forms.CharField(label="别名", max_length=300, required=False, help_text="表头的其他写法，用顿号隔开。")
    type = forms.ChoiceField(label="写法", choices=list(ADDABLE_TYPES.items()), initial="text")
    unit = forms.CharField(label="计量单位", max_length=20, required=False, help_text="只用于整数和数量，例如 人、吨。")
    required = forms.BooleanField(
        label="必填", required=False, help_text="勾选后，缺这一列的文件整份退回，这一列为空的行退回。"
    )
    may_be_future = forms.BooleanField(
        label="可以是将来的日期", required=False, help_text="例如有效期至、缴费期限；其他日期晚于接收日即退回。"
    )
    codes = forms.CharField(
        label="可填的值",
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="只用于限定取值：每行一个值，其他写法写在冒号后，例如“是：Y、有”。",
    )
    place = forms.ChoiceField(label="用途", required=False, help_text="指标按用途取数；没有合适的就选“其他信息”。")

    def __init__(self, *args: Any, item: ItemSpec, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [("", "其他信息"), *free_places(item).items()]  # type: ignore[attr-defined]

    def clean_codes(self) -> dict[str, list[str]]:
        """Value → its other spellings."""
        codes = {}
        for line in self.cleaned_data["codes"].splitlines():
            value, _, spellings = line.replace("：", ":").partition(":")
            if value.strip():
                codes[value.strip()] = _words(spellings)
        return codes

    @property
    def field(self) -> NewField:
        """The column as described."""
        data = self.cleaned_data
        return NewField(**{**data, "label": data["label"].strip(), "aliases": _words(data["aliases"])})


class AliasForm(RefusableForm):
    """One more label by which senders call a column."""

    alias = forms.CharField(
        label="别名", max_length=MAX_LABEL, help_text="报送文件表头里的写法；全半角、空格和大小写不计。"
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in _SEPARATORS.split(text) if word.strip()]
