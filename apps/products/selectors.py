"""Reads of products and of what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Case, F, QuerySet, Value, When

from apps.accounts.models import Organization
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.errors import NotVisible
from apps.core.work import WorkItem
from apps.criteria.language import Node, read_criteria
from apps.criteria.values import Snapshot
from apps.criteria.wording import required
from apps.products.cells import INDUSTRY_ALIASES, Vocabulary
from apps.products.models import Product, ProductVersion
from apps.products.terms import TENORS, criteria_of_terms, platform_criteria, rate_pct
from apps.products.workflow import DRAFT, SUBMITTED
from apps.reference import selectors as reference

Rates = Mapping[str, Decimal]


def published_versions(on: date) -> QuerySet[ProductVersion]:
    """Versions in force on the day, public."""
    return ProductVersion.objects.in_force(on).select_related("product__organization")


def hall_versions(on: date, lpr: Rates) -> QuerySet[ProductVersion]:
    """Versions in force with `low_rate_bps`, the lowest annual rate in basis points, by product name."""
    base = Case(*(When(lpr_tenor=tenor, then=Value(int(pct * 100))) for tenor, pct in lpr.items()))
    rows = published_versions(on).annotate(low_rate_bps=base + F("bps_min"))
    return rows.order_by("product__name", "pk")


def versions_visible_to(actor: Actor | None) -> QuerySet[ProductVersion]:
    """Versions that the actor may see, newest first."""
    return ProductVersion.objects.visible_to(actor).select_related("product__organization").order_by("-id")


def version_visible_to(actor: Actor | None, version_id: int) -> ProductVersion:
    """One version. Raises NotVisible when it is missing or foreign."""
    version = versions_visible_to(actor).filter(pk=version_id).first()
    if version is None:
        raise NotVisible
    return version


def product_of_bank(actor: Actor, product_id: int) -> Product:
    """A product of the actor's own bank. Raises NotVisible otherwise."""
    product = Product.objects.filter(pk=product_id, organization_id__in=actor.organization_ids).first()
    if product is None:
        raise NotVisible
    return product


def latest_versions_of_bank(actor: Actor) -> QuerySet[ProductVersion]:
    """The newest version of each product of the actor's bank, by product name."""
    newest = (
        ProductVersion.objects.filter(product__organization_id__in=actor.organization_ids)
        .order_by("product_id", "-version")
        .distinct("product_id")
        .values("pk")
    )
    return (
        ProductVersion.objects.filter(pk__in=newest)
        .select_related("product__organization")
        .order_by("product__name", "id")
    )


def blocking_lists(on: date) -> list[tuple[str, str]]:
    """(code, name) of the lists in force that a bank may refer to."""
    return [(rule.code, rule.name) for rule in reference.block_lists(on)]


def bank_by_name() -> dict[str, Organization]:
    """Active banks and branches by the name that they sign with."""
    banks = Organization.objects.filter(kind=OrganizationKind.BANK, is_active=True).order_by("name", "pk")
    return {bank.name: bank for bank in banks}


def versions_of(product: Product, actor: Actor | None) -> QuerySet[ProductVersion]:
    """All versions of one product that the actor may see, newest first."""
    return versions_visible_to(actor).filter(product=product).order_by("-version")


def rates(on: date) -> dict[str, Decimal]:
    """LPR in percent by tenor on the day. Raises ReferenceMissing before the first quote."""
    return {tenor: reference.lpr_as_of(on, tenor).rate_pct for tenor in TENORS}


@dataclass(frozen=True, slots=True)
class Cost:
    """Annual rate in percent; `high_pct` is None where the bank names only the lowest."""

    low_pct: Decimal
    high_pct: Decimal | None

    @property
    def text(self) -> str:
        """`3.50%至4.50%`, `3.30%起`."""
        if self.high_pct is None:
            return f"{self.low_pct}%起"
        return f"{self.low_pct}%" if self.high_pct == self.low_pct else f"{self.low_pct}%至{self.high_pct}%"


def cost_of(version: ProductVersion, lpr: Rates) -> Cost:
    """What a version costs with these LPR quotes."""
    base = lpr[version.lpr_tenor]
    high = None if version.bps_max is None else rate_pct(base, version.bps_max)
    return Cost(rate_pct(base, version.bps_min), high)


def own_criteria_of(version: ProductVersion, snapshot: Snapshot) -> tuple[Node, ...]:
    """The bank's own conditions."""
    return read_criteria(version.criteria, snapshot)


def criteria_of(version: ProductVersion, lpr: Rates, snapshot: Snapshot) -> tuple[Node, ...]:
    """Everything a need and its firm are judged by: terms, the bank's own conditions, those of the platform."""
    terms = criteria_of_terms(version.terms, cost_of(version, lpr).low_pct)
    return (*terms, *own_criteria_of(version, snapshot), *platform_criteria())


def demands_of(version: ProductVersion, snapshot: Snapshot) -> list[str]:
    """The bank's own conditions in words."""
    return [required(node, snapshot.names) for node in own_criteria_of(version, snapshot)]


def vocabulary(on: date) -> Vocabulary:
    """Names of regions and industries in force on the day, as banks write them."""
    regions: dict[str, list[str]] = {}
    for code, region in reference.region_tree(on).nodes.items():
        regions.setdefault(region.name, []).append(code)
        regions.setdefault(code, []).append(code)
    industries = reference.industries(on)
    divisions = {industries.names[code]: parent + code for code, parent in industries.section_of.items()}
    sections = {name: code for code, name in industries.names.items() if code not in industries.section_of}
    return Vocabulary(
        regions={name: tuple(sorted(codes)) for name, codes in regions.items()},
        industries={**divisions, **sections, **INDUSTRY_ALIASES},
    )


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """Drafts for the officer, submitted versions for the approver."""
    own = ProductVersion.objects.filter(product__organization_id__in=actor.organization_ids)
    items = []
    if actor.has(Role.BANK_OFFICER) and (drafts := own.filter(state=DRAFT).count()):
        items.append(WorkItem("产品草稿待提交", "完善条款后提交审核", "products:own_list", count=drafts))
    if actor.has(Role.BANK_APPROVER) and (waiting := own.filter(state=SUBMITTED).count()):
        items.append(WorkItem("产品版本待审核", "由非起草人复核发布", "products:own_list", count=waiting))
    return items
