"""The one way in which an application changes its state."""

from datetime import datetime
from typing import Any

from django.db.models import F

from apps.consents.rules import ReasonKind
from apps.consents.services import close_access_reason
from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import StateConflict
from apps.loans.models import Application
from apps.loans.workflow import APPLICATION

_AUDIT_VERBS = {
    "revise": "revise_application",
    "revise_returned": "revise_application",
    "submit": "submit_application",
    "withdraw": "withdraw_application",
    "accept": "accept_application",
    "return": "return_application",
    "approve": "approve_application",
    "refuse": "refuse_application",
    "draw": "draw_application",
    "settle": "settle_application",
    "lapse": "lapse_application",
}
# What a profile says of the firm stays out of the trail.
_NOT_AUDITED = frozenset({"eligibility"})

audit.register(
    "loans",
    {
        "draft_application": "起草融资申请：{target}",
        "revise_application": "修改融资申请：{target}",
        "submit_application": "提交融资申请：{target}",
        "withdraw_application": "撤回融资申请：{target}",
        "accept_application": "受理融资申请：{target}",
        "return_application": "退回融资申请：{target}",
        "approve_application": "批准融资申请：{target}",
        "refuse_application": "拒绝融资申请：{target}",
        "draw_application": "融资申请已放款：{target}",
        "settle_application": "融资申请已结清：{target}",
        "lapse_application": "授信额度到期未用：{target}",
    },
)


def move_application(
    actor: Actor, application: Application, verb: str, now: datetime, *, reason: str = "", **values: Any
) -> None:
    """Move an application if it is still as we saw it (state and version), and put that on record.

    Inside the caller's transaction. At its end the bank's right to look ends too. Raises NotPermitted, StateConflict.
    """
    move = APPLICATION.check(application.state, verb, actor.roles)
    ends = APPLICATION.is_terminal(move.target)
    if ends:
        values["closed_at"] = now
    seen = Application.objects.filter(pk=application.pk, state=application.state, version=application.version)
    if seen.update(state=move.target, version=F("version") + 1, **values) != 1:
        raise StateConflict("这笔申请刚被他人办理，请刷新后再试。")
    said = {name: value for name, value in values.items() if name not in _NOT_AUDITED}
    audit.record(
        actor=actor,
        verb=f"loans.{_AUDIT_VERBS[verb]}",
        target=application,
        now=now,
        subject_id=application.subject_id,
        before={"state": application.state, **{name: getattr(application, name) for name in said}},
        after={"state": move.target, **said},
        reason=reason,
    )
    if ends:
        close_access_reason(
            actor=actor,
            subject_id=application.subject_id,
            organization_id=application.bank_id,
            kind=ReasonKind.APPLICATION,
            ref=str(application.pk),
            now=now,
        )
    application.refresh_from_db()
