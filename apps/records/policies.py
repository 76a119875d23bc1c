"""Who may do what with deliveries, written as the policy sentences."""

from apps.core.actor import Actor, Role
from apps.records.models import CatalogueItem, Delivery, Source


def can_deliver(actor: Actor, source: Source) -> bool:
    """A department delivers for itself; the platform's administrators, and the platform itself, for any source."""
    if actor.has(Role.OPERATOR, Role.SYSTEM):
        return True
    return actor.has(Role.DEPARTMENT) and source.organization_id in {actor.organization_id, *actor.organization_ids}


def can_decide(actor: Actor, delivery: Delivery) -> bool:
    """Held rows are decided by the body that sent them or by the platform's administrators."""
    return can_deliver(actor, delivery.source)


def can_read_rows(actor: Actor, delivery: Delivery) -> bool:
    """What a row says is shown to the source that delivered it and to nobody else without the gate (design §2)."""
    return actor.has(Role.DEPARTMENT) and delivery.source.organization_id in {
        actor.organization_id,
        *actor.organization_ids,
    }


def can_see_value(actor: Actor, source: Source, item: CatalogueItem) -> bool:
    """In a contradiction each side sees its own value, and the other's only where the item is 公开公示."""
    if item.disclosure == "public":
        return True
    return actor.has(Role.DEPARTMENT) and source.organization_id in {actor.organization_id, *actor.organization_ids}
