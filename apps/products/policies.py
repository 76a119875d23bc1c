"""Who may do what with a product, each as the sentence of the policy."""

from apps.core.actor import Actor, Role
from apps.core.errors import NotPermitted, NotVisible
from apps.products.models import Product, ProductVersion
from apps.products.workflow import DRAFT, VERSION


def owns(actor: Actor, organization_id: int) -> bool:
    """A bank's people act for their own bank and, at the head office, for its branches."""
    return organization_id in actor.organization_ids


def require_can_draft(actor: Actor, organization_id: int) -> None:
    """An officer drafts for the own bank; the administrator enters what banks hand in on paper."""
    if actor.has(Role.OPERATOR):
        return
    if not actor.has(Role.BANK_OFFICER):
        raise NotPermitted("只有银行客户经理可以起草产品。")
    if not owns(actor, organization_id):
        raise NotVisible


def can_edit(actor: Actor, version: ProductVersion) -> bool:
    """An officer of the bank edits a draft."""
    return version.state == DRAFT and actor.has(Role.BANK_OFFICER) and owns(actor, version.product.organization_id)


def require_own(actor: Actor, product: Product) -> None:
    """Another bank's product is answered like a missing one."""
    if not owns(actor, product.organization_id):
        raise NotVisible


def require_second_person(actor: Actor, version: ProductVersion) -> None:
    """A person publishes, and not the one who drafted or submitted the version."""
    if not _is_second_person(actor, version):
        raise NotPermitted("起草或提交人不能发布同一版本，须由他人复核。")


def _is_second_person(actor: Actor, version: ProductVersion) -> bool:
    return actor.user_id is not None and actor.user_id not in {version.drafted_by_id, version.submitted_by_id}


def moves_open_to(actor: Actor, version: ProductVersion) -> list[tuple[str, str]]:
    """The (verb, label) pairs that this actor may fire now."""
    if not owns(actor, version.product.organization_id):
        return []
    return [
        (move.verb, move.label)
        for move in VERSION.allowed(version.state, actor.roles)
        if move.verb != "publish" or _is_second_person(actor, version)
    ]
