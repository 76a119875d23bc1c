"""Forms of the whitelist pages. They check the shape; services check the rules."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.accounts.models import Organization
from apps.core.forms import NameField, RefusableForm
from apps.criteria.facts import TAX_GRADES
from apps.whitelist.services import Answer

_EVERY_LIST = [{"slug": "status_active", "value": None}, {"slug": "no_block_whitelist", "value": None}]


class ProgrammeForm(RefusableForm):
    """A whitelist by the usual criteria; an empty one is not asked for. Status and lists are always asked for."""

    name = NameField(label="名称", max_length=100)
    region_code = forms.ChoiceField(label="适用区划")
    valid_months = forms.IntegerField(label="有效期（月）", min_value=1, max_value=24)
    age_months_min = forms.IntegerField(label="成立不少于（月）", min_value=0, max_value=1200, required=False)
    tax_grade_in = forms.MultipleChoiceField(
        label="纳税缴费信用级别",
        choices=list(TAX_GRADES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    score_min = forms.IntegerField(label="平台信用评分不低于", min_value=0, max_value=1000, required=False)
    coverage_min = forms.DecimalField(
        label="数据覆盖率不低于（%）",
        max_digits=5,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(100),
        localize=False,
        required=False,
    )

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region_code"].choices = regions  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(criteria: list[dict[str, Any]]) -> dict[str, Any]:
        """The fields that a rule fills."""
        return {entry["slug"]: entry["value"] for entry in criteria if "slug" in entry}

    def criteria(self) -> list[dict[str, Any]]:
        """The rule in the language of criteria, after validation."""
        asked = [
            {"slug": slug, "value": self.cleaned_data[slug]} for slug in ("age_months_min", "tax_grade_in", "score_min")
        ]
        asked.append({"slug": "coverage_min", "value": self.cleaned_data["coverage_min"]})
        return _EVERY_LIST + [
            entry | {"value": str(entry["value"])} if isinstance(entry["value"], Decimal) else entry
            for entry in asked
            if entry["value"] not in (None, [])
        ]


class ReasonForm(RefusableForm):
    """Why a run is thrown away."""

    reason = forms.CharField(label="作废原因", max_length=200)


class NoteForm(RefusableForm):
    """Why a firm is removed."""

    note = forms.CharField(label="移出原因", max_length=200)


class PushForm(RefusableForm):
    """The bank that gets the list."""

    bank = forms.ModelChoiceField(label="推送给", queryset=Organization.objects.none(), empty_label="请选择金融机构")

    def __init__(self, *args: Any, banks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank"].queryset = banks  # type: ignore[attr-defined]


class AnswerForm(RefusableForm):
    """A bank's answer that needs no figures."""

    note = forms.CharField(label="说明", max_length=500, required=False)

    def answer(self) -> Answer:
        """The service's value, after validation."""
        return Answer(**self.cleaned_data)


class CreditForm(AnswerForm):
    """What the bank grants."""

    credit_yuan = forms.DecimalField(
        label="授信额度（元）", max_digits=18, decimal_places=2, min_value=Decimal("0.01"), localize=False
    )
    credit_months = forms.IntegerField(label="期限（月）", min_value=1, max_value=600)
    credit_rate_pct = forms.DecimalField(
        label="年利率（%）",
        max_digits=7,
        decimal_places=4,
        min_value=Decimal(0),
        max_value=Decimal(36),
        localize=False,
    )
    field_order = ("credit_yuan", "credit_months", "credit_rate_pct", "note")


class LendForm(AnswerForm):
    """What the bank paid out."""

    lent_yuan = forms.DecimalField(
        label="放款金额（元）", max_digits=18, decimal_places=2, min_value=Decimal("0.01"), localize=False
    )
    lent_on = forms.DateField(label="放款日期", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    field_order = ("lent_yuan", "lent_on", "note")


class DeclineForm(AnswerForm):
    """Why the bank says no."""

    reason_code = forms.ChoiceField(label="拒绝原因")
    field_order = ("reason_code", "note")

    def __init__(self, *args: Any, reasons: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason_code"].choices = [("", "请选择"), *reasons]  # type: ignore[attr-defined]
