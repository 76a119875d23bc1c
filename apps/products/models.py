"""What banks offer, in versions that are published for a period."""

from datetime import date
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.ranges import BigIntegerRangeField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q, Value

from apps.core.actor import Actor, OrganizationKind, Role
from apps.criteria.facts import GUARANTEES
from apps.products import terms, workflow
from apps.products.terms import TERM_FIELDS, Terms


class ProductQuerySet(models.QuerySet["Product"]):
    """Products as an actor may see them."""

    def visible_to(self, actor: Actor | None) -> "ProductQuerySet":
        """A bank sees its own, the administrator all, everybody the published ones."""
        if actor is not None and actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        published = Q(versions__state=workflow.PUBLISHED)
        own = Q(organization_id__in=actor.organization_ids) if is_bank(actor) and actor is not None else Q(pk=None)
        return self.filter(own | published).distinct()


def is_bank(actor: Actor | None) -> bool:
    """Whether the actor acts for a bank."""
    return actor is not None and actor.organization_kind == OrganizationKind.BANK


class Product(models.Model):
    """A product of a bank under its name; what it offers is in its versions.

    Holds no personal data; kept while any version, match or application refers to it.
    """

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="products")
    name = models.CharField("产品名称", max_length=100)
    created_at = models.DateTimeField()

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="product_name_once_per_bank"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductVersionQuerySet(models.QuerySet["ProductVersion"]):
    """Versions as an actor may see them, and those in force."""

    def visible_to(self, actor: Actor | None) -> "ProductVersionQuerySet":
        """A bank sees all of its own, the administrator all, everybody the published ones."""
        if actor is not None and actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        published = Q(state=workflow.PUBLISHED)
        own = (
            Q(product__organization_id__in=actor.organization_ids)
            if is_bank(actor) and actor is not None
            else Q(pk=None)
        )
        return self.filter(own | published)

    def in_force(self, on: date) -> "ProductVersionQuerySet":
        """Published versions whose period [from, to) holds the day, of banks that are active."""
        return self.filter(
            Q(effective_to__isnull=True) | Q(effective_to__gt=on),
            state=workflow.PUBLISHED,
            effective_from__lte=on,
            product__organization__is_active=True,
        )


class ProductVersion(models.Model):
    """One version of a product: its terms, its criteria, and what the bank itself wrote.

    Holds personal data (names of the bank's staff who drafted, submitted and published it); kept while any match or
    application refers to it.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField("版本")
    state = models.CharField("状态", max_length=12, choices=workflow.VERSION.choices(), default=workflow.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    effective_from = models.DateField("生效日期", null=True, blank=True)
    effective_to = models.DateField("失效日期", null=True, blank=True)
    amount_min_yuan = models.DecimalField("最低额度(元)", max_digits=18, decimal_places=2, null=True, blank=True)
    amount_max_yuan = models.DecimalField("最高额度(元)", max_digits=18, decimal_places=2)
    term_min_months = models.PositiveSmallIntegerField("最短期限(月)", null=True, blank=True)
    term_max_months = models.PositiveSmallIntegerField("最长期限(月)")
    lpr_tenor = models.CharField("LPR 品种", max_length=2, choices=list(terms.TENORS.items()))
    bps_min = models.SmallIntegerField("最低加点(BP)")
    bps_max = models.SmallIntegerField("最高加点(BP)", null=True, blank=True)
    guarantee_types = ArrayField(models.CharField(max_length=20), verbose_name="担保方式")
    guarantee_note = models.CharField("担保说明", max_length=200, blank=True)
    repayment_types = ArrayField(models.CharField(max_length=20), verbose_name="还款方式")
    promised_days = models.PositiveSmallIntegerField("承诺放款天数", null=True, blank=True)
    promised_text = models.CharField("放款时效", max_length=50, blank=True)
    first_loan = models.CharField("首贷", max_length=10, choices=list(terms.FIRST_LOAN.items()))
    renewal = models.CharField("续贷", max_length=12, choices=list(terms.RENEWAL.items()))
    documents = models.TextField("所需材料", blank=True)
    note = models.CharField("备注", max_length=500, blank=True)
    criteria = models.JSONField("准入条件", default=list)
    source_texts = models.JSONField("银行原文", default=dict)
    return_reason = models.CharField("退回原因", max_length=300, blank=True)
    drafted_by_id = models.BigIntegerField(null=True)
    drafted_by_name = models.CharField(max_length=50)
    submitted_by_id = models.BigIntegerField(null=True)
    submitted_by_name = models.CharField(max_length=50, blank=True)
    submitted_at = models.DateTimeField(null=True)
    published_by_id = models.BigIntegerField(null=True)
    published_by_name = models.CharField(max_length=50, blank=True)
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ProductVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "version"], name="productversion_number_once"),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(state__in=[workflow.DRAFT, workflow.SUBMITTED]),
                name="productversion_one_open_draft",
            ),
            # btree_gist is not available everywhere, so the id is written as a range of one number (design §4).
            ExclusionConstraint(
                name="productversion_periods_disjoint",
                expressions=[
                    (
                        Func(
                            F("product_id"),
                            F("product_id"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        "&&",
                    ),
                    (
                        Func(
                            F("effective_from"),
                            F("effective_to"),
                            Value("[)"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                condition=Q(effective_from__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="productversion_period_ordered",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[workflow.DRAFT, workflow.SUBMITTED],
                    effective_from__isnull=True,
                    published_at__isnull=True,
                )
                | Q(
                    state__in=[workflow.PUBLISHED, workflow.SUSPENDED],
                    effective_from__isnull=False,
                    published_at__isnull=False,
                )
                | Q(state=workflow.WITHDRAWN),
                name="productversion_published_has_period",
            ),
            models.CheckConstraint(
                condition=Q(published_by_id__isnull=True)
                | (~Q(published_by_id=F("submitted_by_id")) & ~Q(published_by_id=F("drafted_by_id"))),
                name="productversion_second_person",
            ),
            models.CheckConstraint(
                condition=Q(amount_max_yuan__gt=0)
                & (
                    Q(amount_min_yuan__isnull=True)
                    | Q(amount_min_yuan__gte=0, amount_min_yuan__lte=F("amount_max_yuan"))
                ),
                name="productversion_amounts_ordered",
            ),
            models.CheckConstraint(
                condition=Q(term_max_months__gt=0)
                & (
                    Q(term_min_months__isnull=True)
                    | Q(term_min_months__gt=0, term_min_months__lte=F("term_max_months"))
                ),
                name="productversion_terms_ordered",
            ),
            models.CheckConstraint(
                condition=Q(bps_max__isnull=True) | Q(bps_max__gte=F("bps_min")), name="productversion_bps_ordered"
            ),
        ]
        indexes = [models.Index(fields=["state", "effective_from"], name="productversion_in_force")]

    def __str__(self) -> str:
        return f"{self.product}（第{self.version}版）"

    @property
    def guarantee_labels(self) -> list[str]:
        """Kinds of security in Chinese."""
        return [GUARANTEES[code] for code in self.guarantee_types]

    @property
    def repayment_labels(self) -> list[str]:
        """Ways of repayment in Chinese."""
        return [terms.REPAYMENTS[code] for code in self.repayment_types]

    @property
    def spread_text(self) -> str:
        """`1年期LPR+50BP至+150BP`."""
        base = f"{terms.TENORS[self.lpr_tenor]}{self.bps_min:+d}BP"
        if self.bps_max is None:
            return f"{base}起"
        return base if self.bps_max == self.bps_min else f"{base}至{self.bps_max:+d}BP"

    @property
    def terms(self) -> Terms:
        """The typed terms."""
        values: dict[str, Any] = {name: getattr(self, name) for name in TERM_FIELDS}
        return Terms(
            **values | {"guarantee_types": tuple(self.guarantee_types), "repayment_types": tuple(self.repayment_types)}
        )
