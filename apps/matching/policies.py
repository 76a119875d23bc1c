"""Who may do what with a financing need, each as the sentence of the policy."""

from apps.core.actor import Actor, Role
from apps.core.errors import NotPermitted, NotVisible
from apps.matching.models import Dispatch, FinancingNeed


def require_can_post(actor: Actor) -> int:
    """The owner or the accountant of a firm posts for the own firm; returns its subject id."""
    if not actor.has(Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT):
        raise NotPermitted("只有企业负责人或财务人员可以发布融资需求。")
    if actor.subject_id is None:
        raise NotPermitted("您的单位还没有关联信用主体，暂不能发布融资需求。")
    return actor.subject_id


def require_own_need(actor: Actor, need: FinancingNeed) -> None:
    """A firm handles its own needs only; a foreign one is answered like a missing one."""
    require_can_post(actor)
    if need.subject_id != actor.subject_id:
        raise NotVisible


def require_received(actor: Actor, dispatch: Dispatch) -> None:
    """A bank answers what was sent to it."""
    if dispatch.organization_id not in actor.organization_ids:
        raise NotVisible


def require_can_import(actor: Actor) -> None:
    """The administrator enters what firms handed in at the window."""
    if not actor.has(Role.OPERATOR):
        raise NotPermitted("只有平台管理员可以导入融资需求。")


def require_can_match_all(actor: Actor) -> None:
    """The platform itself matches every open need at night; the administrator may start it."""
    if not actor.has(Role.OPERATOR, Role.SYSTEM):
        raise NotPermitted("只有平台管理员可以发起全部需求的匹配。")
