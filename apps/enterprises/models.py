"""A firm registers, is verified, and declares facts about itself."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Organization, User
from apps.core.actor import Actor, OrganizationKind, Role
from apps.enterprises.workflow import REGISTRATION
from apps.subjects.models import Subject


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Registrations as an actor may see them."""

    def visible_to(self, actor: Actor) -> "RegistrationQuerySet":
        """The applicant the own one, the platform's administrators all."""
        if actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        return self.filter(applicant_id=actor.user_id) if actor.user_id else self.none()


class Registration(models.Model):
    """A person's application to act for a firm; only a verified one gives the account its firm.

    Holds personal data (names, mobile number); kept 5 years after the firm left.
    """

    applicant = models.OneToOneField(User, models.PROTECT, related_name="registration")
    code = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("企业名称", max_length=200)
    legal_representative = models.CharField("法定代表人（负责人）", max_length=100)
    contact_name = models.CharField("联系人", max_length=50)
    contact_mobile = models.CharField("联系手机", max_length=20)
    state = models.CharField("状态", max_length=10, choices=REGISTRATION.choices(), default=REGISTRATION.initial)
    return_reason = models.CharField("退回原因", max_length=200, blank=True)
    organization = models.OneToOneField(Organization, models.PROTECT, null=True, related_name="registration")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_name = models.CharField(max_length=150, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="verified", organization__isnull=False)
                | ~Q(state="verified") & Q(organization__isnull=True),
                name="registration_verified_has_firm",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(return_reason=""), name="registration_returned_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted_at__isnull=False), name="registration_submitted_at"
            ),
        ]
        indexes = [models.Index(fields=["submitted_at"], condition=Q(state="submitted"), name="registration_waiting")]

    def __str__(self) -> str:
        return f"{self.name}的注册"


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    """Declarations as an actor may see them."""

    def visible_to(self, actor: Actor) -> "DeclarationQuerySet":
        """The firm its own; others read through a permit (`selectors.latest_declaration_of`)."""
        if actor.organization_kind == OrganizationKind.FIRM and actor.subject_id is not None:
            return self.filter(subject_id=actor.subject_id)
        return self.none()


class Declaration(models.Model):
    """自报信息: what a firm says of itself for a year. Kept apart from what public bodies report; never edited, a newer
    one takes its place.

    Holds credit data and personal data (contact); kept 5 years.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="declarations")
    year = models.PositiveSmallIntegerField("所属年度")
    headcount = models.PositiveIntegerField("从业人数", null=True, blank=True)
    revenue_yuan = models.DecimalField("营业收入（元）", max_digits=18, decimal_places=2, null=True, blank=True)
    assets_yuan = models.DecimalField("资产总额（元）", max_digits=18, decimal_places=2, null=True, blank=True)
    main_business = models.CharField("主营业务", max_length=200, blank=True)
    contact_name = models.CharField("联系人", max_length=50)
    contact_mobile = models.CharField("联系手机", max_length=20)
    declared_at = models.DateTimeField()
    declared_by_name = models.CharField(max_length=150)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(revenue_yuan__isnull=True) | Q(revenue_yuan__gte=0))
                & (Q(assets_yuan__isnull=True) | Q(assets_yuan__gte=0)),
                name="declaration_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["subject", "-declared_at"], name="declaration_newest")]

    def __str__(self) -> str:
        return f"{self.subject}{self.year}年度自报信息"
