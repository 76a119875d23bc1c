"""目录项 and the bodies that deliver them."""

from django.db import models

from apps.accounts.models import Organization
from apps.core.actor import Actor, OrganizationKind, Role
from apps.records.quality import CADENCES, ON_DEMAND
from apps.reference.models import Certainty

SHAPES = [("payment", "按期缴费"), ("event", "事项"), ("holding", "持有")]
DISCLOSURES = [("public", "公开公示"), ("authorised", "授权查询"), ("government", "政务共享")]
SHARING_MODES = [("collected", "物理归集"), ("interface", "接口调用"), ("verification", "数据核验")]
ABSENCES = [("none", "无记录即无此事"), ("unknown", "无记录即不知道")]

# The kinds of organisation that deliver.
DELIVERING_KINDS = (OrganizationKind.DEPARTMENT, OrganizationKind.AUTHORITY)


class CatalogueItem(models.Model):
    """目录项: a kind of public credit information, described as data (domain §1.3). A new item is a row.

    `edited_at` is set once somebody changes it here; the reference file then leaves it alone.
    Holds no personal or credit data; kept for good.
    """

    code = models.SlugField("代码", max_length=40, unique=True)
    catalogue_no = models.CharField("清单序号", max_length=20)
    category = models.CharField("类别", max_length=40, default="")
    name = models.CharField("名称", max_length=100)
    owner = models.CharField("提供单位", max_length=100)
    shape = models.CharField("形态", max_length=8, choices=SHAPES)
    sharing_mode = models.CharField("共享方式", max_length=12, choices=SHARING_MODES)
    disclosure = models.CharField("披露方式", max_length=12, choices=DISCLOSURES)
    update_frequency = models.CharField("更新频次", max_length=100)
    cadence = models.CharField("报送周期", max_length=12, choices=CADENCES, default=ON_DEMAND)
    due_workdays = models.PositiveSmallIntegerField("报送时限（工作日）", default=0)
    retention_months = models.PositiveSmallIntegerField("保存期限（月）")
    natural_key = models.JSONField("自然键")
    key_text = models.JSONField("键文本的组成", default=list)
    absence = models.CharField("无记录的含义", max_length=8, choices=ABSENCES)
    creates_subjects = models.BooleanField("建立主体", default=False)
    fields = models.JSONField("信息项")
    catalog_version = models.CharField("目录版本", max_length=20)
    source_document = models.CharField("依据", max_length=200, default="")
    certainty = models.CharField("确定性", max_length=10, choices=Certainty.choices, default=Certainty.OURS)
    concerns_persons = models.BooleanField("涉及自然人", default=False)
    needs_verification = models.BooleanField("待核实", default=False)
    is_active = models.BooleanField("启用", default=True)
    edited_at = models.DateTimeField("本地修改时间", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(shape__in=[value for value, _ in SHAPES]), name="catalogueitem_shape_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(disclosure="public", concerns_persons=True),
                name="catalogueitem_persons_never_public",
                violation_error_message="涉及自然人的信息项不能公开公示。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceQuerySet(models.QuerySet["Source"]):
    """Sources as an actor may see them."""

    def visible_to(self, actor: Actor) -> "SourceQuerySet":
        """A department its own, the platform's administrators all."""
        if actor.has(Role.OPERATOR, Role.SYSTEM, Role.AUDITOR):
            return self.all()
        if actor.has(Role.DEPARTMENT):
            return self.filter(organization_id__in=actor.organization_ids | {actor.organization_id})
        return self.none()


class Source(models.Model):
    """A body that delivers, and the items that it may deliver.

    Holds no personal or credit data; kept as long as any delivery of it.
    """

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="source")
    items = models.ManyToManyField(CatalogueItem, related_name="sources")
    is_active = models.BooleanField("启用", default=True)

    objects = SourceQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.organization)
