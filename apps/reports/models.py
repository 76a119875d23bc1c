"""Documents: who asked for which, with what right and content, and the file that came of it."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.accounts.models import Organization
from apps.consents.models import AccessRecord
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.models import Job, StoredFile
from apps.reports.workflow import REPORT, UNDER_WAY
from apps.subjects.models import Subject

DOCUMENTS = [("credit_report", "企业融资信用报告")]


class ReportRequestQuerySet(models.QuerySet["ReportRequest"]):
    """Requests as an actor may see them."""

    def visible_to(self, actor: Actor) -> "ReportRequestQuerySet":
        """A firm every report about itself, a bank its own, the platform's administrators all (never the content)."""
        if actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        if actor.organization_kind == OrganizationKind.FIRM and actor.subject_id is not None:
            return self.filter(subject_id=actor.subject_id)
        if actor.organization_kind == OrganizationKind.BANK:
            return self.filter(organization_id__in=actor.organization_ids)
        return self.none()


class ReportRequest(models.Model):
    """A document somebody asked for: by which right, for what, and its frozen content.

    Holds credit data of the subject and the name of the asker; kept 5 years (domain §10). `content` is what is
    printed, taken in the transaction that opened the gate; the database refuses to lose its digest.
    """

    number = models.CharField("报告编号", max_length=22, unique=True)
    document = models.CharField("文书", max_length=20, choices=DOCUMENTS, default="credit_report")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="report_requests")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="report_requests")
    requested_by = models.BigIntegerField(null=True)
    requested_by_name = models.CharField("申请人", max_length=150)
    requested_at = models.DateTimeField("申请时间")
    purpose = models.CharField("用途", max_length=20)
    items = models.JSONField("信息项")
    access_record = models.ForeignKey(AccessRecord, models.PROTECT, null=True, related_name="+")
    content = models.JSONField("内容")
    content_digest = models.CharField("内容摘要", max_length=64)
    valid_until_on = models.DateField("有效期至")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    state = models.CharField("状态", max_length=10, choices=REPORT.choices(), default=REPORT.initial)
    failure = models.TextField("失败原因", blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True)
    revoked_by_name = models.CharField("撤销人", max_length=150, blank=True)
    revoke_reason = models.CharField("撤销原因", max_length=200, blank=True)

    objects = ReportRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "信用报告"
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=r"^XQ[0-9]{14}[2-9A-Z]{6}$"), name="reportrequest_number"),
            models.CheckConstraint(condition=~Q(content_digest=""), name="reportrequest_has_digest"),
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(failure="")) | (~Q(state="failed") & Q(failure="")),
                name="reportrequest_failed_has_reason",
            ),
            models.CheckConstraint(
                condition=(Q(state="revoked", revoked_at__isnull=False) & ~Q(revoke_reason="") & ~Q(revoked_by_name=""))
                | (~Q(state="revoked") & Q(revoked_at=None, revoke_reason="", revoked_by_name="")),
                name="reportrequest_revoked_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "-id"], name="reportrequest_subject"),
            models.Index(fields=["organization", "-id"], name="reportrequest_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.get_document_display()} {self.number}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("reports:detail", args=[self.number])

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is still working on it."""
        return self.state in UNDER_WAY and not self.has_stopped

    @property
    def has_stopped(self) -> bool:
        """Whether the work ended without a document and without a word: all attempts of the job are used up."""
        return self.state in UNDER_WAY and self.job is not None and self.job.is_over


class ReportFile(models.Model):
    """The PDF of a request. Points at credit data; kept as long as its request, bytes included."""

    request = models.OneToOneField(ReportRequest, models.PROTECT, related_name="file")
    stored = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    page_count = models.PositiveSmallIntegerField("页数")
    template_version = models.CharField("版式", max_length=20)
    issued_at = models.DateTimeField("出具时间")
    downloads = models.PositiveIntegerField("下载次数", default=0)
    downloaded_at = models.DateTimeField("最近下载", null=True)

    class Meta:
        verbose_name = "信用报告文件"
        constraints = [
            models.CheckConstraint(condition=Q(page_count__gte=1), name="reportfile_has_pages"),
            models.CheckConstraint(
                condition=Q(downloads=0, downloaded_at=None) | Q(downloads__gt=0, downloaded_at__isnull=False),
                name="reportfile_downloads_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}.pdf"

    @property
    def sha256(self) -> str:
        """Digest of the bytes as they were issued."""
        return self.stored.sha256
