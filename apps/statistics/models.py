"""What was counted each day."""

from django.db import models
from django.db.models import Q

from apps.core.actor import EVERYWHERE, Actor, Role

SUPERVISORS = (Role.REGULATOR, Role.AUTHORITY, Role.OPERATOR, Role.AUDITOR, Role.SYSTEM)


class DailyFigureQuerySet(models.QuerySet["DailyFigure"]):
    """Figures as an actor may see them."""

    def visible_to(self, actor: Actor) -> "DailyFigureQuerySet":
        """Authorities and regulators those of their region with everything below, the platform's people all."""
        if not actor.has(*SUPERVISORS):
            return self.none()
        if actor.region_codes == EVERYWHERE:
            return self.all()
        return self.filter(region_code__in=actor.region_codes)


class DailyFigure(models.Model):
    """One measure on one day for one region and one value of one dimension ("": all of it).

    Totals, no personal data; a row with few firms behind it is credit data until `rules.publish` has withheld it.
    Kept indefinitely. Rewritten only by building the same day again.
    """

    on = models.DateField("日期")
    figure = models.CharField("指标", max_length=40)
    region_code = models.CharField("区划", max_length=6)
    dimension = models.CharField("维度", max_length=10, blank=True)
    value = models.CharField("取值", max_length=20, blank=True)
    count = models.PositiveBigIntegerField("数量")
    amount = models.DecimalField("金额或累加值", max_digits=28, decimal_places=4, null=True)
    firms = models.PositiveBigIntegerField("涉及企业")

    objects = DailyFigureQuerySet.as_manager()

    class Meta:
        verbose_name = "每日统计"
        constraints = [
            models.UniqueConstraint(
                fields=["on", "figure", "region_code", "dimension", "value"], name="dailyfigure_once"
            ),
            models.CheckConstraint(condition=Q(count__gte=1, firms__gte=1), name="dailyfigure_counts_something"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.figure} {self.region_code} {self.dimension}={self.value}"


class BuiltDay(models.Model):
    """A day whose figures are complete; without it an empty day and an uncounted one would look alike.

    Holds no personal or credit data; kept indefinitely.
    """

    on = models.DateField("日期", unique=True)
    built_at = models.DateTimeField("统计时间")
    rows = models.PositiveIntegerField("行数")
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = "已统计日"

    def __str__(self) -> str:
        return str(self.on)
