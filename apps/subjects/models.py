"""信用主体: everyone with a unified social credit code, registered on the platform or not."""

from django.db import models

from apps.core.actor import EVERYWHERE, Actor, OrganizationKind

KINDS = [
    ("enterprise", "企业"),
    ("sole_trader", "个体工商户"),
    ("cooperative", "农民专业合作社"),
    ("other", "其他"),
]
STATUSES = [("active", "存续"), ("cancelled", "注销"), ("revoked", "吊销"), ("moved_out", "迁出")]

_REGIONAL = (OrganizationKind.AUTHORITY, OrganizationKind.DEPARTMENT, OrganizationKind.REGULATOR)


class SubjectQuerySet(models.QuerySet["Subject"]):
    """Subjects as an actor may see them."""

    def visible_to(self, actor: Actor) -> "SubjectQuerySet":
        """Identity is public register information: a firm sees itself, an authority, department or regulator its
        region with everything below, everybody else the whole directory. Merged ones are gone from it.
        """
        rows = self.filter(merged_into__isnull=True)
        if actor.organization_kind == OrganizationKind.FIRM:
            return rows.filter(pk=actor.subject_id) if actor.subject_id else self.none()
        if actor.organization_kind in _REGIONAL and actor.region_codes != EVERYWHERE:
            return rows.filter(region_code__in=actor.region_codes)
        return rows


class Subject(models.Model):
    """One firm, sole trader or co-operative under its present code and name.

    Holds public register data and, of sole traders, personal data (the operator's name); kept as long as any record.
    Only deliveries of 登记注册 create or change rows, and corrections of 重错码 give codes: `merged_into` is set on one
    that turned out to be another subject under a second code.
    """

    code = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("名称", max_length=200)
    name_key = models.CharField(max_length=200)
    kind = models.CharField("类别", max_length=12, choices=KINDS)
    status = models.CharField("登记状态", max_length=10, choices=STATUSES)
    region_code = models.CharField("所属区划", max_length=6)
    industry_code = models.CharField("行业代码", max_length=5, blank=True)
    legal_form = models.CharField("主体类型", max_length=100, blank=True)
    legal_representative = models.CharField("法定代表人", max_length=100, blank=True)
    established_on = models.DateField("成立日期", null=True, blank=True)
    inner_check_ok = models.BooleanField("主体标识码校验相符", default=True)
    first_seen_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", verbose_name="已并入"
    )

    objects = SubjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(code__regex=r"^[0-9A-Z]{18}$"), name="subject_code_form"),
        ]
        indexes = [
            models.Index(fields=["region_code", "id"], name="subject_region"),
            models.Index(fields=["name_key"], name="subject_name_key"),
        ]

    def __str__(self) -> str:
        return self.name


class SubjectName(models.Model):
    """A name that a subject bears or bore; the search looks here.

    Holds public register data, no credit data; kept as long as the subject.
    """

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200)
    seen_from_at = models.DateTimeField()
    seen_until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=models.Q(seen_until_at__isnull=True), name="subjectname_one_current"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SubjectCode(models.Model):
    """A code under which a subject is or was known: the present one, a former one, or a 重错码 merged into it.

    Holds public register data, no credit data; kept as long as the subject.
    """

    CURRENT, FORMER, FAULTY = "current", "former", "faulty"

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(max_length=18, unique=True)
    kind = models.CharField(
        max_length=8, choices=[(CURRENT, "现用"), (FORMER, "曾用"), (FAULTY, "重错码")], default=CURRENT
    )
    seen_from_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=models.Q(kind="current"), name="subjectcode_one_current"
            ),
        ]

    def __str__(self) -> str:
        return self.code
