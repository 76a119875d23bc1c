"""Forms of the loan pages. They check the shape; services check the rules."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.core.forms import RefusableForm
from apps.criteria.facts import GUARANTEES, PURPOSES
from apps.loans.models import BASES, Application, CreditLine
from apps.loans.schedule import DEFAULT_BASIS, RepaymentKind
from apps.loans.services import LONGEST_LINE_MONTHS, Approval, Disbursement
from apps.products.terms import REPAYMENTS


def day_field(label: str, **kwargs: Any) -> forms.DateField:
    """A day, typed or picked."""
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)


def amount_field(label: str, **kwargs: Any) -> forms.DecimalField:
    """Yuan with at most two places."""
    return forms.DecimalField(
        label=label, max_digits=18, decimal_places=2, min_value=Decimal("0.01"), localize=False, **kwargs
    )


def rate_field(label: str, **kwargs: Any) -> forms.DecimalField:
    """Percent a year with at most four places."""
    return forms.DecimalField(
        label=label,
        max_digits=7,
        decimal_places=4,
        min_value=Decimal(0),
        max_value=Decimal(36),
        localize=False,
        **kwargs,
    )


class WishForm(RefusableForm):
    """What a firm asks for."""

    amount_yuan = amount_field("申请金额（元）", help_text="按元填写，例如150万元填1500000。")
    term_months = forms.IntegerField(label="申请期限（月）", min_value=1, max_value=600)
    purpose = forms.ChoiceField(label="资金用途", choices=[("", "请选择"), *PURPOSES.items()])
    purpose_note = forms.CharField(
        label="用途说明",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="例如采购什么、付给谁、用多少。",
    )


class SubmitForm(RefusableForm):
    """Nothing to fill in."""


class WithdrawForm(RefusableForm):
    """Why the firm takes it back."""

    reason = forms.CharField(label="撤回原因", max_length=200, required=False)


class AcceptForm(RefusableForm):
    """Nothing to fill in."""


class ReturnForm(RefusableForm):
    """What is missing."""

    note = forms.CharField(label="需要补充的内容", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ApproveForm(RefusableForm):
    """What the bank grants."""

    approved_yuan = amount_field("批准金额（元）", help_text="按元填写，例如150万元填1500000。")
    rate_pct = rate_field("年利率（%）")
    repayment_kind = forms.ChoiceField(label="还款方式")
    guarantee = forms.ChoiceField(label="担保方式")
    valid_months = forms.IntegerField(label="额度有效期（月）", min_value=1, max_value=LONGEST_LINE_MONTHS)
    note = forms.CharField(label="审批意见", max_length=500, required=False)

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = application.product_version
        self.fields["repayment_kind"].choices = [(kind, REPAYMENTS[kind]) for kind in version.repayment_types]  # type: ignore[attr-defined]
        self.fields["guarantee"].choices = [(kind, GUARANTEES[kind]) for kind in version.guarantee_types]  # type: ignore[attr-defined]
        self.fields["approved_yuan"].initial = application.amount_yuan
        self.fields["valid_months"].initial = min(application.term_months, LONGEST_LINE_MONTHS)

    def approval(self) -> Approval:
        """The service's value, after validation."""
        return Approval(**self.cleaned_data)


class RefuseForm(RefusableForm):
    """Why the bank says no."""

    reason_code = forms.ChoiceField(label="拒绝原因")
    note = forms.CharField(label="说明", max_length=500, required=False)

    def __init__(self, *args: Any, reasons: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason_code"].choices = [("", "请选择"), *reasons]  # type: ignore[attr-defined]


class ReserveForm(RefusableForm):
    """A disbursement as the bank orders it."""

    bank_reference = forms.CharField(label="银行业务编号", max_length=64, help_text="借据号；同一编号只登记一次。")
    amount_yuan = amount_field("放款金额（元）")
    rate_pct = rate_field("年利率（%）")
    term_months = forms.IntegerField(label="期限（月）", min_value=1, max_value=600)
    basis = forms.ChoiceField(label="计息方式", choices=BASES)
    is_first_loan = forms.TypedChoiceField(
        label="是否首贷",
        choices=[("", "请选择"), ("yes", "是，此前没有银行贷款记录"), ("no", "否")],
        coerce=lambda value: value == "yes",
    )

    def __init__(self, *args: Any, line: CreditLine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_yuan"].initial = line.available_yuan
        self.fields["rate_pct"].initial = line.rate_pct
        self.fields["term_months"].initial = line.term_months
        self.fields["basis"].initial = DEFAULT_BASIS[RepaymentKind(line.repayment_kind)].value

    def disbursement(self) -> Disbursement:
        """The service's value, after validation."""
        return Disbursement(**self.cleaned_data)


class PostForm(RefusableForm):
    """The day the bank paid out."""

    disbursed_on = day_field("放款日期")


class VoidForm(RefusableForm):
    """Why the disbursement does not happen."""

    reason = forms.CharField(label="取消原因", max_length=200)


class RepayForm(RefusableForm):
    """One payment as the bank reports it."""

    bank_reference = forms.CharField(label="银行业务编号", max_length=64, help_text="还款流水号；同一编号只登记一次。")
    amount_yuan = amount_field("还款金额（元）")
    paid_on = day_field("还款日期")
