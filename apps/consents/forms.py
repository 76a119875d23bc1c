"""Shapes of what a firm enters to give or withdraw a consent."""

from typing import Any

from django import forms

from apps.consents.rules import PURPOSE_LABELS, SCOPE_LABELS
from apps.consents.selectors import consentable_items, possible_grantees

EVERYBODY = "all"


class ConsentForm(forms.Form):
    """Terms of a consent; what may be chosen comes from the platform's tables."""

    grantee = forms.ChoiceField(
        label="授权给",
        widget=forms.Select(attrs={"data-search": ""}),
        help_text="授权全部入驻金融机构，可让更多银行为本企业匹配产品。",
    )
    purposes = forms.MultipleChoiceField(
        label="用途", widget=forms.CheckboxSelectMultiple, choices=list(PURPOSE_LABELS.items())
    )
    items = forms.MultipleChoiceField(label="信息项", widget=forms.CheckboxSelectMultiple)
    scopes = forms.MultipleChoiceField(
        label="使用方式", widget=forms.CheckboxSelectMultiple, choices=list(SCOPE_LABELS.items())
    )
    months = forms.IntegerField(label="期限（月）", min_value=1)
    use_max = forms.IntegerField(
        label="查询次数上限", min_value=1, required=False, help_text="留空表示期限内不限次数；每次查询都有记录。"
    )

    def __init__(self, *args: Any, months: int, months_max: int, **kwargs: Any) -> None:
        items = consentable_items()
        kwargs["initial"] = {
            "grantee": EVERYBODY,
            "purposes": list(PURPOSE_LABELS),
            "items": list(items),
            "scopes": list(SCOPE_LABELS),
            "months": months,
        }
        super().__init__(*args, **kwargs)
        banks = [(str(bank.pk), bank.name) for bank in possible_grantees()]
        self.fields["grantee"].choices = [(EVERYBODY, "全部入驻金融机构"), *banks]  # type: ignore[attr-defined]
        self.fields["items"].choices = list(items.items())  # type: ignore[attr-defined]
        self.fields["months"].help_text = f"最长{months_max}个月。"

    @property
    def terms(self) -> dict[str, Any]:
        """The arguments of `services.draft_consent`."""
        data = dict(self.cleaned_data)
        grantee = data.pop("grantee")
        return data | {"grantee_id": None if grantee == EVERYBODY else int(grantee)}


class WithdrawForm(forms.Form):
    """Withdrawing needs no reason; one may be given."""

    reason = forms.CharField(label="撤回原因（可不填）", max_length=200, required=False)
