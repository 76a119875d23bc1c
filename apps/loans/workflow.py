"""The life of an application, and of one drawdown on its line: states and who may move them.

Four eyes (the approver is not the officer who accepted) compares persons and is therefore checked in the service.
"""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

_OWNER = frozenset({Role.FIRM_OWNER})
_FIRM = frozenset({Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT})
_OFFICER = frozenset({Role.BANK_OFFICER})
_APPROVER = frozenset({Role.BANK_APPROVER})
_OFFICER_OR_NIGHT = frozenset({Role.BANK_OFFICER, Role.SYSTEM})
_NIGHT = frozenset({Role.SYSTEM})

APPLICATION = Workflow(
    "loans.application",
    initial="draft",
    states=[
        State("draft", "草稿"),
        State("submitted", "已提交"),
        State("returned", "退回补充"),
        State("accepted", "已受理"),
        State("approved", "已批准"),
        State("refused", "未批准", terminal=True),
        State("withdrawn", "企业已撤回", terminal=True),
        State("drawn", "已放款"),
        State("repaid", "已结清", terminal=True),
        State("lapsed", "额度到期未用", terminal=True),
    ],
    transitions=[
        Transition("revise", "修改", ("draft",), "draft", _FIRM),
        Transition("revise_returned", "补充修改", ("returned",), "returned", _FIRM),
        Transition("submit", "提交", ("draft", "returned"), "submitted", _OWNER),
        Transition("withdraw", "撤回", ("draft", "submitted", "returned", "accepted"), "withdrawn", _OWNER),
        Transition("accept", "受理", ("submitted",), "accepted", _OFFICER),
        Transition("return", "退回补充", ("submitted",), "returned", _OFFICER),
        Transition("approve", "批准", ("accepted",), "approved", _APPROVER),
        Transition("refuse", "拒绝", ("accepted",), "refused", _APPROVER),
        Transition("draw", "登记放款", ("approved", "drawn"), "drawn", _OFFICER),
        Transition("settle", "结清", ("drawn",), "repaid", _OFFICER_OR_NIGHT),
        Transition("lapse", "额度到期", ("approved",), "lapsed", _NIGHT),
    ],
)

DRAWDOWN = Workflow(
    "loans.drawdown",
    initial="reserved",
    states=[
        State("reserved", "已预占额度"),
        State("posted", "已放款"),
        State("voided", "已取消", terminal=True),
        State("settled", "已还清", terminal=True),
    ],
    transitions=[
        Transition("post", "确认放款", ("reserved",), "posted", _OFFICER),
        Transition("void", "取消放款", ("reserved",), "voided", _OFFICER_OR_NIGHT),
        Transition("repay", "登记还款", ("posted",), "posted", _OFFICER),
        Transition("settle", "还清", ("posted",), "settled", _OFFICER),
    ],
)

# An application that is under way: a firm has at most one for each product.
OPEN_STATES = tuple(state.value for state in APPLICATION.states if not state.terminal)
DECIDED_STATES = ("approved", "refused", "drawn", "repaid", "lapsed")
WITH_LINE_STATES = ("approved", "drawn", "repaid", "lapsed")
