"""Programmes, screening runs with every verdict, listings, pushes to banks and what the banks answered."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.core.actor import EVERYWHERE, Actor, OrganizationKind, Role
from apps.reference.models import Dated, period_disjoint, period_ordered, text_key
from apps.whitelist.rules import EXIT_LABELS
from apps.whitelist.workflow import LISTING, PROGRAMME, PUSH, RUN

# Above any loan to a small firm; PostgreSQL sorts NaN above every number, so the cap refuses it too.
MOST_YUAN = 10**12

_SUPERVISORS = (OrganizationKind.AUTHORITY, OrganizationKind.REGULATOR)


def _in_scope(actor: Actor, field: str) -> Q:
    """Rows whose region the actor supervises; nothing for anybody else."""
    if actor.has(Role.SYSTEM):
        return Q()
    if actor.organization_kind not in _SUPERVISORS:
        return Q(pk=None)
    return Q() if actor.region_codes == EVERYWHERE else Q(**{f"{field}__in": actor.region_codes})


class DeclineReason(Dated):
    """Why a bank turns a firm down, as a dated code list. Holds no personal or credit data; kept indefinitely."""

    code = models.CharField("代码", max_length=20)
    label = models.CharField("原因", max_length=60)

    class Meta:
        verbose_name = "拒绝原因"
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="declinereason_one_start"),
            period_ordered("declinereason"),
            period_disjoint("declinereason", text_key("code")),
        ]

    def __str__(self) -> str:
        return self.label


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    """Programmes as an actor may see them."""

    def visible_to(self, actor: Actor) -> "ProgrammeQuerySet":
        """Authorities and regulators see the programmes of their region and everything below it."""
        return self.filter(_in_scope(actor, "region_code"))


class Programme(models.Model):
    """An authority's whitelist: for which region, by which criteria, for how long.

    Holds no personal or credit data; kept as long as a listing refers to it.
    """

    authority = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="programmes")
    name = models.CharField("名称", max_length=100)
    region_code = models.CharField("适用区划", max_length=6)
    valid_months = models.PositiveSmallIntegerField("有效期（月）")
    criteria = models.JSONField("准入条件")
    state = models.CharField("状态", max_length=10, choices=PROGRAMME.choices(), default=PROGRAMME.initial)
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = "白名单"
        constraints = [
            models.UniqueConstraint(fields=["authority", "name"], name="programme_one_name"),
            models.CheckConstraint(condition=Q(valid_months__range=(1, 24)), name="programme_validity"),
            models.CheckConstraint(
                condition=Q(state="draft", opened_at=None, closed_at=None)
                | Q(state="open", opened_at__isnull=False, closed_at=None)
                | Q(state="closed", closed_at__isnull=False),
                name="programme_coherent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScreeningRunQuerySet(models.QuerySet["ScreeningRun"]):
    """Runs as an actor may see them."""

    def visible_to(self, actor: Actor) -> "ScreeningRunQuerySet":
        """With their programme."""
        return self.filter(_in_scope(actor, "programme__region_code"))


class ScreeningRun(models.Model):
    """One pass of a programme's rule over every firm of its region, with what it takes to replay it.

    `inputs` is the file of facts that the rule looked at: credit data, kept 5 years after the run; rule, counts and
    digests are kept indefinitely as proof.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="runs")
    business_date = models.DateField("业务日期")
    state = models.CharField("状态", max_length=10, choices=RUN.choices(), default=RUN.initial)
    job = models.ForeignKey("core.Job", models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    criteria = models.JSONField()
    region_codes = models.JSONField()
    slugs = models.JSONField(default=list)
    rule_digest = models.CharField(max_length=64, blank=True)
    input_digest = models.CharField(max_length=64, blank=True)
    outcome_digest = models.CharField(max_length=64, blank=True)
    inputs = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    counts = models.JSONField(default=dict)
    screened_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)

    objects = ScreeningRunQuerySet.as_manager()

    class Meta:
        verbose_name = "白名单筛选"
        constraints = [
            models.UniqueConstraint(
                fields=["programme"],
                condition=Q(state__in=["requested", "screened", "approved"]),
                name="screeningrun_one_under_way",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "discarded"])
                | (Q(screened_at__isnull=False, inputs__isnull=False) & ~Q(outcome_digest="") & ~Q(input_digest="")),
                name="screeningrun_screened_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "published"])
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="screeningrun_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(requested_by=None) | ~Q(approved_by=F("requested_by")),
                name="screeningrun_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(state="published", published_at__isnull=False)
                | (~Q(state="published") & Q(published_at=None)),
                name="screeningrun_published_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.business_date}"


class ScreeningOutcome(models.Model):
    """What a run said of one firm: m met, n not met, u unknown; `codes` has a letter for each of `run.slugs`.

    Holds credit data; kept 5 years after the run.
    """

    run = models.ForeignKey(ScreeningRun, models.CASCADE, related_name="outcomes", db_index=False)
    subject = models.ForeignKey("subjects.Subject", models.PROTECT, related_name="+", db_index=False)
    verdict = models.CharField(max_length=1, choices=[("m", "列入"), ("n", "不列入"), ("u", "无法判断")])
    codes = models.CharField(max_length=101)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "subject"], name="screeningoutcome_once")]
        indexes = [models.Index(fields=["run", "verdict", "id"], name="screeningoutcome_verdict")]

    def __str__(self) -> str:
        return f"{self.subject_id} {self.verdict} {self.codes}"


class ListingQuerySet(models.QuerySet["Listing"]):
    """Listings as an actor may see them."""

    def visible_to(self, actor: Actor) -> "ListingQuerySet":
        """A firm its own, a bank those pushed to it, an authority or regulator those of its region."""
        if actor.organization_kind == OrganizationKind.FIRM:
            return self.filter(subject_id=actor.subject_id) if actor.subject_id else self.none()
        if actor.organization_kind == OrganizationKind.BANK:
            pushes = Push.objects.filter(bank_id__in=actor.organization_ids)
            return self.filter(pk__in=pushes.values("listing_id"))
        return self.filter(_in_scope(actor, "programme__region_code"))


class Listing(models.Model):
    """A firm on a whitelist, from `entered_on` up to but not including `valid_to_on`.

    Holds credit data (`facts`: what the rule saw, as columns hold it); kept 5 years after it ended. `last_run` is the
    newest run that confirmed it.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="listings")
    run = models.ForeignKey(ScreeningRun, models.PROTECT, related_name="listings")
    last_run = models.ForeignKey(ScreeningRun, models.PROTECT, related_name="+")
    subject = models.ForeignKey("subjects.Subject", models.PROTECT, related_name="listings")
    state = models.CharField("状态", max_length=8, choices=LISTING.choices(), default=LISTING.initial)
    entered_on = models.DateField("列入日期")
    valid_to_on = models.DateField("有效期至")
    exited_on = models.DateField("退出日期", null=True)
    exit_reason = models.CharField(
        "退出原因", max_length=14, blank=True, choices=[(str(code), label) for code, label in EXIT_LABELS.items()]
    )
    exit_note = models.CharField("退出说明", max_length=200, blank=True)
    facts = models.JSONField("列入依据")

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = "白名单企业"
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "subject"], condition=Q(state="active"), name="listing_one_active"
            ),
            models.CheckConstraint(condition=Q(valid_to_on__gt=F("entered_on")), name="listing_period_ordered"),
            models.CheckConstraint(
                condition=Q(state="active", exited_on=None, exit_reason="")
                | (Q(state="exited", exited_on__isnull=False) & ~Q(exit_reason="")),
                name="listing_exit_coherent",
            ),
        ]
        indexes = [models.Index(fields=["state", "valid_to_on"], name="listing_due")]

    def __str__(self) -> str:
        return f"{self.subject} · {self.programme}"


class PushBatch(models.Model):
    """One act of handing listings to a bank: when, by whom, how many went and how many were held back, and why.

    Holds personal data (the name of an officer); kept 5 years.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="batches")
    bank = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="push_batches")
    pushed_by_name = models.CharField("推送人", max_length=150)
    pushed_at = models.DateTimeField("推送时间")
    counts = models.JSONField(default=dict)

    class Meta:
        verbose_name = "推送批次"

    def __str__(self) -> str:
        return f"{self.programme} → {self.bank}"


class PushQuerySet(models.QuerySet["Push"]):
    """Pushes as an actor may see them."""

    def visible_to(self, actor: Actor) -> "PushQuerySet":
        """The bank that got it, the firm that it is about, the authority or regulator of the region."""
        if actor.organization_kind == OrganizationKind.FIRM:
            return self.filter(listing__subject_id=actor.subject_id) if actor.subject_id else self.none()
        if actor.organization_kind == OrganizationKind.BANK:
            return self.filter(bank_id__in=actor.organization_ids)
        return self.filter(_in_scope(actor, "listing__programme__region_code"))


class Push(models.Model):
    """One listed firm recommended to one bank, and how far the bank has come with it.

    Holds credit data (the bank's decision); kept 5 years after it ended.
    """

    listing = models.ForeignKey(Listing, models.PROTECT, related_name="pushes")
    batch = models.ForeignKey(PushBatch, models.PROTECT, related_name="pushes")
    bank = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="pushes")
    state = models.CharField("状态", max_length=13, choices=PUSH.choices(), default=PUSH.initial)
    pushed_at = models.DateTimeField("推送时间")
    contact_by_on = models.DateField("联系期限")
    contacted_at = models.DateTimeField("联系时间", null=True)
    decide_by_on = models.DateField("授信决定期限", null=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    credit_yuan = models.DecimalField("授信额度（元）", max_digits=18, decimal_places=2, null=True)
    credit_months = models.PositiveSmallIntegerField("授信期限（月）", null=True)
    credit_rate_pct = models.DecimalField("年利率（%）", max_digits=7, decimal_places=4, null=True)
    lent_yuan = models.DecimalField("放款金额（元）", max_digits=18, decimal_places=2, null=True)
    lent_on = models.DateField("放款日期", null=True)
    reason = models.ForeignKey(DeclineReason, models.PROTECT, null=True, related_name="+")
    note = models.CharField("说明", max_length=500, blank=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        verbose_name = "推荐企业"
        constraints = [
            models.UniqueConstraint(fields=["listing", "bank"], name="push_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["contacted", "accepted", "examining", "credited", "lent"])
                | Q(contacted_at__isnull=False),
                name="push_contacted_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "examining", "credited", "lent"]) | Q(decide_by_on__isnull=False),
                name="push_accepted_has_term",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["credited", "lent"])
                | Q(
                    decided_at__isnull=False,
                    credit_yuan__gt=0,
                    credit_yuan__lte=MOST_YUAN,
                    credit_months__range=(1, 600),
                    credit_rate_pct__range=(0, 36),
                ),
                name="push_credited_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="lent", lent_yuan__gt=0, lent_yuan__lte=F("credit_yuan"), lent_on__isnull=False)
                | (~Q(state="lent") & Q(lent_yuan=None, lent_on=None)),
                name="push_lent_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="declined", reason__isnull=False, decided_at__isnull=False)
                | (~Q(state="declined") & Q(reason=None)),
                name="push_declined_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["bank", "state", "contact_by_on"], name="push_worklist")]

    def __str__(self) -> str:
        return f"{self.listing} → {self.bank}"


class Feedback(models.Model):
    """One answer of a bank to a push, never changed afterwards.

    Holds credit data and the name of an officer; kept 5 years.
    """

    push = models.ForeignKey(Push, models.PROTECT, related_name="feedback")
    verb = models.CharField(max_length=16)
    state = models.CharField("状态", max_length=13, choices=PUSH.choices())
    figures = models.JSONField(default=dict)
    reason = models.ForeignKey(DeclineReason, models.PROTECT, null=True, related_name="+")
    note = models.CharField("说明", max_length=500, blank=True)
    given_by_name = models.CharField("反馈人", max_length=150)
    given_at = models.DateTimeField("反馈时间")

    class Meta:
        verbose_name = "银行反馈"

    def __str__(self) -> str:
        return f"{self.push}: {self.get_state_display()}"

    def figure(self, name: str) -> Any:
        """One of the figures given with the answer; None where it was not given."""
        return self.figures.get(name)
