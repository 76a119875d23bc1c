"""The life of a requested document: states and who may move them.

The worker acts for the person who asked, so the roles that may ask may also start, finish and fail the rendering.
"""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

REQUESTED, RENDERING, READY, FAILED, REVOKED = "requested", "rendering", "ready", "failed", "revoked"

ASKERS = frozenset({Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT, Role.BANK_OFFICER, Role.BANK_APPROVER})
_WORKER = ASKERS | {Role.SYSTEM}

REPORT = Workflow(
    "reports.report",
    initial=REQUESTED,
    states=[
        State(REQUESTED, "已申请"),
        State(RENDERING, "生成中"),
        State(READY, "已生成"),
        State(FAILED, "生成失败", terminal=True),
        State(REVOKED, "已撤销", terminal=True),
    ],
    transitions=[
        Transition("start", "开始生成", (REQUESTED, RENDERING), RENDERING, _WORKER),
        Transition("finish", "完成生成", (RENDERING,), READY, _WORKER),
        Transition("fail", "登记失败", (REQUESTED, RENDERING), FAILED, _WORKER),
        Transition("revoke", "撤销", (READY,), REVOKED, frozenset({Role.OPERATOR})),
    ],
)

UNDER_WAY = (REQUESTED, RENDERING)
