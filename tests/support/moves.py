"""A workflow against its moves, written out on purpose: (state, verb) → target, roles. What is not there is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from apps.core.actor import Role
from apps.core.errors import NotPermitted, StateConflict
from apps.core.workflow import Workflow

Moves = Mapping[tuple[str, str], tuple[str, set[Role]]]


def matrix(workflow: Workflow, moves: Moves) -> list[Any]:
    """Every state with every verb and role: the parameters of `judge`."""
    return [
        pytest.param(workflow, moves, state.value, verb, role, id=f"{workflow.name}-{state.value}-{verb}-{role}")
        for state in workflow.states
        for verb in sorted({move.verb for move in workflow.transitions})
        for role in Role
    ]


def judge(workflow: Workflow, moves: Moves, state: str, verb: str, role: Role) -> None:
    """The move is allowed as written. Else it is refused: to a role that never makes such a move, or that may not make
    this one, as not permitted; to another as against the state."""
    target, roles = moves.get((state, verb), (None, set()))
    if role in roles:
        assert workflow.check(state, verb, {role}).target == target
        return
    with pytest.raises((NotPermitted, StateConflict)) as refused:
        workflow.check(state, verb, {role})
    ever = set().union(*(allowed for (_, known), (_, allowed) in moves.items() if known == verb))
    assert isinstance(refused.value, NotPermitted) is (role not in ever or target is not None)
