"""Life of a scorecard version: drafted, reviewed by a second person, published from a day on."""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

SCORECARD = Workflow(
    "scorecard",
    states=[
        State("draft", "草稿"),
        State("published", "已发布"),
        State("withdrawn", "已停用", terminal=True),
    ],
    initial="draft",
    transitions=[
        Transition("publish", "复核发布", ("draft",), "published", frozenset({Role.OPERATOR, Role.SYSTEM})),
        Transition("withdraw", "停用", ("published",), "withdrawn", frozenset({Role.OPERATOR})),
    ],
)
