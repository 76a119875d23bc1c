"""贷款: applied, granted, lent, at which rate, how fast, and what is owed and in trouble."""

from typing import Any

from django.db.models import (
    DecimalField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Extract

from apps.loans.models import Application, CreditLine, Drawdown, Repayment
from apps.loans.rules import NON_PERFORMING
from apps.statistics.figures.definition import Day, Measure, Ratio, Theme

_ALL = ("", "bank", "size", "industry")
_YUAN = DecimalField(max_digits=24, decimal_places=4)
_FIRM = "line__application__subject"
_BANK = "line__application__bank"


def _lent(day: Day) -> "QuerySet[Drawdown]":
    return Drawdown.objects.filter(state__in=("posted", "settled"), disbursed_on__lte=day.on)


def _owed(day: Day) -> "QuerySet[Drawdown]":
    """Loans with what is owed at the end of the day: lent less principal repaid by then."""
    repaid = (
        Repayment.objects.filter(drawdown=OuterRef("pk"), paid_on__lte=day.on)
        .order_by()
        .values("drawdown")
        .annotate(sum=Sum("principal_yuan"))
        .values("sum")
    )
    owed = F("amount_yuan") - Coalesce(Subquery(repaid), Value(0), output_field=_YUAN)
    return _lent(day).annotate(owed_yuan=ExpressionWrapper(owed, _YUAN)).filter(owed_yuan__gt=0)


def _decided(day: Day) -> "QuerySet[Application]":
    return Application.objects.filter(decided_at__lt=day.end_at, submitted_at__isnull=False)


def _days_to_decision() -> Any:
    waited = ExpressionWrapper(F("decided_at") - F("submitted_at"), DurationField())
    return ExpressionWrapper(Cast(Extract(waited, "epoch"), _YUAN) / Value(86400), _YUAN)


LENDING = Theme(
    "lending",
    "贷款统计",
    leading=(
        "lent",
        "applications",
        "granted",
        "balance",
        "average_rate",
        "credit_share",
        "first_share",
        "non_performing_rate",
    ),
    measures=(
        Measure(
            "applications",
            "贷款申请",
            "截至当日，企业提交给银行的贷款申请笔数和申请金额。",
            "笔",
            lambda day: Application.objects.filter(submitted_at__lt=day.end_at),
            subject="subject",
            bank="bank",
            amount="amount_yuan",
            dimensions=_ALL,
        ),
        Measure(
            "accepted_applications",
            "银行受理",
            "截至当日，银行已受理的贷款申请笔数和申请金额。",
            "笔",
            lambda day: Application.objects.filter(accepted_at__lt=day.end_at),
            subject="subject",
            bank="bank",
            amount="amount_yuan",
            dimensions=_ALL,
        ),
        Measure(
            "granted",
            "授信",
            "截至当日，银行批准的授信笔数和授信额度。",
            "笔",
            lambda day: CreditLine.objects.filter(application__decided_at__lt=day.end_at),
            subject="application__subject",
            bank="application__bank",
            amount="limit_yuan",
            dimensions=_ALL,
        ),
        Measure(
            "lent",
            "放款",
            "截至当日，银行确认放款的笔数和金额，按放款日期计；预占未确认和已取消的不计。",
            "笔",
            _lent,
            subject=_FIRM,
            bank=_BANK,
            amount="amount_yuan",
            dimensions=_ALL,
        ),
        Measure(
            "first_loans",
            "首贷",
            "放款中，企业此前没有贷款记录的首笔贷款笔数和金额。",
            "笔",
            lambda day: _lent(day).filter(is_first_loan=True),
            subject=_FIRM,
            bank=_BANK,
            amount="amount_yuan",
            dimensions=_ALL,
        ),
        Measure(
            "credit_loans",
            "信用贷款",
            "放款中，没有抵押、质押和保证的贷款笔数和金额。",
            "笔",
            lambda day: _lent(day).filter(line__guarantee="credit"),
            subject=_FIRM,
            bank=_BANK,
            amount="amount_yuan",
            dimensions=_ALL,
        ),
        Measure(
            "lent_times_rate",
            "放款金额×年利率",
            "放款金额与年利率（%）乘积之和，只用于计算加权平均利率。",
            "元·%",
            _lent,
            subject=_FIRM,
            bank=_BANK,
            amount=ExpressionWrapper(F("amount_yuan") * F("rate_pct"), _YUAN),
            dimensions=_ALL,
            published=False,
        ),
        Measure(
            "decided_applications",
            "已审批",
            "截至当日，银行已作出决定的贷款申请笔数，以及从提交到决定的天数之和。",
            "笔",
            _decided,
            subject="subject",
            bank="bank",
            amount=_days_to_decision(),
            dimensions=_ALL,
            published=False,
        ),
        Measure(
            "balance",
            "贷款余额",
            "当日日终尚未归还的本金：放款金额减去截至当日归还的本金。",
            "笔",
            _owed,
            subject=_FIRM,
            bank=_BANK,
            amount="owed_yuan",
            dimensions=_ALL,
        ),
        Measure(
            "non_performing",
            "不良贷款余额",
            "贷款余额中，风险分类为次级、可疑、损失的部分（分类取统计时的最新结果）。",
            "笔",
            lambda day: _owed(day).filter(Q(risk_class__in=NON_PERFORMING)),
            subject=_FIRM,
            bank=_BANK,
            amount="owed_yuan",
            dimensions=_ALL,
        ),
    ),
    ratios=(
        Ratio(
            "average_rate",
            "加权平均利率",
            "Σ(放款金额×年利率) ÷ Σ放款金额。",
            "%",
            "lent_times_rate",
            "lent",
            dimensions=_ALL,
        ),
        Ratio(
            "credit_share",
            "信用贷款占比",
            "信用贷款放款金额 ÷ 放款金额。",
            "%",
            "credit_loans",
            "lent",
            scale=100,
            dimensions=_ALL,
        ),
        Ratio(
            "first_share",
            "首贷占比",
            "首贷放款金额 ÷ 放款金额。",
            "%",
            "first_loans",
            "lent",
            scale=100,
            dimensions=_ALL,
        ),
        Ratio(
            "grant_rate",
            "授信通过率",
            "授信笔数 ÷ 已审批笔数。",
            "%",
            "granted",
            "decided_applications",
            numerator_of="count",
            denominator_of="count",
            scale=100,
            dimensions=_ALL,
        ),
        Ratio(
            "days_to_decision",
            "平均审批时长",
            "从提交到银行作出决定的天数之和 ÷ 已审批笔数。",
            "天",
            "decided_applications",
            "decided_applications",
            denominator_of="count",
            places=1,
            dimensions=_ALL,
        ),
        Ratio(
            "non_performing_rate",
            "不良率",
            "不良贷款余额 ÷ 贷款余额。",
            "%",
            "non_performing",
            "balance",
            scale=100,
            dimensions=_ALL,
        ),
    ),
)
