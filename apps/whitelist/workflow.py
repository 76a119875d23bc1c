"""The life of a programme, a screening run, a listing and a push: states and who may move them.

That a run is approved by another person than the one who started it, and that a push is answered by the bank it went
to, compares persons and organisations and is therefore checked in the service.
"""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

_AUTHORITY = frozenset({Role.AUTHORITY})
_NIGHT = frozenset({Role.SYSTEM})
_AUTHORITY_OR_NIGHT = frozenset({Role.AUTHORITY, Role.SYSTEM})
_EXIT = frozenset({Role.AUTHORITY, Role.SYSTEM, Role.FIRM_OWNER})
_OFFICER = frozenset({Role.BANK_OFFICER})

PROGRAMME = Workflow(
    "whitelist.programme",
    initial="draft",
    states=[State("draft", "草稿"), State("open", "执行中"), State("closed", "已结束", terminal=True)],
    transitions=[
        Transition("revise", "修改", ("draft",), "draft", _AUTHORITY),
        Transition("open", "启用", ("draft",), "open", _AUTHORITY),
        Transition("close", "结束", ("draft", "open"), "closed", _AUTHORITY),
    ],
)

RUN = Workflow(
    "whitelist.run",
    initial="requested",
    states=[
        State("requested", "筛选中"),
        State("screened", "待复核"),
        State("approved", "已复核"),
        State("published", "已发布", terminal=True),
        State("discarded", "已作废", terminal=True),
    ],
    transitions=[
        Transition("finish", "完成筛选", ("requested",), "screened", _AUTHORITY_OR_NIGHT),
        Transition("approve", "复核通过", ("screened",), "approved", _AUTHORITY),
        Transition("publish", "发布", ("approved",), "published", _AUTHORITY),
        Transition("discard", "作废", ("requested", "screened", "approved"), "discarded", _AUTHORITY),
    ],
)

LISTING = Workflow(
    "whitelist.listing",
    initial="active",
    states=[State("active", "在册"), State("exited", "已退出", terminal=True)],
    transitions=[Transition("exit", "退出", ("active",), "exited", _EXIT)],
)

_UNDER_WAY = ("pushed", "received", "contacted", "accepted", "examining")

PUSH = Workflow(
    "whitelist.push",
    initial="pushed",
    states=[
        State("pushed", "待接收"),
        State("received", "已接收"),
        State("contacted", "已联系"),
        State("accepted", "已受理"),
        State("examining", "尽调中"),
        State("credited", "已授信"),
        State("lent", "已放款", terminal=True),
        State("declined", "已拒绝", terminal=True),
        State("firm_withdrew", "企业放弃", terminal=True),
        State("recalled", "已撤回", terminal=True),
    ],
    transitions=[
        Transition("receive", "接收", ("pushed",), "received", _OFFICER),
        Transition("contact", "已联系企业", ("pushed", "received"), "contacted", _OFFICER),
        Transition("accept", "受理", ("contacted",), "accepted", _OFFICER),
        Transition("examine", "开始尽调", ("accepted",), "examining", _OFFICER),
        Transition("credit", "登记授信", ("accepted", "examining"), "credited", _OFFICER),
        Transition("lend", "登记放款", ("credited",), "lent", _OFFICER),
        Transition("decline", "拒绝", _UNDER_WAY, "declined", _OFFICER),
        Transition("note_withdrawal", "登记企业放弃", (*_UNDER_WAY, "credited"), "firm_withdrew", _OFFICER),
        Transition("recall", "撤回推荐", _UNDER_WAY, "recalled", _EXIT),
    ],
)

OPEN_PUSH_STATES = _UNDER_WAY
ANSWER_VERBS = tuple(move.verb for move in PUSH.transitions if move.roles == _OFFICER)
