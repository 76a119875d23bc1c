"""Forms of the matching pages."""

from typing import Any

from django import forms

from apps.core.forms import RefusableForm
from apps.core.money import yuan
from apps.criteria.facts import PURPOSES
from apps.matching.importing import MAX_RATE_PCT, MAX_TERM_MONTHS, NeedTerms

_MAYBE = [("", "暂不说明"), ("yes", "能"), ("no", "不能")]
_ANSWER = {"": None, "yes": True, "no": False}


class NeedForm(RefusableForm):
    """What a firm wants to borrow."""

    amount_wan = forms.DecimalField(label="融资金额（万元）", max_digits=12, decimal_places=6, min_value=0)
    term_months = forms.IntegerField(label="融资期限（月）", min_value=1, max_value=MAX_TERM_MONTHS)
    purpose = forms.ChoiceField(label="资金用途", choices=list(PURPOSES.items()))
    max_rate_pct = forms.DecimalField(
        label="可接受最高年利率（%）", max_digits=5, decimal_places=2, min_value=0, max_value=MAX_RATE_PCT
    )
    has_collateral = forms.ChoiceField(label="能否提供抵押物", choices=_MAYBE[1:])
    can_guarantee = forms.ChoiceField(
        label="能否提供保证人", choices=_MAYBE, required=False, help_text="不说明时，只接受保证的产品无法判断。"
    )
    can_pledge = forms.ChoiceField(
        label="能否提供质押物", choices=_MAYBE, required=False, help_text="应收账款、知识产权、仓单等"
    )

    def terms(self) -> NeedTerms:
        """What was typed. Raises InvalidAmount for a fraction of a fen."""
        data: dict[str, Any] = self.cleaned_data
        return NeedTerms(
            amount_yuan=yuan(data["amount_wan"] * 10_000),
            term_months=data["term_months"],
            purpose=data["purpose"],
            has_collateral=data["has_collateral"] == "yes",
            max_rate_pct=data["max_rate_pct"],
            can_guarantee=_ANSWER[data["can_guarantee"]],
            can_pledge=_ANSWER[data["can_pledge"]],
        )


class SendForm(forms.Form):
    """The product whose bank gets the need."""

    product_version = forms.IntegerField(min_value=1)


class AnswerForm(RefusableForm):
    """A bank's answer; a refusal needs its reason."""

    verb = forms.ChoiceField(label="答复", choices=[("accept", "接收"), ("decline", "不接收")])
    reason = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="不接收时必填，企业可见",
    )


class NeedFileForm(RefusableForm):
    """Needs filled in at the window."""

    file = forms.FileField(label="融资需求（CSV）", widget=forms.FileInput({"accept": ".csv"}))
