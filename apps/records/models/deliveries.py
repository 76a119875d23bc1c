"""报送: a file as it came, what became of each of its rows, and the rows that are not facts (yet)."""

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from apps.core.actor import Actor, Role
from apps.core.models import Job, StoredFile
from apps.records.manifest import KINDS, ORDINARY, PLATFORM, WAYS_IN
from apps.records.models.catalogue import CatalogueItem, Source
from apps.records.workflow import DELIVERY, HELD_ROW


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries as an actor may see them."""

    def visible_to(self, actor: Actor) -> "DeliveryQuerySet":
        """A department its own, the platform's administrators and auditors all, nobody else any."""
        if actor.has(Role.OPERATOR, Role.SYSTEM, Role.AUDITOR):
            return self.all()
        if actor.has(Role.DEPARTMENT):
            return self.filter(source__organization_id__in=actor.organization_ids | {actor.organization_id})
        return self.none()


class Delivery(models.Model):
    """One file of one item from one source; its counts always add up: the database refuses any other state.

    Points at a file with personal and credit data; kept as long as the item's retention.
    """

    item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="deliveries")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="deliveries")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    repeats = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="repetitions")
    file_name = models.CharField("文件名", max_length=255)
    received_at = models.DateTimeField("接收时间")
    received_from = models.CharField("报送人", max_length=150)
    state = models.CharField("状态", max_length=10, choices=DELIVERY.choices(), default=DELIVERY.initial)
    form = models.CharField("文件形式", max_length=200, blank=True)
    refusal = models.TextField("退回原因", blank=True)
    notes = models.JSONField("说明", default=list)
    way_in = models.CharField("报送方式", max_length=8, choices=WAYS_IN, default=PLATFORM)
    kind = models.CharField("报送性质", max_length=10, choices=KINDS, default=ORDINARY)
    period_from_on = models.DateField("所属期起", null=True)
    period_to_on = models.DateField("所属期止", null=True)
    sequence = models.PositiveIntegerField("报送序号", null=True)
    declared_rows = models.PositiveIntegerField("申报行数", null=True)
    declared_digest = models.CharField("申报摘要", max_length=80, blank=True)

    read = models.PositiveIntegerField("读取", default=0)
    not_data = models.PositiveIntegerField("非数据行", default=0)
    accepted = models.PositiveIntegerField("入库", default=0)
    rejected = models.PositiveIntegerField("退回", default=0)
    held = models.PositiveIntegerField("待处理", default=0)
    duplicate = models.PositiveIntegerField("重复", default=0)
    normalised = models.PositiveIntegerField("其中：已规范书写", default=0)
    warned = models.PositiveIntegerField("其中：有提示", default=0)
    corrected = models.PositiveIntegerField("其中：更正已有记录", default=0)
    tallies = models.JSONField("按原因的笔数", default=dict)
    chunks_done = models.PositiveIntegerField(default=0)
    chunks_total = models.PositiveIntegerField(default=0)
    # One instant for all its rows, so that no cut into chunks shows in «as known at» (README, two time axes).
    known_at = models.DateTimeField("开始处理时间", null=True)
    applied_at = models.DateTimeField("入库时间", null=True)
    accepted_removed = models.PositiveIntegerField("入库的行中：已到期删除", default=0)
    rejected_removed = models.PositiveIntegerField("退回的行中：已到期删除", default=0)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(read=F("not_data") + F("accepted") + F("rejected") + F("held") + F("duplicate")),
                name="delivery_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(normalised__lte=F("accepted"), warned__lte=F("accepted"), corrected__lte=F("accepted")),
                name="delivery_parts_of_accepted",
            ),
            models.CheckConstraint(
                condition=Q(accepted_removed__lte=F("accepted"), rejected_removed__lte=F("rejected")),
                name="delivery_removed_was_there",
            ),
            models.CheckConstraint(
                condition=Q(state="refused") & ~Q(refusal="") | ~Q(state="refused") & Q(refusal=""),
                name="delivery_refusal_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="repeated", repeats__isnull=False) | ~Q(state="repeated") & Q(repeats__isnull=True),
                name="delivery_repeats_something",
            ),
            models.CheckConstraint(condition=Q(kind__in=[value for value, _ in KINDS]), name="delivery_kind_known"),
            models.CheckConstraint(
                condition=Q(way_in__in=[value for value, _ in WAYS_IN]), name="delivery_way_in_known"
            ),
            models.CheckConstraint(
                condition=Q(period_from_on__isnull=True)
                | Q(period_to_on__isnull=True)
                | Q(period_to_on__gte=F("period_from_on")),
                name="delivery_period_in_order",
            ),
            models.UniqueConstraint(
                fields=["source", "item", "file"],
                condition=Q(state__in=["received", "reading", "applied"]),
                name="delivery_one_per_file",
            ),
        ]
        indexes = [
            models.Index(fields=["source", "-received_at"], name="delivery_source_newest"),
            models.Index(fields=["source", "item", "sequence"], name="delivery_sequence"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name}（第{self.pk}号报送）"


class RejectedRow(models.Model):
    """A row that goes back to its sender, with the reason and what was written.

    Holds credit data and possibly personal data as delivered; kept 12 months for the sender to correct.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="rejected_rows")
    sheet = models.CharField("工作表", max_length=100, blank=True)
    row_number = models.PositiveIntegerField("行号")
    column = models.CharField("列", max_length=100, blank=True)
    reason = models.CharField("原因代码", max_length=40)
    message = models.TextField("原因")
    original_text = models.TextField("原文")

    class Meta:
        indexes = [models.Index(fields=["delivery", "row_number"], name="rejectedrow_delivery")]

    def __str__(self) -> str:
        return f"第{self.row_number}行：{self.message}"


class HeldRow(models.Model):
    """A row that waits until someone or something decides; `values` is the row as normalised.

    Holds credit data as delivered; kept until decided and 12 months after.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="held_rows")
    sheet = models.CharField("工作表", max_length=100, blank=True)
    row_number = models.PositiveIntegerField("行号")
    reason = models.CharField("原因代码", max_length=40)
    message = models.TextField("原因")
    code = models.CharField("统一社会信用代码", max_length=18)
    values = models.JSONField("规范后的值")
    original_text = models.TextField("原文")
    state = models.CharField("状态", max_length=10, choices=HELD_ROW.choices(), default=HELD_ROW.initial)
    resolved_at = models.DateTimeField("处理时间", null=True)
    decided_by = models.CharField("处理人", max_length=150, blank=True)
    decision_reason = models.CharField("理由", max_length=200, blank=True)
    # What is decided together: the rows of one key; of 一主体多码, the rows of one name.
    group_key = models.GeneratedField(
        expression=Coalesce(
            Case(
                When(reason="one_subject_many_codes", then=KeyTextTransform("name_key", "values")),
                default=KeyTextTransform("natural_key", "values"),
            ),
            Value("", output_field=models.TextField()),
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", resolved_at__isnull=True) | ~Q(state="open") & Q(resolved_at__isnull=False),
                name="heldrow_resolved_when_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["delivery", "row_number"], name="heldrow_delivery"),
            models.Index(fields=["delivery", "group_key"], condition=Q(state="open"), name="heldrow_group"),
            models.Index(
                fields=["code"], condition=Q(state="open", reason="unknown_subject"), name="heldrow_waiting_code"
            ),
        ]

    def __str__(self) -> str:
        return f"第{self.row_number}行：{self.message}"
