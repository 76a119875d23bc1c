"""授权: who may read what of whom, why they may look just now, and who did."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Organization
from apps.consents.rules import REASON_LABELS, Terms
from apps.core.actor import Actor, OrganizationKind, Role
from apps.subjects.models import Subject

REASON_KINDS = [(str(value), label) for value, label in REASON_LABELS.items()]
SIGNER_ROLES = [("legal_representative", "法定代表人"), ("agent", "经办人")]


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Consents as an actor may see them."""

    def visible_to(self, actor: Actor) -> "ConsentQuerySet":
        """The firm its own; a bank those that name it, and the general ones; an authority those that name it, and the
        general ones of its region; the auditor all.
        """
        if actor.has(Role.AUDITOR, Role.SYSTEM):
            return self.all()
        if actor.organization_kind == OrganizationKind.FIRM:
            return self.filter(subject_id=actor.subject_id) if actor.subject_id is not None else self.none()
        named = Q(grantee_id__in=actor.organization_ids)
        if actor.organization_kind == OrganizationKind.BANK:
            return self.filter(named | Q(grantee=None))
        if actor.organization_kind == OrganizationKind.AUTHORITY:
            return self.filter(named | Q(grantee=None, subject__region_code__in=actor.region_codes))
        return self.none()


class Consent(models.Model):
    """What a firm agreed to: to whom, for what, which items, how, how long, in which exact words.

    Holds personal data (the signer's name) and says who reads credit data; kept 5 years after its end (domain §10).
    By trigger only the withdrawal (once) and the count of uses may change; no row is deleted.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="consents")
    grantee = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="consents_received")
    purposes = models.JSONField("用途")
    items = models.JSONField("信息项")
    scopes = models.JSONField("使用方式")
    valid_from_on = models.DateField("起始日")
    valid_to_on = models.DateField("失效日")
    use_max = models.PositiveIntegerField("次数上限", null=True, blank=True)
    use_count = models.PositiveIntegerField("已用次数", default=0)
    signer_name = models.CharField("签署人", max_length=150)
    signer_role = models.CharField("签署人身份", max_length=20, choices=SIGNER_ROLES)
    given_by = models.BigIntegerField(null=True)
    given_at = models.DateTimeField("签署时间")
    channel = models.CharField("签署渠道", max_length=20, default="web")
    document_version = models.CharField("文本版本", max_length=20)
    text = models.TextField("授权书全文")
    text_digest = models.CharField("全文摘要", max_length=64)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawn_by_name = models.CharField("撤回人", max_length=150, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "text_digest"], condition=Q(withdrawn_at__isnull=True), name="consent_same_text_once"
            ),
            models.CheckConstraint(condition=Q(valid_to_on__gt=F("valid_from_on")), name="consent_period"),
            models.CheckConstraint(
                condition=Q(use_max__isnull=True) | Q(use_count__lte=F("use_max")), name="consent_not_over_used"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by_name="")
                | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by_name=""),
                name="consent_withdrawn_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["subject", "grantee"], name="consent_subject_grantee")]

    def __str__(self) -> str:
        return f"{self.subject}对{self.grantee or '全部入驻金融机构'}的授权"

    @property
    def terms(self) -> Terms:
        """The facts that the rules judge."""
        return Terms(
            purposes=frozenset(self.purposes),
            items=frozenset(self.items),
            scopes=frozenset(self.scopes),
            valid_from_on=self.valid_from_on,
            valid_to_on=self.valid_to_on,
            withdrawn=self.withdrawn_at is not None,
            use_max=self.use_max,
            use_count=self.use_count,
        )


class AccessReason(models.Model):
    """Why a bank may look at a firm just now: a match, a listing or an application that a higher app keeps open.

    Says who deals with whom (credit data); kept 5 years. Live from the day it was opened until, not on, `until_on`.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="access_reasons")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="access_reasons")
    kind = models.CharField("事由", max_length=12, choices=REASON_KINDS)
    ref = models.CharField("业务编号", max_length=60)
    opened_at = models.DateTimeField()
    until_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "subject", "kind", "ref"],
                condition=Q(closed_at__isnull=True),
                name="accessreason_one_open",
            ),
            models.CheckConstraint(condition=Q(kind__in=[k for k, _ in REASON_KINDS]), name="accessreason_kind_known"),
        ]
        indexes = [models.Index(fields=["subject", "organization"], name="accessreason_pair")]

    def __str__(self) -> str:
        return f"{self.organization}查询{self.subject}（{self.get_kind_display()}）"


class AccessRecordQuerySet(models.QuerySet["AccessRecord"]):
    """Access records as an actor may see them."""

    def visible_to(self, actor: Actor) -> "AccessRecordQuerySet":
        """A firm everything about itself; others what their own organisation did; the auditor all."""
        if actor.has(Role.AUDITOR, Role.SYSTEM):
            return self.all()
        if actor.organization_kind == OrganizationKind.FIRM:
            return self.filter(subject_id=actor.subject_id) if actor.subject_id is not None else self.none()
        return self.filter(organization_id__in=actor.organization_ids)


class AccessRecord(models.Model):
    """One reading of protected data of a firm, or one calculation run over many (`subject` empty, `run_label` set).

    Holds personal data (who looked); kept 5 years (domain §10). Append-only by trigger. Actor and organisation are
    copied, so that the line stays true when an account goes.
    """

    at = models.DateTimeField("时间")
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField("查询人", max_length=150)
    organization_id = models.BigIntegerField(null=True)
    organization_name = models.CharField("查询机构", max_length=200)
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="access_records")
    purpose = models.CharField("用途", max_length=20)
    items = models.JSONField("信息项")
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="access_records")
    reason_kind = models.CharField("事由", max_length=12, choices=REASON_KINDS, blank=True)
    reason_ref = models.CharField("业务编号", max_length=60, blank=True)
    run_label = models.CharField("运算", max_length=120, blank=True)
    subjects_count = models.PositiveIntegerField("涉及户数", default=1)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AccessRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False, consent__isnull=False, run_label="")
                | Q(subject__isnull=False, consent__isnull=True, run_label="", reason_kind="duty")
                | Q(subject__isnull=True, consent__isnull=True) & ~Q(run_label=""),
                name="accessrecord_reading_or_run",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "-at"], name="accessrecord_subject"),
            models.Index(fields=["organization_id", "-at"], name="accessrecord_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.organization_name}查询{self.subject or self.run_label}"
