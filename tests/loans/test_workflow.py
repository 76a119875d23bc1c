from pathlib import Path

import pytest

from apps.core.actor import Role
from apps.loans.workflow import APPLICATION, DECIDED_STATES, DRAWDOWN, OPEN_STATES, WITH_LINE_STATES
from tests.support.moves import mistakes

OWNER, ACCOUNTANT = Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT
OFFICER, APPROVER, NIGHT = Role.BANK_OFFICER, Role.BANK_APPROVER, Role.SYSTEM

# Written out on purpose: (state, verb) → target, roles. Everything that is not here must be refused.
APPLICATION_MOVES = {
    ("draft", "revise"): ("draft", {OWNER, ACCOUNTANT}),
    ("returned", "revise_returned"): ("returned", {OWNER, ACCOUNTANT}),
    ("draft", "submit"): ("submitted", {OWNER}),
    ("returned", "submit"): ("submitted", {OWNER}),
    ("draft", "withdraw"): ("withdrawn", {OWNER}),
    ("submitted", "withdraw"): ("withdrawn", {OWNER}),
    ("returned", "withdraw"): ("withdrawn", {OWNER}),
    ("accepted", "withdraw"): ("withdrawn", {OWNER}),
    ("submitted", "accept"): ("accepted", {OFFICER}),
    ("submitted", "return"): ("returned", {OFFICER}),
    ("accepted", "approve"): ("approved", {APPROVER}),
    ("accepted", "refuse"): ("refused", {APPROVER}),
    ("approved", "draw"): ("drawn", {OFFICER}),
    ("drawn", "draw"): ("drawn", {OFFICER}),
    ("drawn", "settle"): ("repaid", {OFFICER, NIGHT}),
    ("approved", "lapse"): ("lapsed", {NIGHT}),
}
DRAWDOWN_MOVES = {
    ("reserved", "post"): ("posted", {OFFICER}),
    ("reserved", "void"): ("voided", {OFFICER, NIGHT}),
    ("posted", "repay"): ("posted", {OFFICER}),
    ("posted", "settle"): ("settled", {OFFICER}),
}


@pytest.mark.parametrize(
    ("workflow", "moves"),
    [(APPLICATION, APPLICATION_MOVES), (DRAWDOWN, DRAWDOWN_MOVES)],
    ids=["application", "drawdown"],
)
def test_every_state_role_and_verb_is_allowed_or_refused_as_written(workflow, moves):
    assert mistakes(workflow, moves) == []


def test_groups_of_states_follow_from_the_table():
    assert set(OPEN_STATES) == {"draft", "submitted", "returned", "accepted", "approved", "drawn"}
    assert {"approved", "refused"} <= set(DECIDED_STATES)
    assert set(WITH_LINE_STATES) == set(DECIDED_STATES) - {"refused"}


@pytest.mark.parametrize("workflow", [APPLICATION, DRAWDOWN], ids=lambda workflow: workflow.name)
def test_the_readme_draws_the_workflow_as_it_is(workflow):
    readme = Path(__file__).parents[2] / "apps" / "loans" / "README.md"
    assert workflow.diagram() in readme.read_text(encoding="utf-8")
