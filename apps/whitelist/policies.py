"""Who may do what with a whitelist, one sentence each."""

from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.errors import NotPermitted, NotVisible
from apps.whitelist.models import Listing, Programme, Push


def can_manage(actor: Actor, programme: Programme) -> bool:
    """The authority that set a programme up runs it; a higher authority looks on."""
    return actor.has(Role.AUTHORITY) and programme.authority_id == actor.organization_id


def require_manager(actor: Actor, programme: Programme) -> None:
    """Raises NotVisible outside the actor's region, NotPermitted for any other authority."""
    if not Programme.objects.visible_to(actor).filter(pk=programme.pk).exists():
        raise NotVisible
    if not can_manage(actor, programme):
        raise NotPermitted("只有设立该白名单的单位可以办理。")


def can_opt_out(actor: Actor, listing: Listing) -> bool:
    """A firm's owner may take the firm off a list at any time."""
    return actor.has(Role.FIRM_OWNER) and listing.subject_id == actor.subject_id and listing.state == "active"


def can_answer(actor: Actor, push: Push) -> bool:
    """An officer of the bank that got the recommendation answers it."""
    is_bank = actor.organization_kind == OrganizationKind.BANK
    return is_bank and actor.has(Role.BANK_OFFICER) and push.bank_id in actor.organization_ids
