"""Who may do what with an application, one sentence each. Roles and states are in `workflow`."""

from apps.core.actor import Actor, Role
from apps.core.errors import NotPermitted, NotVisible
from apps.loans.models import Application, Drawdown


def can_draft(actor: Actor) -> bool:
    """A firm's owner or accountant drafts for the own firm; only the owner submits."""
    return actor.has(Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT)


def can_decide(actor: Actor, application: Application) -> bool:
    """Four eyes: an approver of the bank decides, and not the one who accepted the application."""
    return actor.has(Role.BANK_APPROVER) and actor.user_id is not None and actor.user_id != application.accepted_by_id


def require_sight(actor: Actor, application: Application) -> None:
    """Raises NotVisible when the application is not the actor's to see."""
    if not Application.objects.visible_to(actor).filter(pk=application.pk).exists():
        raise NotVisible


def require_sight_of_drawdown(actor: Actor, drawdown: Drawdown) -> None:
    """Raises NotVisible when the drawdown is not the actor's to see."""
    if not Drawdown.objects.visible_to(actor).filter(pk=drawdown.pk).exists():
        raise NotVisible


def require_officer(actor: Actor, what: str) -> None:
    """Raises NotPermitted for anybody but a bank officer."""
    if not actor.has(Role.BANK_OFFICER):
        raise NotPermitted(f"只有银行客户经理可以{what}。")
