"""A workflow against its moves, written out on purpose: (state, verb) → target, roles. What is not there is refused."""

from collections.abc import Mapping

from apps.core.actor import Role
from apps.core.errors import NotPermitted, StateConflict
from apps.core.workflow import Workflow

Moves = Mapping[tuple[str, str], tuple[str, set[Role]]]


def mistakes(workflow: Workflow, moves: Moves) -> list[str]:
    """Every state with every verb and role whose answer is not the one written: empty when the workflow is right.

    A move is allowed as written. Else it is refused: to a role that never makes such a move, or that may not make this
    one, as not permitted; to another as against the state.
    """
    found = []
    for state in workflow.states:
        for verb in sorted({move.verb for move in workflow.transitions}):
            for role in Role:
                expected, seen = _expected(moves, state.value, verb, role), _seen(workflow, state.value, verb, role)
                if seen != expected:
                    found.append(f"{workflow.name}: {verb} of {state.value} by {role} is {seen}, not {expected}")
    return found


def _expected(moves: Moves, state: str, verb: str, role: Role) -> str:
    target, roles = moves.get((state, verb), ("", set()))
    if role in roles:
        return target
    ever = set().union(*(allowed for (_, known), (_, allowed) in moves.items() if known == verb))
    return "not permitted" if role not in ever or target else "against the state"


def _seen(workflow: Workflow, state: str, verb: str, role: Role) -> str:
    try:
        return workflow.check(state, verb, {role}).target
    except NotPermitted:
        return "not permitted"
    except StateConflict:
        return "against the state"
