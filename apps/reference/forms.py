"""Forms of the dated tables. They check the shape; services check the rules."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator

from apps.core.forms import NameField, RefusableForm
from apps.reference.models import BlockEffect, BlockList, Certainty
from apps.reference.services import Basis

_SIX_DIGITS = RegexValidator(r"^[0-9]{6}$", "区划代码应为6位数字。")


def date_field(label: str, **kwargs: Any) -> forms.DateField:
    """A day, typed or picked."""
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)


class BasisForm(RefusableForm):
    """Base: what the entry rests on."""

    source_document = forms.CharField(label="依据文件", max_length=300, help_text="文件名称和文号，或公告网址的标题。")
    certainty = forms.ChoiceField(label="确定性", choices=Certainty.choices, initial=Certainty.CONFIRMED)
    reason = forms.CharField(label="变更说明", max_length=300, required=False)

    def basis(self) -> Basis:
        """The entry's foundation, after validation."""
        return Basis(self.cleaned_data["source_document"], self.cleaned_data["certainty"], self.cleaned_data["reason"])


class WorkYearForm(BasisForm):
    """The holiday notice of a year."""

    year = forms.IntegerField(label="年份", min_value=2004, max_value=2100)
    days = forms.CharField(
        label="放假和调休上班日期",
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text="每行一天：日期、“休”或“班”、说明，例如“2027-01-01 休 元旦”。保存后替换该年度已有的日期。",
    )
    field_order = ("year", "days")


class LprForm(BasisForm):
    """One publication of the loan prime rate."""

    published_on = date_field("公布日期")
    one_year_pct = forms.DecimalField(
        label="1年期（%）", max_digits=5, decimal_places=2, min_value=0, max_value=99, localize=False
    )
    five_years_pct = forms.DecimalField(
        label="5年期以上（%）", max_digits=5, decimal_places=2, min_value=0, max_value=99, localize=False
    )
    field_order = ("published_on", "one_year_pct", "five_years_pct")


class RegionSearchForm(forms.Form):
    """What to look for among the regions."""

    text = forms.CharField(label="名称或代码", max_length=30, required=False)
    on = date_field("施行于", required=False)


class RegionChangeForm(BasisForm):
    """A new region, a renaming, or 撤县设区."""

    code = forms.CharField(label="区划代码", max_length=6, validators=[_SIX_DIGITS])
    name = NameField(label="名称", max_length=60)
    predecessor_codes = forms.CharField(
        label="原区划代码",
        required=False,
        help_text="由新区划承接、同日失效的代码，用空格分开；新设或更名时不填。",
    )
    effective_from = date_field("生效日期")
    field_order = ("code", "name", "predecessor_codes", "effective_from")

    def clean_predecessor_codes(self) -> list[str]:
        codes = self.cleaned_data["predecessor_codes"].replace("、", " ").replace(",", " ").split()
        for code in codes:
            _SIX_DIGITS(code)
        return list(dict.fromkeys(codes))


class BlockListForm(BasisForm):
    """A list and its effects from a day on."""

    code = forms.CharField(
        label="代码", max_length=12, validators=[RegexValidator(r"^[A-Z0-9_]+$", "代码由大写字母、数字和下划线组成。")]
    )
    name = NameField(label="名单", max_length=60)
    authority = NameField(label="认定机关", max_length=60)
    fact_item = forms.CharField(
        label="触发的目录项",
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "目录项代码由小写字母、数字和下划线组成。")],
    )
    fact_values = forms.CharField(
        label="触发值", required=False, help_text="用空格分开；不填表示只要有该目录项的有效记录就触发。"
    )
    effect_whitelist = forms.ChoiceField(label="对白名单", choices=BlockEffect.choices)
    effect_application = forms.ChoiceField(label="对贷款申请", choices=BlockEffect.choices)
    effect_subsidy = forms.ChoiceField(label="对贴息补偿", choices=BlockEffect.choices)
    effective_from = date_field("生效日期")
    field_order = (
        "code",
        "name",
        "authority",
        "fact_item",
        "fact_values",
        "effect_whitelist",
        "effect_application",
        "effect_subsidy",
        "effective_from",
    )

    VALUE_FIELDS = field_order[1:-1]

    def clean_fact_values(self) -> list[str]:
        values: list[str] = self.cleaned_data["fact_values"].split()
        if any(len(value) > 20 for value in values):
            raise forms.ValidationError("每个触发值不超过20个字。")
        return values

    def values(self) -> dict[str, Any]:
        """The fields of BlockList that the form sets."""
        return {name: self.cleaned_data[name] for name in self.VALUE_FIELDS}

    @classmethod
    def initial_of(cls, row: BlockList) -> dict[str, Any]:
        """What the form shows of a row; basis and date are asked for anew."""
        shown = {name: getattr(row, name) for name in ("code", *cls.VALUE_FIELDS)}
        return {**shown, "fact_values": " ".join(row.fact_values)}


class PolicyFigureForm(BasisForm):
    """A new value of a figure from a day on."""

    value = forms.DecimalField(label="数值", max_digits=18, decimal_places=2, min_value=0)
    effective_from = date_field("生效日期")
    field_order = ("value", "effective_from")
