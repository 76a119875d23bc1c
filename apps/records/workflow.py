"""The life of a delivery (报送) and of a row held back from it."""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

_SYSTEM = frozenset({Role.SYSTEM})
_DECIDES = frozenset({Role.DEPARTMENT, Role.OPERATOR})

DELIVERY = Workflow(
    "delivery",
    states=(
        State("received", "已接收"),
        State("reading", "处理中"),
        State("applied", "已入库", terminal=True),
        State("repeated", "重复报送", terminal=True),
        State("refused", "整份退回", terminal=True),
        State("failed", "处理失败", terminal=True),
    ),
    initial="received",
    transitions=(
        Transition("read", "开始处理", ("received",), "reading", _SYSTEM),
        Transition("apply", "入库", ("reading",), "applied", _SYSTEM),
        Transition("repeat", "认定为重复报送", ("received",), "repeated", _SYSTEM),
        Transition("refuse", "整份退回", ("reading",), "refused", _SYSTEM),
        Transition("fail", "处理失败", ("received", "reading"), "failed", _SYSTEM),
    ),
)

HELD_ROW = Workflow(
    "held_row",
    states=(
        State("open", "待处理"),
        State("applied", "已入库", terminal=True),
        State("duplicate", "重复", terminal=True),
        State("dismissed", "不予入库", terminal=True),
    ),
    initial="open",
    transitions=(
        Transition("apply", "自动重试入库", ("open",), "applied", _SYSTEM),
        Transition("accept", "采纳入库", ("open",), "applied", _DECIDES),
        Transition("find_duplicate", "认定为重复", ("open",), "duplicate", _SYSTEM | _DECIDES),
        Transition("assign", "归入所选主体", ("open",), "dismissed", _DECIDES),
        Transition("dismiss", "不予入库", ("open",), "dismissed", _DECIDES),
    ),
)
