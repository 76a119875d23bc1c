from typing import Any

import pytest

from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.workflow import State, Transition, Workflow, WorkflowError

OWNER, OFFICER, APPROVER = "firm_owner", "bank_officer", "bank_approver"


def move(verb: str, sources: str, target: str, *roles: str, label: str = "") -> Transition:
    return Transition(verb, label or verb, tuple(sources.split()), target, frozenset(roles))


STATES = (
    State("draft", "草稿"),
    State("submitted", "已提交"),
    State("approved", "已批准", terminal=True),
    State("withdrawn", "已撤回", terminal=True),
)
MOVES = (
    move("submit", "draft", "submitted", OWNER, label="提交"),
    move("withdraw", "draft submitted", "withdrawn", OWNER, label="撤回"),
    move("return", "submitted", "draft", OFFICER, APPROVER, label="退回"),
    move("approve", "submitted", "approved", APPROVER, label="批准"),
)


def workflow(**changes: Any) -> Workflow:
    return Workflow("申请", **{"states": STATES, "initial": "draft", "transitions": MOVES, **changes})


def test_labels_and_choices_follow_the_table() -> None:
    flow = workflow()
    assert flow.label("submitted") == "已提交"
    assert flow.choices()[0] == ("draft", "草稿")
    assert [value for value, _ in flow.choices()] == ["draft", "submitted", "approved", "withdrawn"]
    assert flow.is_terminal("approved")
    assert not flow.is_terminal("draft")


def test_full_matrix_of_states_verbs_and_roles() -> None:
    flow = workflow()
    legal = {
        ("draft", "submit", OWNER): "submitted",
        ("draft", "withdraw", OWNER): "withdrawn",
        ("submitted", "withdraw", OWNER): "withdrawn",
        ("submitted", "return", OFFICER): "draft",
        ("submitted", "return", APPROVER): "draft",
        ("submitted", "approve", APPROVER): "approved",
    }
    for state, _ in flow.choices():
        for verb in ("submit", "withdraw", "return", "approve"):
            for role in (OWNER, OFFICER, APPROVER):
                if target := legal.get((state, verb, role)):
                    assert flow.check(state, verb, {role}).target == target
                    assert flow.check(state, verb, {role, "other"}) in flow.allowed(state, {role})
                else:
                    with pytest.raises((NotPermitted, StateConflict)):
                        flow.check(state, verb, {role})
                    assert verb not in [found.verb for found in flow.allowed(state, {role})]
                with pytest.raises(NotPermitted):
                    flow.check(state, verb, set())


def test_check_says_why_in_chinese() -> None:
    flow = workflow()
    with pytest.raises(StateConflict, match="^当前状态为“草稿”，不能进行“批准”。$"):
        flow.check("draft", "approve", {APPROVER})
    with pytest.raises(NotPermitted, match="^您的角色不能进行“批准”。$"):
        flow.check("draft", "approve", {OWNER})
    with pytest.raises(InvalidInput, match="没有“explode”这一操作"):
        flow.check("draft", "explode", {OWNER})


def test_check_tells_roles_apart_by_state() -> None:
    flow = workflow(transitions=(*MOVES[:2], MOVES[3], move("return", "submitted", "draft", OFFICER, label="退回")))
    split = workflow(
        transitions=(
            MOVES[0],
            MOVES[3],
            move("withdraw", "draft", "withdrawn", OWNER, label="撤回"),
            move("withdraw", "submitted", "withdrawn", OFFICER, label="撤回"),
        )
    )
    assert flow.transition("submitted", "return").roles == {OFFICER}
    with pytest.raises(NotPermitted, match="状态为“已提交”时，您的角色不能进行“撤回”。"):
        split.check("submitted", "withdraw", {OWNER})


def test_unknown_states_are_a_programming_error() -> None:
    flow = workflow()
    for call in (
        lambda: flow.label("gone"),
        lambda: flow.transition("gone", "submit"),
        lambda: flow.allowed("gone", {OWNER}),
        lambda: flow.check("gone", "submit", {OWNER}),
    ):
        with pytest.raises(WorkflowError, match="unknown state 'gone'"):
            call()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"states": (*STATES, State("draft", "再来"))}, "duplicate states: draft"),
        ({"states": (*STATES[:3], State("withdrawn", "", terminal=True))}, "states without label: withdrawn"),
        ({"initial": "gone"}, "unknown states: gone"),
        ({"transitions": (*MOVES, move("lose", "submitted", "gone", OWNER))}, "unknown states: gone"),
        ({"transitions": (*MOVES, move("find", "gone", "draft", OWNER))}, "unknown states: gone"),
        ({"transitions": (*MOVES, move("ask", "", "draft", OWNER))}, "transitions without source: ask"),
        ({"transitions": (*MOVES, move("ask", "draft", "draft"))}, "transitions without roles: ask"),
        (
            {"transitions": (*MOVES, Transition("ask", "", ("draft",), "draft", frozenset({OWNER})))},
            "transitions without label: ask",
        ),
        (
            {"transitions": (*MOVES, move("submit", "draft", "approved", APPROVER))},
            "verbs that occur twice in one state: draft → submit",
        ),
        ({"transitions": (*MOVES, move("redo", "approved", "draft", OWNER))}, "terminal states with an exit: approved"),
        (
            {"transitions": (MOVES[0], move("withdraw", "draft", "withdrawn", OWNER))},
            "states without exit that are not terminal: submitted",
        ),
        ({"transitions": MOVES[:3]}, "states that cannot be reached: approved"),
        ({"initial": "approved"}, "states that cannot be reached: draft, submitted, withdrawn"),
    ],
)
def test_an_incoherent_table_is_refused_at_construction(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        workflow(**changes)
    assert str(caught.value) == f"workflow 申请: {complaint}"


def test_a_loop_that_the_initial_state_never_enters_is_refused() -> None:
    island = (move("ping", "left", "right", OWNER), move("pong", "right", "left", OWNER))
    with pytest.raises(WorkflowError, match="cannot be reached: left, right"):
        workflow(states=(*STATES, State("left", "左"), State("right", "右")), transitions=(*MOVES, *island))


def test_diagram_draws_every_move_with_its_roles() -> None:
    assert workflow().diagram() == (
        "stateDiagram-v2\n"
        '    state "草稿" as draft\n'
        '    state "已提交" as submitted\n'
        '    state "已批准" as approved\n'
        '    state "已撤回" as withdrawn\n'
        "    [*] --> draft\n"
        "    draft --> submitted: 提交 (firm_owner)\n"
        "    draft --> withdrawn: 撤回 (firm_owner)\n"
        "    submitted --> withdrawn: 撤回 (firm_owner)\n"
        "    submitted --> draft: 退回 (bank_approver, bank_officer)\n"
        "    submitted --> approved: 批准 (bank_approver)\n"
        "    approved --> [*]\n"
        "    withdrawn --> [*]\n"
    )
