"""The lives of a financing need and of its dispatch to a bank."""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

OPEN, CLOSED = "open", "closed"
SENT, ACCEPTED, DECLINED, RECALLED = "sent", "accepted", "declined", "recalled"

_FIRM = frozenset({Role.FIRM_OWNER.value, Role.FIRM_ACCOUNTANT.value})
_OFFICER = frozenset({Role.BANK_OFFICER.value})

NEED = Workflow(
    "financing_need",
    states=[State(OPEN, "征集中"), State(CLOSED, "已结束", terminal=True)],
    initial=OPEN,
    transitions=[Transition("close", "结束需求", (OPEN,), CLOSED, _FIRM)],
)

DISPATCH = Workflow(
    "dispatch",
    states=[
        State(SENT, "已发送"),
        State(ACCEPTED, "银行已接收"),
        State(DECLINED, "银行未接收", terminal=True),
        State(RECALLED, "企业已撤回", terminal=True),
    ],
    initial=SENT,
    transitions=[
        Transition("accept", "接收", (SENT,), ACCEPTED, _OFFICER),
        Transition("decline", "不接收", (SENT,), DECLINED, _OFFICER),
        Transition("recall", "撤回", (SENT, ACCEPTED), RECALLED, _FIRM),
    ],
)
