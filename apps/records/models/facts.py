"""The facts, in three typed tables that the vector engine reads as plain columns (design §5).

A stored row never changes, except that `superseded_at` is set once (a trigger holds it); a correction closes the old
row and adds a new one. Bulk tables carry no foreign-key constraints; a nightly orphan check stands in for them.
"""

from typing import Any

from django.db import models
from django.db.models import Q

from apps.records.models.deliveries import Delivery
from apps.subjects.models import Subject

LIVE = Q(superseded_at__isnull=True)


def _loose(to: type[models.Model]) -> Any:
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")


def _money(label: str) -> Any:
    return models.DecimalField(label, max_digits=18, decimal_places=2, null=True)


class PaymentRecord(models.Model):
    """A periodic duty: tax, social insurance, housing fund, power, water, gas.

    Holds credit data of the subject, protected by consent; kept for the item's retention. Range-partitioned by
    `period_on`, so (period_on, id) names a row and there is no index on `id` alone.
    """

    subject = _loose(Subject)
    item_code = models.CharField(max_length=40)
    period_on = models.DateField("所属期起")
    period_end_on = models.DateField("所属期止")
    key_text = models.CharField(max_length=200)
    due_yuan = _money("应缴")
    paid_yuan = _money("已缴")
    arrears_yuan = _money("欠缴")
    base_yuan = _money("计费基数")
    quantity = models.DecimalField("用量", max_digits=18, decimal_places=4, null=True)
    headcount = models.PositiveIntegerField("人数", null=True)
    due_on = models.DateField("缴费期限", null=True)
    paid_on = models.DateField("缴费日期", null=True)
    extra = models.JSONField(default=dict)
    delivery = _loose(Delivery)
    row_number = models.PositiveIntegerField()
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "item_code", "period_on", "key_text"], condition=LIVE, name="paymentrecord_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_code} {self.period_on} {self.key_text}"


class EventRecord(models.Model):
    """A dated act or fact: penalty, permit, judgment, list entry, award, grade.

    Holds credit data of the subject; kept for the item's retention.
    """

    subject = _loose(Subject)
    item_code = models.CharField(max_length=40)
    key_text = models.CharField(max_length=200)
    occurred_on = models.DateField("发生日期", null=True)
    authority = models.CharField("机关", max_length=200)
    class_text = models.CharField("类别", max_length=200)
    amount_yuan = _money("金额")
    valid_from_on = models.DateField("有效期自", null=True)
    valid_to_on = models.DateField("有效期至", null=True)
    repaired_on = models.DateField("修复或屏蔽日期", null=True)
    title = models.CharField("事由", max_length=500)
    extra = models.JSONField(default=dict)
    delivery = _loose(Delivery)
    row_number = models.PositiveIntegerField()
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "item_code", "key_text"], condition=LIVE, name="eventrecord_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_code} {self.key_text}"


class HoldingRecord(models.Model):
    """Something held or had: registration, patent, real estate, qualification, land.

    Holds credit data of the subject; kept for the item's retention.
    """

    subject = _loose(Subject)
    item_code = models.CharField(max_length=40)
    key_text = models.CharField(max_length=200)
    count = models.PositiveIntegerField("数量", null=True)
    value_yuan = _money("价值")
    from_on = models.DateField("起始日期", null=True)
    to_on = models.DateField("截止日期", null=True)
    encumbered = models.BooleanField("是否抵押或质押", null=True)
    extra = models.JSONField(default=dict)
    delivery = _loose(Delivery)
    row_number = models.PositiveIntegerField()
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "item_code", "key_text"], condition=LIVE, name="holdingrecord_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_code} {self.key_text}"
