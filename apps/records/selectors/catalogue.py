"""Reads of the catalogue and of who delivers what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Prefetch, QuerySet

from apps.accounts.models import Organization
from apps.accounts.selectors import organizations_visible_to
from apps.core.actor import Actor, Role
from apps.core.errors import NotVisible
from apps.records.catalogue import CODE, NAME, OPERATION, PLACES, TYPES, FieldSpec, ItemSpec, item_spec
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


def catalogue_items(actor: Actor) -> QuerySet[CatalogueItem]:
    """All items, also those no longer delivered, in the order of the published list. Raises NotVisible."""
    if not actor.has(Role.OPERATOR, Role.SYSTEM):
        raise NotVisible
    return CatalogueItem.objects.order_by("catalogue_no", "code")


def catalogue_item(actor: Actor, code: str) -> CatalogueItem:
    """One of them. Raises NotVisible."""
    found = catalogue_items(actor).filter(code=code).first()
    if found is None:
        raise NotVisible("没有这个信息项。")
    return found


def senders_of(item: CatalogueItem) -> list[str]:
    """The names of the organisations that deliver an item."""
    return list(item.sources.order_by("organization__name").values_list("organization__name", flat=True))


@dataclass(frozen=True, slots=True)
class DescribedField:
    """A column in words: how it is written and what becomes of it."""

    name: str
    label: str
    aliases: tuple[str, ...]
    required: bool
    in_key: bool
    form: str
    unit: str
    use: str
    values: tuple[str, ...]


def described_fields(item: CatalogueItem) -> list[DescribedField]:
    """The columns of an item in the order of the catalogue."""
    spec = spec_of(item)
    return [_described(each, spec) for each in spec.fields]


def described_field(item: CatalogueItem, name: str) -> DescribedField:
    """One of them. Raises NotVisible."""
    for each in described_fields(item):
        if each.name == name:
            return each
    raise NotVisible("没有这一列。")


def _described(field: FieldSpec, item: ItemSpec) -> DescribedField:
    identity = {CODE: "主体的代码", NAME: "主体的名称", OPERATION: "更正或撤销已报的行"}
    return DescribedField(
        name=field.name,
        label=field.label,
        aliases=field.aliases,
        required=field.required,
        in_key=field.name in item.natural_key,
        form=TYPES[field.type],
        unit="" if field.type.startswith("money") else field.unit,
        use=identity.get(field.name) or PLACES.get(field.store) or ("其他信息" if field.store else "只作主键或核对"),
        values=tuple(sorted(field.agreed)),
    )


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
