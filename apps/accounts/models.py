"""Who acts, for which organisation, in which role."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from apps.core.actor import ORGANIZATION_KIND_LABELS, ROLE_LABELS, Actor, OrganizationKind, Role

# Plain strings: enum members would make migrations import this app's code.
KIND_CHOICES = [(kind.value, label) for kind, label in ORGANIZATION_KIND_LABELS.items()]
ROLE_CHOICES = [(role.value, label) for role, label in ROLE_LABELS.items()]


class User(AbstractUser):
    """A person who logs in.

    Holds personal data (name, mobile number); kept while the account lives and 12 months after it was closed.
    """

    display_name = models.CharField("姓名", max_length=50)
    mobile = models.CharField("手机号码", max_length=20, blank=True)

    def __str__(self) -> str:
        return self.display_name or self.username


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Organisations as an actor may see them."""

    def visible_to(self, actor: Actor) -> "OrganizationQuerySet":
        """The administrator sees all; banks are public; others see their own."""
        if actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        return self.filter(Q(pk__in=actor.organization_ids) | Q(kind=OrganizationKind.BANK.value, is_active=True))

    def banks(self) -> "OrganizationQuerySet":
        """Head offices of active banks, by name."""
        return self.filter(kind=OrganizationKind.BANK, parent=None, is_active=True).order_by("name", "id")


class Organization(models.Model):
    """A firm on the platform, a bank or branch, an authority, a department, a regulator, or the platform itself.

    Holds no personal data; kept while anything refers to it.
    """

    kind = models.CharField("类别", max_length=12, choices=KIND_CHOICES)
    name = models.CharField("名称", max_length=200)
    short_name = models.CharField("简称", max_length=50, blank=True)
    code = models.CharField("统一社会信用代码", max_length=18, blank=True)
    subject = models.ForeignKey("subjects.Subject", models.PROTECT, null=True, blank=True, related_name="organizations")
    region_code = models.CharField("管辖区划", max_length=6, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="branches")
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField()

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [
            # Firms are told apart by their subject: sole traders of one name are many.
            models.UniqueConstraint(
                fields=["kind", "name"], condition=~Q(kind=OrganizationKind.FIRM), name="organization_one_name_per_kind"
            ),
            models.UniqueConstraint(
                fields=["subject"], condition=Q(kind=OrganizationKind.FIRM.value), name="organization_one_per_firm"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | Q(kind=OrganizationKind.BANK.value),
                name="organization_branch_of_bank",
            ),
            models.CheckConstraint(
                condition=~Q(kind=OrganizationKind.FIRM.value) | Q(subject__isnull=False),
                name="organization_firm_has_subject",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role in an organisation.

    Holds personal data by reference; kept 5 years after it ended, since the audit trail speaks of it.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="memberships")
    role = models.CharField("角色", max_length=20, choices=ROLE_CHOICES)
    is_active = models.BooleanField("有效", default=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization", "role"], condition=Q(is_active=True), name="membership_once"
            ),
            models.CheckConstraint(
                condition=Q(is_active=True, ended_at__isnull=True) | Q(is_active=False, ended_at__isnull=False),
                name="membership_ended_when_inactive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organization} · {self.get_role_display()}"


class ApiClient(models.Model):
    """A system of an organisation (client credentials); acts with the listed roles.

    Holds no personal data; kept 5 years after it was closed.
    """

    application = models.OneToOneField("oauth2_provider.Application", models.PROTECT, related_name="api_client")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="api_clients")
    role = models.CharField("角色", max_length=20, choices=ROLE_CHOICES)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.organization} · {self.application.name}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices as an actor may see them."""

    def visible_to(self, actor: Actor) -> "NoticeQuerySet":
        """Those to the person or to the organisation acted for."""
        own = Q(user_id=actor.user_id) if actor.user_id else Q(pk=None)
        organization = Q(organization_id=actor.organization_id) if actor.organization_id else Q(pk=None)
        return self.filter(own | organization)


class Notice(models.Model):
    """A message to a person or to an organisation; the same `dedupe_key` is sent once.

    May name a firm; kept 12 months.
    """

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="notices")
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="notices")
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    dedupe_key = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, organization__isnull=True)
                | Q(user__isnull=True, organization__isnull=False),
                name="notice_one_recipient",
            )
        ]

    def __str__(self) -> str:
        return self.title
