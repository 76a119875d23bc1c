"""Financing needs, what they were matched with and why, and where they were sent."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.core.actor import Actor, OrganizationKind, Role
from apps.criteria.facts import PURPOSES
from apps.criteria.verdict import VERDICT_LABELS
from apps.matching import workflow

VERDICTS = [(verdict.value, label) for verdict, label in VERDICT_LABELS.items()]
SOURCES = [("online", "线上填报"), ("window", "窗口代录")]


class FinancingNeedQuerySet(models.QuerySet["FinancingNeed"]):
    """Needs as an actor may see them."""

    def visible_to(self, actor: Actor) -> "FinancingNeedQuerySet":
        """A firm its own, a bank those sent to it and not recalled, an authority or regulator those of its region,
        the administrator all.
        """
        if actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        if actor.organization_kind == OrganizationKind.FIRM:
            return self.filter(subject_id=actor.subject_id) if actor.subject_id else self.none()
        if actor.organization_kind == OrganizationKind.BANK:
            received = Dispatch.objects.exclude(state=workflow.RECALLED).filter(
                organization_id__in=actor.organization_ids
            )
            return self.filter(pk__in=received.values("need_id"))
        if actor.has(Role.AUTHORITY, Role.REGULATOR):
            return self.filter(subject__region_code__in=actor.region_codes)
        return self.none()


class FinancingNeed(models.Model):
    """What a firm wants to borrow, in its own words (自愿填报).

    Holds credit data of the subject; kept 5 years after it was closed.
    """

    subject = models.ForeignKey("subjects.Subject", models.PROTECT, related_name="financing_needs")
    amount_yuan = models.DecimalField("融资金额(元)", max_digits=18, decimal_places=2)
    term_months = models.PositiveSmallIntegerField("融资期限(月)")
    purpose = models.CharField("资金用途", max_length=20, choices=list(PURPOSES.items()))
    has_collateral = models.BooleanField("能否提供抵押物")
    can_guarantee = models.BooleanField("能否提供保证人", null=True, blank=True)
    can_pledge = models.BooleanField("能否提供质押物", null=True, blank=True)
    max_rate_pct = models.DecimalField("可接受最高年利率(%)", max_digits=5, decimal_places=2)
    submitted_on = models.DateField("提交日期")
    state = models.CharField("状态", max_length=10, choices=workflow.NEED.choices(), default=workflow.OPEN)
    source = models.CharField("来源", max_length=10, choices=SOURCES)
    posted_by_name = models.CharField(max_length=50)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = FinancingNeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "submitted_on", "amount_yuan"], name="financingneed_once"),
            models.CheckConstraint(condition=Q(amount_yuan__gt=0), name="financingneed_amount_positive"),
            models.CheckConstraint(condition=Q(term_months__gt=0), name="financingneed_term_positive"),
            models.CheckConstraint(
                condition=Q(max_rate_pct__gt=0, max_rate_pct__lte=100), name="financingneed_rate_is_percent"
            ),
            models.CheckConstraint(
                condition=Q(state=workflow.CLOSED, closed_at__isnull=False)
                | Q(state=workflow.OPEN, closed_at__isnull=True),
                name="financingneed_closed_has_date",
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="financingneed_state")]

    def __str__(self) -> str:
        return f"{self.subject}的融资需求 {self.pk}"


class MatchRun(models.Model):
    """One judgement of a need against every product in force: the facts used, the versions, and a digest of all.

    Holds credit data of the subject; kept 5 years.
    """

    need = models.ForeignKey(FinancingNeed, models.PROTECT, related_name="runs")
    business_date = models.DateField("业务日期")
    facts = models.JSONField("所用事实")
    profile_digest = models.CharField("画像摘要", max_length=64, blank=True)
    profile_as_of_on = models.DateField("画像日期", null=True)
    version_ids = models.JSONField("产品版本")
    lpr = models.JSONField("LPR(%)")
    digest = models.CharField("摘要", max_length=64)
    met_count = models.PositiveIntegerField("符合")
    unknown_count = models.PositiveIntegerField("无法判断")
    not_met_count = models.PositiveIntegerField("不符合")
    run_by_name = models.CharField(max_length=50)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["need", "-id"], name="matchrun_newest")]

    def __str__(self) -> str:
        return f"匹配 {self.pk}"


class Match(models.Model):
    """One product in a run: the verdict, its rank, a finding for every criterion, and the smallest change.

    Holds credit data of the subject; kept 5 years.
    """

    run = models.ForeignKey(MatchRun, models.CASCADE, related_name="matches")
    product_version = models.ForeignKey("products.ProductVersion", models.PROTECT, related_name="matches")
    rank = models.PositiveIntegerField("次序")
    verdict = models.CharField("结论", max_length=10, choices=VERDICTS)
    unmet_count = models.PositiveSmallIntegerField("不符合项")
    low_rate_pct = models.DecimalField("最低年利率(%)", max_digits=6, decimal_places=2)
    high_rate_pct = models.DecimalField("最高年利率(%)", max_digits=6, decimal_places=2, null=True)
    verdicts = models.JSONField("逐条理由")
    change = models.JSONField("最小改动", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "product_version"], name="match_product_once"),
            models.UniqueConstraint(fields=["run", "rank"], name="match_rank_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run} · {self.product_version}"

    @property
    def decisive(self) -> list[dict[str, Any]]:
        """The findings that keep the verdict from being met."""
        return [] if self.verdict == "met" else [found for found in self.verdicts if found["verdict"] == self.verdict]


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    """Dispatches as an actor may see them."""

    def visible_to(self, actor: Actor) -> "DispatchQuerySet":
        """A firm those of its needs, a bank those to it and not recalled, the administrator all."""
        if actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        if actor.organization_kind == OrganizationKind.FIRM:
            return self.filter(need__subject_id=actor.subject_id) if actor.subject_id else self.none()
        if actor.organization_kind == OrganizationKind.BANK:
            return self.filter(organization_id__in=actor.organization_ids).exclude(state=workflow.RECALLED)
        return self.none()


class Dispatch(models.Model):
    """A need that its firm sent to the bank of a product; while it stands the bank has a reason to look.

    Holds credit data of the subject; kept 5 years.
    """

    need = models.ForeignKey(FinancingNeed, models.PROTECT, related_name="dispatches")
    product_version = models.ForeignKey("products.ProductVersion", models.PROTECT, related_name="dispatches")
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="dispatches")
    match = models.ForeignKey(Match, models.PROTECT, related_name="dispatches")
    state = models.CharField("状态", max_length=10, choices=workflow.DISPATCH.choices(), default=workflow.SENT)
    sent_at = models.DateTimeField("发送时间")
    sent_by_name = models.CharField(max_length=50)
    reason_until_on = models.DateField("查询事由截止")
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by_name = models.CharField(max_length=50, blank=True)
    answer_reason = models.CharField("答复说明", max_length=300, blank=True)

    objects = DispatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["need", "product_version"],
                condition=Q(state__in=[workflow.SENT, workflow.ACCEPTED]),
                name="dispatch_one_open_per_product",
            ),
            models.CheckConstraint(
                condition=Q(state=workflow.SENT, answered_at__isnull=True)
                | Q(state__in=[workflow.ACCEPTED, workflow.DECLINED], answered_at__isnull=False)
                | Q(state=workflow.RECALLED),
                name="dispatch_answer_has_date",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("sent_at")), name="dispatch_times_ordered"
            ),
        ]
        indexes = [models.Index(fields=["organization", "state"], name="dispatch_of_bank")]

    def __str__(self) -> str:
        return f"{self.need} → {self.organization}"
