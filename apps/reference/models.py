"""Dated public tables. Every row names its source and how sure we are of it."""

from datetime import date
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.ranges import DateRangeField
from django.db import models
from django.db.models import BigIntegerField, F, Func, Q, Value
from django.db.models.constraints import Deferrable
from django.db.models.functions import Cast


class Certainty(models.TextChoices):
    """How well a row is founded, as domain.md marks it."""

    CONFIRMED = "confirmed", "✓ 已核对原文"
    RESTATED = "restated", "~ 转述"
    DRAFT = "draft", "征求意见稿"
    RECALLED = "recalled", "? 待核对"
    OURS = "ours", "平台默认"


class Sourced(models.Model):
    """Base of every reference row: where it comes from, and whether someone keeps it here by hand."""

    source_document = models.TextField("依据")
    certainty = models.CharField("确定性", max_length=10, choices=Certainty.choices)
    # Set when an operator changed the row: from then on the fixture of a later release leaves it alone.
    edited_at = models.DateTimeField("维护时间", null=True, editable=False)

    class Meta:
        abstract = True


class PeriodQuerySet(models.QuerySet[Any]):
    """Rows with a period of validity."""

    def in_force(self, on: date) -> "PeriodQuerySet":
        """Rows whose half-open period [from, to) holds the day."""
        return self.filter(Q(effective_to__isnull=True) | Q(effective_to__gt=on), effective_from__lte=on)


def period_ordered(model: str) -> models.CheckConstraint:
    """effective_to, where given, lies after effective_from."""
    return models.CheckConstraint(
        condition=Q(effective_to__isnull=True) | Q(effective_to__gt=F("effective_from")),
        name=f"{model}_period_ordered",
        violation_error_message="失效日期应晚于生效日期。",
    )


def period_disjoint(model: str, number: Any) -> ExclusionConstraint:
    """One row a day for each key. `number` turns the key into an integer: btree_gist is not at hand (design §4).

    Deferred, so that closing a period and opening the next may come in either order within a transaction.
    """
    return ExclusionConstraint(
        name=f"{model}_period_disjoint",
        expressions=[
            (Func(number, number, Value("[]"), function="int8range"), "&&"),
            (
                Func(F("effective_from"), F("effective_to"), function="daterange", output_field=DateRangeField()),
                "&&",
            ),
        ],
        deferrable=Deferrable.DEFERRED,
        violation_error_message="同一代码的有效期不能重叠。",
    )


def text_key(field: str) -> Func:
    """A text key as a 64-bit number."""
    return Func(F(field), Value(0), function="hashtextextended", output_field=BigIntegerField())


class Dated(Sourced):
    """Base of rows in force on [effective_from, effective_to); an empty end is open."""

    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True


class RegionLevel(models.TextChoices):
    """Level of an administrative region (GB/T 2260)."""

    PROVINCE = "province", "省级"
    CITY = "city", "地级"
    COUNTY = "county", "县级"


class Region(Dated):
    """An administrative region under one code and name (GB/T 2260, 统计用区划代码), with its past.

    Holds no personal or credit data; kept indefinitely. A code whose beginning is older than the standard is dated
    1949-10-01; where only the year of a change is known it is dated 1 January.
    """

    code = models.CharField("区划代码", max_length=6)
    name = models.CharField("名称", max_length=60)
    level = models.CharField("级别", max_length=8, choices=RegionLevel.choices)
    parent_code = models.CharField("上级代码", max_length=6, blank=True)
    successor_code = models.CharField("承接代码", max_length=6, blank=True)

    class Meta:
        verbose_name = "行政区划"
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="region_one_start"),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{6}$"), name="region_code_six_digits"),
            period_ordered("region"),
            period_disjoint("region", Cast("code", BigIntegerField())),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class IndustryKind(models.TextChoices):
    """Depth of an industry in GB/T 4754."""

    SECTION = "section", "门类"
    DIVISION = "division", "大类"


class Industry(Dated):
    """A 门类 or 大类 of GB/T 4754-2017. Holds no personal or credit data; kept indefinitely."""

    code = models.CharField("行业代码", max_length=2)
    kind = models.CharField("层级", max_length=8, choices=IndustryKind.choices)
    name = models.CharField("名称", max_length=60)
    parent_code = models.CharField("门类代码", max_length=1, blank=True)

    class Meta:
        verbose_name = "行业"
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="industry_one_start"),
            models.CheckConstraint(
                condition=Q(kind="section", parent_code="") | (Q(kind="division") & ~Q(parent_code="")),
                name="industry_division_has_section",
            ),
            period_ordered("industry"),
            period_disjoint("industry", text_key("code")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class SizeIndicator(models.TextChoices):
    """What the size standard measures, in persons or yuan."""

    HEADCOUNT = "headcount", "从业人员（人）"
    REVENUE = "revenue", "营业收入（元）"
    ASSETS = "assets", "资产总额（元）"


class SizeStandard(Dated):
    """A row of 中小企业划型标准: lower bounds of large, medium and small. The expression: profiles/sizing.py.

    Holds no personal or credit data; kept indefinitely. Bounds are persons or yuan, as their indicator says.
    `certainty` speaks of the bounds, `mapping_certainty` of the assignment to GB/T 4754-2017.
    """

    standard_code = models.CharField("标准", max_length=20)
    row_no = models.PositiveSmallIntegerField("行号")
    label = models.CharField("行业", max_length=40)
    sections = ArrayField(models.CharField(max_length=1), verbose_name="门类", default=list, blank=True)
    divisions = ArrayField(models.CharField(max_length=2), verbose_name="大类", default=list, blank=True)
    groups4 = ArrayField(models.CharField(max_length=4), verbose_name="小类", default=list, blank=True)
    indicator_1 = models.CharField("指标一", max_length=10, choices=SizeIndicator.choices)
    indicator_2 = models.CharField("指标二", max_length=10, choices=SizeIndicator.choices, blank=True)
    large_1 = models.DecimalField("大型下限一", max_digits=18, decimal_places=2)
    large_2 = models.DecimalField("大型下限二", max_digits=18, decimal_places=2, null=True, blank=True)
    medium_1 = models.DecimalField("中型下限一", max_digits=18, decimal_places=2)
    medium_2 = models.DecimalField("中型下限二", max_digits=18, decimal_places=2, null=True, blank=True)
    small_1 = models.DecimalField("小型下限一", max_digits=18, decimal_places=2)
    small_2 = models.DecimalField("小型下限二", max_digits=18, decimal_places=2, null=True, blank=True)
    mapping_source = models.TextField("行业对应依据")
    mapping_certainty = models.CharField("行业对应确定性", max_length=10, choices=Certainty.choices)

    class Meta:
        verbose_name = "划型标准"
        constraints = [
            models.UniqueConstraint(fields=["standard_code", "row_no"], name="sizestandard_one_row"),
            models.CheckConstraint(
                condition=Q(indicator_2="", large_2=None, medium_2=None, small_2=None)
                | (~Q(indicator_2="") & Q(large_2__gte=F("medium_2"), medium_2__gte=F("small_2"))),
                name="sizestandard_second_whole",
            ),
            models.CheckConstraint(
                condition=Q(large_1__gt=F("medium_1"), medium_1__gt=F("small_1")), name="sizestandard_bounds_descend"
            ),
            period_ordered("sizestandard"),
        ]

    def __str__(self) -> str:
        return f"{self.standard_code} {self.row_no} {self.label}"


class CalendarYear(Sourced):
    """A year whose holidays are announced and loaded. Holds no personal or credit data; kept indefinitely."""

    year = models.PositiveSmallIntegerField("年份", unique=True)

    class Meta:
        verbose_name = "日历年度"

    def __str__(self) -> str:
        return str(self.year)


class WorkDay(Sourced):
    """A day that differs from Monday to Friday: a holiday in the week, or a weekend day worked.

    Holds no personal or credit data; kept indefinitely.
    """

    on = models.DateField("日期", unique=True)
    is_workday = models.BooleanField("上班")
    name = models.CharField("说明", max_length=40, blank=True)

    class Meta:
        verbose_name = "工作日例外"

    def __str__(self) -> str:
        return f"{self.on} {'班' if self.is_workday else '休'}"


class LprTenor(models.TextChoices):
    """Tenor of the loan prime rate."""

    ONE_YEAR = "1Y", "1年期"
    FIVE_YEARS = "5Y", "5年期以上"


class LprQuote(Sourced):
    """A loan prime rate as published; in force until the next one. Holds no personal or credit data; kept
    indefinitely."""

    published_on = models.DateField("公布日期")
    tenor = models.CharField("期限", max_length=2, choices=LprTenor.choices)
    rate_pct = models.DecimalField("利率（%）", max_digits=5, decimal_places=2)

    class Meta:
        verbose_name = "贷款市场报价利率"
        constraints = [
            models.UniqueConstraint(fields=["published_on", "tenor"], name="lprquote_one_a_day"),
            models.CheckConstraint(condition=Q(rate_pct__gt=0, rate_pct__lt=100), name="lprquote_rate_plausible"),
        ]

    def __str__(self) -> str:
        return f"{self.published_on} {self.tenor} {self.rate_pct}%"


class BlockEffect(models.TextChoices):
    """What a list does to one use of the profile."""

    BLOCK = "BLOCK", "禁止"
    REVIEW = "REVIEW", "人工复核"
    WARN = "WARN", "提示"
    NONE = "NONE", "无影响"


class BlockList(Dated):
    """A list that blocks or flags (domain §6.3), with its effect on whitelist, loan application and subsidy.

    Holds no personal or credit data; kept indefinitely. Triggered by a live record of catalogue item `fact_item`
    whose value is in `fact_values` (empty: any record).
    """

    code = models.CharField("代码", max_length=12)
    name = models.CharField("名单", max_length=60)
    authority = models.CharField("认定机关", max_length=60)
    fact_item = models.CharField("触发的目录项", max_length=40)
    fact_values = ArrayField(models.CharField(max_length=20), verbose_name="触发值", default=list, blank=True)
    effect_whitelist = models.CharField("白名单", max_length=6, choices=BlockEffect.choices)
    effect_application = models.CharField("贷款申请", max_length=6, choices=BlockEffect.choices)
    effect_subsidy = models.CharField("贴息补偿", max_length=6, choices=BlockEffect.choices)

    class Meta:
        verbose_name = "限制名单"
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="blocklist_one_start"),
            period_ordered("blocklist"),
            period_disjoint("blocklist", text_key("code")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PenaltyClass(Dated):
    """A class of administrative penalties with its months of publicity (domain §5.1).

    Holds no personal or credit data; kept indefinitely.
    """

    code = models.CharField("代码", max_length=10)
    name = models.CharField("类别", max_length=10)
    severity = models.PositiveSmallIntegerField("严重程度")
    min_publicity_months = models.PositiveSmallIntegerField("最短公示期（月）")
    max_publicity_months = models.PositiveSmallIntegerField("最长公示期（月）")

    class Meta:
        verbose_name = "处罚类别"
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="penaltyclass_one_start"),
            models.CheckConstraint(
                condition=Q(min_publicity_months__lte=F("max_publicity_months")), name="penaltyclass_months_ordered"
            ),
            period_ordered("penaltyclass"),
            period_disjoint("penaltyclass", text_key("code")),
        ]

    def __str__(self) -> str:
        return self.name


class PenaltyKind(Dated):
    """A value of CF_CFLB (kind of penalty) and the class it belongs to. Holds no personal or credit data; kept
    indefinitely."""

    kind = models.CharField("处罚种类", max_length=20)
    class_code = models.CharField("类别代码", max_length=10)

    class Meta:
        verbose_name = "处罚种类"
        constraints = [
            models.UniqueConstraint(fields=["kind", "effective_from"], name="penaltykind_one_start"),
            period_ordered("penaltykind"),
            period_disjoint("penaltykind", text_key("kind")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.class_code}"


class FigureUnit(models.TextChoices):
    """Unit of a policy figure."""

    YUAN = "yuan", "元"
    PCT = "pct", "%"
    POINTS = "points", "分"
    MONTHS = "months", "个月"
    DAYS = "days", "天"
    WORKDAYS = "workdays", "个工作日"
    COUNT = "count", "户"
    PERSONS = "persons", "人"


class PolicyFigure(Dated):
    """A number that a policy or the platform sets; its key names it for the code. Holds no personal or credit data;
    kept indefinitely."""

    key = models.CharField("键", max_length=60)
    label = models.CharField("名称", max_length=60)
    value = models.DecimalField("数值", max_digits=18, decimal_places=2)
    unit = models.CharField("单位", max_length=10, choices=FigureUnit.choices)

    class Meta:
        verbose_name = "政策数值"
        constraints = [
            models.UniqueConstraint(fields=["key", "effective_from"], name="policyfigure_one_start"),
            models.CheckConstraint(condition=Q(value__gte=0), name="policyfigure_not_negative"),
            period_ordered("policyfigure"),
            period_disjoint("policyfigure", text_key("key")),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.value}"


class TableState(models.Model):
    """What of a table is loaded, and a token that changes with every write, so that snapshots of it can be kept.

    Holds no personal or credit data; kept indefinitely.
    """

    table = models.CharField("表", max_length=40, unique=True)
    fixture_digest = models.CharField("数据文件摘要", max_length=64, blank=True)
    token = models.UUIDField("版本")
    changed_at = models.DateTimeField("变更时间")

    class Meta:
        verbose_name = "数据表状态"

    def __str__(self) -> str:
        return self.table
