"""The life of a registration: states and who may move them."""

from apps.core.actor import Role
from apps.core.workflow import State, Transition, Workflow

_APPLICANT = frozenset({Role.FIRM_OWNER})
_OPERATOR = frozenset({Role.OPERATOR})

REGISTRATION = Workflow(
    "enterprises.registration",
    initial="draft",
    states=[
        State("draft", "草稿"),
        State("submitted", "待核验"),
        State("returned", "已退回"),
        State("verified", "已核验", terminal=True),
    ],
    transitions=[
        Transition("revise", "修改", ("draft",), "draft", _APPLICANT),
        Transition("revise_returned", "修改", ("returned",), "returned", _APPLICANT),
        Transition("submit", "提交核验", ("draft", "returned"), "submitted", _APPLICANT),
        Transition("verify", "核验通过", ("submitted",), "verified", _OPERATOR),
        Transition("return", "退回", ("submitted",), "returned", _OPERATOR),
    ],
)
