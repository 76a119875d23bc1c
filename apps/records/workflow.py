"""The life of a delivery (报送), of a row held back from it, and of a question put to a source (数据核验)."""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

_SYSTEM = frozenset({Role.SYSTEM})
_DECIDES = frozenset({Role.DEPARTMENT, Role.OPERATOR})
_ASKS = frozenset({Role.SYSTEM, Role.DEPARTMENT})

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

QUESTION = Workflow(
    "verification_question",
    states=(
        State("waiting", "待发出"),
        State("sent", "已发出"),
        State("received", "答复处理中"),
        State("stored", "已核验", terminal=True),
        State("unmatched", "查无此主体", terminal=True),
        State("unknown", "对方无法核验", terminal=True),
        State("held", "答复待人工确认", terminal=True),
        State("refused", "答复未采用", terminal=True),
        State("failed", "未能核验", terminal=True),
        State("expired", "逾期未答", terminal=True),
        State("cancelled", "已取消", terminal=True),
    ),
    initial="waiting",
    transitions=(
        Transition("send", "导出批次", ("waiting",), "sent", _ASKS),
        Transition("receive", "收到答复", ("waiting", "sent"), "received", _ASKS),
        Transition("find_nobody", "答复查无此主体", ("waiting", "sent"), "unmatched", _ASKS),
        Transition("learn_nothing", "答复无法核验", ("waiting", "sent"), "unknown", _ASKS),
        Transition("store", "答复入库", ("received",), "stored", _SYSTEM),
        Transition("hold", "答复待确认", ("received",), "held", _SYSTEM),
        Transition("refuse", "答复不合规", ("received",), "refused", _SYSTEM),
        Transition("fail", "未能核验", ("waiting", "received"), "failed", _SYSTEM),
        Transition("expire", "逾期", ("waiting", "sent", "received"), "expired", _SYSTEM),
        Transition("cancel", "授权撤回而取消", ("waiting", "sent"), "cancelled", _SYSTEM),
    ),
)
