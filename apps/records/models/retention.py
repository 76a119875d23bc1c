"""How long what was delivered is kept, and the proof of what went."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions.text import ConcatPair

from apps.core.actor import Actor, Role
from apps.records.retention import ACTIONS, BASES, KEPT
from apps.reference.models import Dated, period_disjoint, period_ordered, text_key


class RetentionRule(Dated):
    """From which day the retention of an item is counted, and what happens at its end, where that is not what its
    shape says (`retention.DEFAULT_BASES`). `months` empty: as long as the catalogue says.

    Holds no personal or credit data; kept indefinitely.
    """

    item_code = models.CharField("信息项", max_length=40)
    action = models.CharField("到期处理", max_length=6, choices=ACTIONS)
    counts_from = models.CharField("起算", max_length=12, choices=BASES)
    months = models.PositiveSmallIntegerField("保存期限（月）", null=True)
    rule_key = models.GeneratedField(
        expression=ConcatPair("item_code", "action"), output_field=models.CharField(max_length=50), db_persist=True
    )

    class Meta:
        verbose_name = "保存规则"
        constraints = [
            models.UniqueConstraint(fields=["item_code", "action", "effective_from"], name="retentionrule_one_start"),
            models.CheckConstraint(
                condition=Q(action__in=[value for value, _ in ACTIONS]), name="retentionrule_action_known"
            ),
            models.CheckConstraint(
                condition=Q(counts_from__in=[value for value, _ in BASES]), name="retentionrule_base_known"
            ),
            models.CheckConstraint(condition=Q(months__isnull=True) | Q(months__gt=0), name="retentionrule_months"),
            period_ordered("retentionrule"),
            period_disjoint("retentionrule", text_key("rule_key")),
        ]

    def __str__(self) -> str:
        return f"{self.item_code} {self.get_action_display()}"


class DeletionProofQuerySet(models.QuerySet["DeletionProof"]):
    """Proofs as an actor may see them."""

    def visible_to(self, actor: Actor) -> "DeletionProofQuerySet":
        """The platform's administrators and auditors all, nobody else any."""
        return self.all() if actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM) else self.none()


class DeletionProof(models.Model):
    """What one step of retention deleted or closed: by which rule, which period, how many rows, with a digest.

    `digest` is SHA-256 over the rows as canonical lines (PostgreSQL's jsonb text with times in UTC), in the order of
    their ids, joined by line feeds; of a file, over its bytes. `first_on` and `last_on` are the days from which the
    period was counted. Facts say whom they were about (`subject_ids`), so that a replay can tell what it lacks.
    Holds no personal or credit data but the numbers of subjects; kept for good. Append-only by trigger, and written
    by `records_retire`, the one door through which facts go.
    """

    kept = models.CharField("对象", max_length=8, choices=KEPT)
    item_code = models.CharField("信息项", max_length=40)
    action = models.CharField("处理", max_length=6, choices=ACTIONS)
    counts_from = models.CharField("起算", max_length=12, choices=BASES)
    months = models.PositiveSmallIntegerField("保存期限（月）")
    business_date = models.DateField("业务日期")
    first_on = models.DateField("最早")
    last_on = models.DateField("最晚")
    first_recorded_at = models.DateTimeField("最早入库", null=True)
    rows = models.PositiveIntegerField("行数")
    digest = models.CharField("摘要", max_length=64)
    subject_ids = ArrayField(models.BigIntegerField(), default=list)
    delivery_id = models.BigIntegerField(null=True)
    at = models.DateTimeField("时间")
    actor_name = models.CharField("执行", max_length=150)

    objects = DeletionProofQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rows__gt=0), name="deletionproof_of_something"),
            models.CheckConstraint(condition=Q(kept__in=[value for value, _ in KEPT]), name="deletionproof_kept_known"),
        ]
        indexes = [models.Index(fields=["item_code", "-at"], name="deletionproof_item")]

    def __str__(self) -> str:
        return f"{self.item_code}{self.get_kept_display()}{self.rows}行"
