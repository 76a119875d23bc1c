"""数据质量: what is expected of whom, figures by month, 重错码, contradictions, overdue periods, bulletins."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

from apps.core.actor import Actor, Role
from apps.records.code_faults import FLAGS, KINDS
from apps.records.models.catalogue import CatalogueItem, Source
from apps.records.models.deliveries import HeldRow
from apps.records.quality import CONTRADICTIONS, COUNT_NAMES, Counts
from apps.subjects.models import Subject

_SEES_ALL = (Role.OPERATOR, Role.SYSTEM, Role.AUDITOR)


def of_sources(actor: Actor, *paths: str) -> Q:
    """Rows of an actor's own sources; `paths` lead to a source, any of them makes a row the actor's."""
    if actor.has(*_SEES_ALL):
        return Q()
    if not actor.has(Role.DEPARTMENT):
        return Q(pk=None)
    own = actor.organization_ids | {actor.organization_id}
    condition = Q(pk=None)
    for path in paths:
        condition |= Q(**{f"{path}__organization_id__in": own})
    return condition


class OfSourceQuerySet(models.QuerySet[Any]):
    """Rows of one source as an actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """A department its own, the platform's administrators and auditors all."""
        return self.filter(of_sources(actor, "source"))


class Duty(models.Model):
    """That a source delivers an item, since when: periods due before were not yet agreed.

    Holds no personal or credit data; kept as long as the source.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="duties")
    item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="duties")
    since_on = models.DateField("自")
    until_on = models.DateField("至", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "item"], name="duty_one_per_item"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.item}"


class QualityFigure(models.Model):
    """The counts of one source, item and month (`quality.Counts`), counted anew every night until the month is old.

    Holds no personal or credit data; kept 60 months.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="+")
    month_on = models.DateField("月份")
    as_of_on = models.DateField("统计日")
    computed_at = models.DateTimeField("统计时间")
    deliveries = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    accepted = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    held = models.PositiveBigIntegerField(default=0)
    duplicate = models.PositiveBigIntegerField(default=0)
    incomplete = models.PositiveBigIntegerField(default=0)
    on_time = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    concealed = models.PositiveIntegerField(default=0)
    optional_cells = models.PositiveBigIntegerField(default=0)
    optional_filled = models.PositiveBigIntegerField(default=0)
    subjects = models.PositiveIntegerField(default=0)
    covered_subjects = models.PositiveIntegerField(default=0)
    active_subjects = models.PositiveIntegerField(default=0)
    contradictions = models.PositiveIntegerField(default=0)
    newest_on = models.DateField(null=True)
    gap_labels = models.JSONField("断档的所属期", default=list)

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "item", "month_on"], name="qualityfigure_one_per_month"),
            models.CheckConstraint(condition=Q(month_on__day=1), name="qualityfigure_month_begins"),
        ]
        indexes = [models.Index(fields=["month_on", "source"], name="qualityfigure_month")]

    def __str__(self) -> str:
        return f"{self.source} {self.item} {self.month_on:%Y-%m}"

    @property
    def counts(self) -> Counts:
        """The counts as the definitions take them."""
        return Counts(**{name: getattr(self, name) for name in COUNT_NAMES})


class DeliveredName(models.Model):
    """The name under which a source last delivered a subject, where it is not the registered one.

    Holds public register data and, of sole traders, personal data; kept as long as the subject.
    """

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "source", "item"], name="deliveredname_one_per_item"),
        ]

    def __str__(self) -> str:
        return self.name


class ContradictionQuerySet(models.QuerySet["Contradiction"]):
    """Contradictions as an actor may see them."""

    def visible_to(self, actor: Actor) -> "ContradictionQuerySet":
        """Both departments that contradict each other, the platform's administrators and auditors."""
        return self.filter(of_sources(actor, "first_source", "second_source"))


class Contradiction(models.Model):
    """Two sources say different things of one subject; both rows stay as they are, whoever errs corrects.

    Holds credit data (the two values); kept until it ends and 12 months after.
    """

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField("方面", max_length=20, choices=list(CONTRADICTIONS.items()))
    first_source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    first_item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="+")
    first_value = models.CharField(max_length=200)
    second_source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    second_item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="+")
    second_value = models.CharField(max_length=200)
    found_on = models.DateField("发现日期")
    ended_on = models.DateField("消除日期", null=True)

    objects = ContradictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "kind", "first_source", "first_item", "second_source", "second_item"],
                condition=Q(ended_on__isnull=True),
                name="contradiction_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.get_kind_display()}"


class CodeFaultQuerySet(OfSourceQuerySet):
    """重错码 as an actor may see them."""

    def open(self) -> "CodeFaultQuerySet":
        """Those that nobody has mended or decided yet."""
        return self.filter(ended_on__isnull=True)


class CodeFault(models.Model):
    """重错码: something wrong with a code, found among subjects, held or rejected rows. One row a kind and code.

    Holds public register data and possibly a mistyped personal number as delivered; kept 60 months after it ended.
    """

    kind = models.CharField("类型", max_length=24, choices=[(kind.slug, kind.label) for kind in KINDS.values()])
    code = models.CharField("统一社会信用代码", max_length=24)
    key = models.CharField(max_length=60, unique=True)
    subject = models.ForeignKey(Subject, on_delete=models.SET_NULL, null=True, related_name="+")
    held_row = models.ForeignKey(HeldRow, on_delete=models.SET_NULL, null=True, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField("主体名称", max_length=200, blank=True)
    detail = models.CharField("说明", max_length=500, blank=True)
    counts_in_rate = models.BooleanField("计入重错码率")
    evidence_at = models.DateTimeField("最近一次出现")
    found_on = models.DateField("发现日期")
    ended_on = models.DateField("消除日期", null=True)
    flag = models.CharField("数据操作标识位", max_length=1, blank=True, choices=list(FLAGS.items()))
    decided_at = models.DateTimeField("更正时间", null=True)

    objects = CodeFaultQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["kind", "code"], condition=Q(ended_on__isnull=True), name="codefault_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.code}"

    @property
    def next_step(self) -> str:
        """What the registrar does about it."""
        return KINDS[self.kind].next_step


class CorrectionRound(models.Model):
    """A round of correcting 重错码: what its workbook accepts is data (domain §2.3: one round took only 1 删除).

    Holds no personal or credit data; kept for good.
    """

    name = models.CharField("名称", max_length=60, unique=True)
    accepts = models.JSONField("接受的数据操作标识位")
    opened_on = models.DateField("开始日期")
    closed_on = models.DateField("结束日期", null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def accepted_labels(self) -> str:
        """What it takes, in words."""
        return "、".join(f"{flag} {FLAGS[flag]}" for flag in sorted(self.accepts))


class CorrectionLine(models.Model):
    """A line of a correction workbook that came in, and why it was refused where it was.

    Holds public register data, no credit data; kept as long as the round.
    """

    round = models.ForeignKey(CorrectionRound, on_delete=models.PROTECT, related_name="lines")
    fault = models.ForeignKey(CodeFault, on_delete=models.SET_NULL, null=True, related_name="lines")
    row_number = models.PositiveIntegerField("行号")
    code = models.CharField("统一社会信用代码", max_length=40, blank=True)
    flag = models.CharField("数据操作标识位", max_length=10, blank=True)
    other_code = models.CharField("新赋或保留的代码", max_length=40, blank=True)
    refusal = models.CharField("未接受的原因", max_length=300, blank=True)
    received_at = models.DateTimeField("导入时间")
    received_from = models.CharField("导入人", max_length=150)
    organization_id = models.PositiveBigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["round", "-received_at"], name="correctionline_newest")]

    def __str__(self) -> str:
        return f"第{self.row_number}行 {self.code}"


class OverdueAlert(models.Model):
    """An item whose period did not come in time; it ends by itself when the period comes.

    Holds no personal or credit data; kept 60 months.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="+")
    period_on = models.DateField("所属期起")
    period_end_on = models.DateField("所属期止")
    due_on = models.DateField("期限")
    raised_at = models.DateTimeField("提醒时间")
    ended_at = models.DateTimeField("补报时间", null=True)

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "item", "period_on"], name="overduealert_one_per_period"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.item} {self.period_on}"


class Bulletin(models.Model):
    """通报: the figures of a source and month as they stood when they were published; never changed after.

    Holds no personal or credit data; kept for good.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    month_on = models.DateField("月份")
    content = models.JSONField("内容")
    content_digest = models.CharField("内容摘要", max_length=64)
    published_at = models.DateTimeField("发布时间")
    published_by_name = models.CharField("发布人", max_length=150)

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "month_on"], name="bulletin_one_per_month"),
        ]

    def __str__(self) -> str:
        return f"{self.source}{self.month_on:%Y年%m月}数据质量通报"
