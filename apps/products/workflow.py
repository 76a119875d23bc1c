"""The life of a product version: drafted, submitted, published by a second person, suspended, withdrawn."""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

DRAFT, SUBMITTED, PUBLISHED, SUSPENDED, WITHDRAWN = "draft", "submitted", "published", "suspended", "withdrawn"

_OFFICER = frozenset({Role.BANK_OFFICER.value})
_APPROVER = frozenset({Role.BANK_APPROVER.value})

VERSION = Workflow(
    "product_version",
    states=[
        State(DRAFT, "草稿"),
        State(SUBMITTED, "待审核"),
        State(PUBLISHED, "已发布"),
        State(SUSPENDED, "已暂停"),
        State(WITHDRAWN, "已下架", terminal=True),
    ],
    initial=DRAFT,
    transitions=[
        Transition("submit", "提交审核", (DRAFT,), SUBMITTED, _OFFICER),
        Transition("take_back", "撤回修改", (SUBMITTED,), DRAFT, _OFFICER),
        Transition("return", "退回修改", (SUBMITTED,), DRAFT, _APPROVER),
        Transition("publish", "发布", (SUBMITTED,), PUBLISHED, _APPROVER),
        Transition("suspend", "暂停受理", (PUBLISHED,), SUSPENDED, _APPROVER),
        Transition("resume", "恢复受理", (SUSPENDED,), PUBLISHED, _APPROVER),
        Transition("discard", "作废草稿", (DRAFT,), WITHDRAWN, _OFFICER),
        Transition("withdraw", "下架", (PUBLISHED, SUSPENDED), WITHDRAWN, _APPROVER),
    ],
)
