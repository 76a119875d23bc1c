"""Reads of the catalogue and of who delivers what."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Prefetch, QuerySet

from apps.accounts.models import Organization
from apps.accounts.selectors import organizations_visible_to
from apps.core.actor import Actor
from apps.core.errors import NotVisible
from apps.records.catalogue import ItemSpec, item_spec
from apps.records.models import DELIVERING_KINDS, CatalogueItem, Delivery, Source


def items_in_force() -> QuerySet[CatalogueItem]:
    """The active catalogue items in the order of the published list."""
    return CatalogueItem.objects.filter(is_active=True).order_by("catalogue_no", "code")


def item_codes() -> set[str]:
    """The codes of all items, also of those that are no longer delivered."""
    return set(CatalogueItem.objects.order_by().values_list("code", flat=True))


def deliverable_items(source: Source) -> QuerySet[CatalogueItem]:
    """What a source may deliver."""
    return source.items.filter(is_active=True).order_by("catalogue_no", "code")


def delivering_organizations(actor: Actor) -> QuerySet[Organization]:
    """Departments and authorities, which alone may deliver, with what they deliver; by kind and name."""
    organizations = organizations_visible_to(actor).filter(kind__in=DELIVERING_KINDS)
    return organizations.select_related("source").prefetch_related(Prefetch("source__items", items_in_force()))


def delivering_organization(actor: Actor, organization_id: int) -> Organization:
    """One of them. Raises NotVisible."""
    found = delivering_organizations(actor).filter(pk=organization_id).first()
    if found is None:
        raise NotVisible
    return found


def items_delivered_by(organization: Organization) -> list[CatalogueItem]:
    """What one of `delivering_organizations` delivers, in the order of the published list; none before any were set."""
    source = getattr(organization, "source", None)
    return list(source.items.all()) if source else []


def spec_of(item: CatalogueItem) -> ItemSpec:
    """A catalogue row as intake sees it. Raises CatalogueError when the row contradicts itself."""
    return item_spec(
        code=item.code,
        name=item.name,
        shape=item.shape,
        natural_key=item.natural_key,
        key_text=item.key_text,
        fields=item.fields,
        creates_subjects=item.creates_subjects,
    )


def item_specs(codes: Iterable[str]) -> dict[str, ItemSpec]:
    """Specs by item code."""
    return {item.code: spec_of(item) for item in CatalogueItem.objects.filter(code__in=list(codes)).order_by("code")}


def item_freshness() -> dict[str, datetime]:
    """When each item was last taken in, by item code; an item that never came is absent."""
    newest = (
        Delivery.objects.filter(state="applied")
        .values("item__code")
        .annotate(newest=Max("applied_at"))
        .order_by("item__code")
    )
    return {row["item__code"]: row["newest"] for row in newest}
