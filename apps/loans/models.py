"""An application, the credit line that it led to, what was drawn on it, and what was paid back."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from apps.core.actor import Actor, OrganizationKind, Role
from apps.criteria.facts import GUARANTEES, PURPOSES
from apps.loans.rules import NORMAL, RISK_LABELS, Due
from apps.loans.schedule import InterestBasis
from apps.loans.workflow import APPLICATION, DECIDED_STATES, DRAWDOWN, OPEN_STATES, WITH_LINE_STATES
from apps.products.terms import REPAYMENTS

# Above any loan to a small firm; PostgreSQL sorts NaN above every number, so the cap refuses it too.
MOST_YUAN = 10**12
MOST_MONTHS = 600
MOST_RATE_PCT = 36

BASES = [
    (InterestBasis.MONTH.value, "按月计息（年利率/12）"),
    (InterestBasis.ACT_360.value, "按日计息（实际天数/360）"),
    (InterestBasis.ACT_365.value, "按日计息（实际天数/365）"),
]
REPAYMENT_KINDS = list(REPAYMENTS.items())


def _parties(actor: Actor, prefix: str = "") -> Q:
    """Rows of the firm itself or of the bank that handles them (a head office includes its branches).

    Others see totals only: to look into one firm's loan is a reading that needs the firm's consent.
    """
    if actor.has(Role.SYSTEM):
        return Q()
    if actor.organization_kind == OrganizationKind.FIRM:
        return Q(**{f"{prefix}subject_id": actor.subject_id})
    if actor.organization_kind == OrganizationKind.BANK:
        return Q(**{f"{prefix}bank_id__in": actor.organization_ids, f"{prefix}submitted_at__isnull": False})
    return Q(pk=None)


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Applications as an actor may see them."""

    def visible_to(self, actor: Actor) -> "ApplicationQuerySet":
        """The firm its own; the bank those that were once submitted to it."""
        return self.filter(_parties(actor))


class Application(models.Model):
    """A firm's request for one loan product, from draft to the last repayment.

    Holds credit data; kept 5 years after it ended. `bank` handles it: the product's bank or one of its branches.
    """

    subject = models.ForeignKey("subjects.Subject", models.PROTECT, related_name="applications")
    product = models.ForeignKey("products.Product", models.PROTECT, related_name="applications")
    product_version = models.ForeignKey("products.ProductVersion", models.PROTECT, related_name="applications")
    bank = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="applications")
    need = models.ForeignKey("matching.FinancingNeed", models.PROTECT, null=True, related_name="applications")
    amount_yuan = models.DecimalField("申请金额（元）", max_digits=18, decimal_places=2)
    term_months = models.PositiveSmallIntegerField("申请期限（月）")
    purpose = models.CharField("资金用途", max_length=20, choices=list(PURPOSES.items()))
    purpose_note = models.CharField("用途说明", max_length=500, blank=True)
    state = models.CharField("状态", max_length=10, choices=APPLICATION.choices(), default=APPLICATION.initial)
    version = models.PositiveIntegerField(default=0)
    drafted_at = models.DateTimeField("起草时间")
    submitted_at = models.DateTimeField("提交时间", null=True)
    contact_by_on = models.DateField("受理期限", null=True)
    eligibility = models.JSONField("提交时的准入核对", null=True)
    return_note = models.CharField("退回说明", max_length=500, blank=True)
    accepted_at = models.DateTimeField("受理时间", null=True)
    accepted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    decide_by_on = models.DateField("审批期限", null=True)
    decided_at = models.DateTimeField("审批时间", null=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    approved_yuan = models.DecimalField("批准金额（元）", max_digits=18, decimal_places=2, null=True)
    refusal_reason = models.ForeignKey("whitelist.DeclineReason", models.PROTECT, null=True, related_name="+")
    decision_note = models.CharField("审批意见", max_length=500, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = "融资申请"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "product"], condition=Q(state__in=OPEN_STATES), name="application_one_open"
            ),
            models.CheckConstraint(
                condition=Q(amount_yuan__gt=0, amount_yuan__lte=MOST_YUAN), name="application_amount"
            ),
            models.CheckConstraint(condition=Q(term_months__range=(1, MOST_MONTHS)), name="application_term"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(submitted_at__isnull=False, contact_by_on__isnull=False),
                name="application_submitted_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", *DECIDED_STATES])
                | Q(accepted_at__isnull=False, decide_by_on__isnull=False),
                name="application_accepted_dated",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED_STATES, decided_at__isnull=False)
                | (~Q(state__in=DECIDED_STATES) & Q(decided_at=None)),
                name="application_decided_dated",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WITH_LINE_STATES, approved_yuan__gt=0, approved_yuan__lte=F("amount_yuan"))
                | (~Q(state__in=WITH_LINE_STATES) & Q(approved_yuan=None)),
                name="application_approved_amount",
            ),
            models.CheckConstraint(
                condition=Q(state="refused", refusal_reason__isnull=False)
                | (~Q(state="refused") & Q(refusal_reason=None)),
                name="application_refused_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | Q(decided_by=None) | ~Q(accepted_by=F("decided_by")),
                name="application_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, closed_at=None)
                | (~Q(state__in=OPEN_STATES) & Q(closed_at__isnull=False)),
                name="application_closed_dated",
            ),
        ]
        indexes = [
            models.Index(fields=["bank", "state", "id"], name="application_worklist"),
            models.Index(fields=["subject", "-id"], name="application_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} · {self.product}"


class CreditLine(models.Model):
    """What a bank granted: drawdowns are reserved and posted against it and can never exceed it.

    Holds credit data; kept 5 years after it ended. `drawn_yuan` counts what is posted; on a revolving line repaid
    principal is taken off again. Usable on days in [valid_from_on, valid_to_on).
    """

    application = models.OneToOneField(Application, models.PROTECT, related_name="line")
    limit_yuan = models.DecimalField("授信额度（元）", max_digits=18, decimal_places=2)
    reserved_yuan = models.DecimalField("预占（元）", max_digits=18, decimal_places=2, default=Decimal("0.00"))
    drawn_yuan = models.DecimalField("已用（元）", max_digits=18, decimal_places=2, default=Decimal("0.00"))
    is_revolving = models.BooleanField("可循环")
    rate_pct = models.DecimalField("批准年利率（%）", max_digits=7, decimal_places=4)
    repayment_kind = models.CharField("还款方式", max_length=20, choices=REPAYMENT_KINDS)
    guarantee = models.CharField("担保方式", max_length=20, choices=list(GUARANTEES.items()))
    term_months = models.PositiveSmallIntegerField("单笔最长期限（月）")
    valid_from_on = models.DateField("额度起始日")
    valid_to_on = models.DateField("额度到期日")

    class Meta:
        verbose_name = "授信额度"
        constraints = [
            models.CheckConstraint(condition=Q(limit_yuan__gt=0, limit_yuan__lte=MOST_YUAN), name="creditline_limit"),
            models.CheckConstraint(
                condition=Q(
                    reserved_yuan__gte=0, drawn_yuan__gte=0, limit_yuan__gte=F("reserved_yuan") + F("drawn_yuan")
                ),
                name="creditline_not_exceeded",
            ),
            models.CheckConstraint(condition=Q(rate_pct__range=(0, MOST_RATE_PCT)), name="creditline_rate"),
            models.CheckConstraint(condition=Q(term_months__range=(1, MOST_MONTHS)), name="creditline_term"),
            models.CheckConstraint(condition=Q(valid_to_on__gt=F("valid_from_on")), name="creditline_period_ordered"),
        ]

    def __str__(self) -> str:
        return f"{self.application}（额度）"

    @property
    def available_yuan(self) -> Decimal:
        """What may still be drawn while the line is valid."""
        return self.limit_yuan - self.reserved_yuan - self.drawn_yuan


class DrawdownQuerySet(models.QuerySet["Drawdown"]):
    """Drawdowns as an actor may see them."""

    def visible_to(self, actor: Actor) -> "DrawdownQuerySet":
        """With their application."""
        return self.filter(_parties(actor, "line__application__"))


class Drawdown(models.Model):
    """One disbursement, in two phases: the amount is reserved on the line, then the bank confirms or cancels it.

    Holds credit data; kept 5 years after it ended. `bank` is the bank's head office: `bank_reference`, the bank's own
    number of the disbursement, is unique within the whole bank.
    """

    line = models.ForeignKey(CreditLine, models.PROTECT, related_name="drawdowns")
    bank = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="drawdowns")
    bank_reference = models.CharField("银行业务编号", max_length=64)
    amount_yuan = models.DecimalField("放款金额（元）", max_digits=18, decimal_places=2)
    rate_pct = models.DecimalField("年利率（%）", max_digits=7, decimal_places=4)
    repayment_kind = models.CharField("还款方式", max_length=20, choices=REPAYMENT_KINDS)
    interest_basis = models.CharField("计息方式", max_length=8, choices=BASES)
    term_months = models.PositiveSmallIntegerField("期限（月）")
    is_first_loan = models.BooleanField("首贷")
    state = models.CharField("状态", max_length=8, choices=DRAWDOWN.choices(), default=DRAWDOWN.initial)
    reserved_at = models.DateTimeField("预占时间")
    reserved_until_on = models.DateField("预占失效日")
    posted_at = models.DateTimeField("登记时间", null=True)
    disbursed_on = models.DateField("放款日期", null=True)
    matures_on = models.DateField("到期日", null=True)
    voided_at = models.DateTimeField("取消时间", null=True)
    void_reason = models.CharField("取消原因", max_length=200, blank=True)
    principal_open_yuan = models.DecimalField(
        "本金余额（元）", max_digits=18, decimal_places=2, default=Decimal("0.00")
    )
    overdue_days = models.PositiveIntegerField("逾期天数", default=0)
    risk_class = models.CharField("风险分类", max_length=16, choices=list(RISK_LABELS.items()), default=NORMAL)
    classified_on = models.DateField("分类日期", null=True)
    settled_on = models.DateField("还清日期", null=True)

    objects = DrawdownQuerySet.as_manager()

    class Meta:
        verbose_name = "放款"
        constraints = [
            models.UniqueConstraint(fields=["bank", "bank_reference"], name="drawdown_one_per_bank_reference"),
            models.CheckConstraint(condition=~Q(bank_reference=""), name="drawdown_reference_given"),
            models.CheckConstraint(condition=Q(amount_yuan__gt=0, amount_yuan__lte=MOST_YUAN), name="drawdown_amount"),
            models.CheckConstraint(condition=Q(rate_pct__range=(0, MOST_RATE_PCT)), name="drawdown_rate"),
            models.CheckConstraint(condition=Q(term_months__range=(1, MOST_MONTHS)), name="drawdown_term"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["posted", "settled"],
                    posted_at__isnull=False,
                    disbursed_on__isnull=False,
                    matures_on__gt=F("disbursed_on"),
                )
                | Q(state__in=["reserved", "voided"], posted_at=None, disbursed_on=None, matures_on=None),
                name="drawdown_posted_dated",
            ),
            models.CheckConstraint(
                condition=(Q(state="voided", voided_at__isnull=False) & ~Q(void_reason=""))
                | (~Q(state="voided") & Q(voided_at=None, void_reason="")),
                name="drawdown_voided_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="posted", principal_open_yuan__gte=0, principal_open_yuan__lte=F("amount_yuan"))
                | (~Q(state="posted") & Q(principal_open_yuan=0)),
                name="drawdown_balance",
            ),
            models.CheckConstraint(
                condition=Q(state="settled", settled_on__isnull=False) | (~Q(state="settled") & Q(settled_on=None)),
                name="drawdown_settled_dated",
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="drawdown_open")]

    def __str__(self) -> str:
        return f"{self.line.application} {self.bank_reference}"


class Instalment(models.Model):
    """One payment of a drawdown's plan, and what has been paid of it.

    Holds credit data; kept with its drawdown.
    """

    drawdown = models.ForeignKey(Drawdown, models.CASCADE, related_name="instalments")
    number = models.PositiveSmallIntegerField("期次")
    from_on = models.DateField("起息日")
    due_on = models.DateField("应还日")
    principal_yuan = models.DecimalField("应还本金（元）", max_digits=18, decimal_places=2)
    interest_yuan = models.DecimalField("应还利息（元）", max_digits=18, decimal_places=2)
    paid_principal_yuan = models.DecimalField(
        "已还本金（元）", max_digits=18, decimal_places=2, default=Decimal("0.00")
    )
    paid_interest_yuan = models.DecimalField("已还利息（元）", max_digits=18, decimal_places=2, default=Decimal("0.00"))
    settled_on = models.DateField("还清日期", null=True)

    class Meta:
        verbose_name = "还款计划"
        constraints = [
            models.UniqueConstraint(fields=["drawdown", "number"], name="instalment_once"),
            models.CheckConstraint(
                condition=Q(paid_principal_yuan__gte=0, paid_principal_yuan__lte=F("principal_yuan")),
                name="instalment_principal",
            ),
            models.CheckConstraint(
                condition=Q(paid_interest_yuan__gte=0, paid_interest_yuan__lte=F("interest_yuan")),
                name="instalment_interest",
            ),
            models.CheckConstraint(
                condition=Q(principal_yuan__lte=MOST_YUAN, interest_yuan__lte=MOST_YUAN), name="instalment_cap"
            ),
            models.CheckConstraint(
                condition=Q(
                    settled_on__isnull=False,
                    paid_principal_yuan=F("principal_yuan"),
                    paid_interest_yuan=F("interest_yuan"),
                )
                | (
                    Q(settled_on=None)
                    & (~Q(paid_principal_yuan=F("principal_yuan")) | ~Q(paid_interest_yuan=F("interest_yuan")))
                ),
                name="instalment_settled_when_paid",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(settled_on=None), name="instalment_open")]

    def __str__(self) -> str:
        return f"{self.drawdown} 第{self.number}期"

    @property
    def paid_yuan(self) -> Decimal:
        """Principal and interest paid so far."""
        return self.paid_principal_yuan + self.paid_interest_yuan

    @property
    def due(self) -> Due:
        """The facts that the rules judge."""
        return Due(
            self.number,
            self.due_on,
            self.principal_yuan,
            self.interest_yuan,
            self.paid_principal_yuan,
            self.paid_interest_yuan,
        )


class Repayment(models.Model):
    """One payment as the bank reports it, never changed afterwards.

    Holds credit data; kept with its drawdown. `allocation` lists what each instalment got.
    """

    drawdown = models.ForeignKey(Drawdown, models.PROTECT, related_name="repayments")
    bank = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="repayments")
    bank_reference = models.CharField("银行业务编号", max_length=64)
    amount_yuan = models.DecimalField("还款金额（元）", max_digits=18, decimal_places=2)
    principal_yuan = models.DecimalField("其中本金（元）", max_digits=18, decimal_places=2)
    interest_yuan = models.DecimalField("其中利息（元）", max_digits=18, decimal_places=2)
    paid_on = models.DateField("还款日期")
    recorded_at = models.DateTimeField("登记时间")
    allocation = models.JSONField()

    class Meta:
        verbose_name = "还款"
        constraints = [
            models.UniqueConstraint(fields=["bank", "bank_reference"], name="repayment_one_per_bank_reference"),
            models.CheckConstraint(condition=~Q(bank_reference=""), name="repayment_reference_given"),
            models.CheckConstraint(
                condition=Q(
                    amount_yuan__gt=0,
                    amount_yuan__lte=MOST_YUAN,
                    principal_yuan__gte=0,
                    interest_yuan__gte=0,
                    amount_yuan=F("principal_yuan") + F("interest_yuan"),
                ),
                name="repayment_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drawdown} 还款 {self.bank_reference}"
