from pathlib import Path

import pytest

from apps.core.actor import Role
from apps.whitelist.workflow import ANSWER_VERBS, LISTING, OPEN_PUSH_STATES, PROGRAMME, PUSH, RUN
from tests.support.moves import mistakes

AUTHORITY, OFFICER, OWNER, NIGHT = Role.AUTHORITY, Role.BANK_OFFICER, Role.FIRM_OWNER, Role.SYSTEM

# Written out on purpose: (state, verb) → target, roles. Everything that is not here must be refused.
PROGRAMME_MOVES = {
    ("draft", "revise"): ("draft", {AUTHORITY}),
    ("draft", "open"): ("open", {AUTHORITY}),
    ("draft", "close"): ("closed", {AUTHORITY}),
    ("open", "close"): ("closed", {AUTHORITY}),
}
RUN_MOVES = {
    ("requested", "finish"): ("screened", {AUTHORITY, NIGHT}),
    ("screened", "approve"): ("approved", {AUTHORITY}),
    ("approved", "publish"): ("published", {AUTHORITY}),
    ("requested", "discard"): ("discarded", {AUTHORITY}),
    ("screened", "discard"): ("discarded", {AUTHORITY}),
    ("approved", "discard"): ("discarded", {AUTHORITY}),
}
LISTING_MOVES = {("active", "exit"): ("exited", {AUTHORITY, NIGHT, OWNER})}
PUSH_MOVES = {
    ("pushed", "receive"): ("received", {OFFICER}),
    ("pushed", "contact"): ("contacted", {OFFICER}),
    ("received", "contact"): ("contacted", {OFFICER}),
    ("contacted", "accept"): ("accepted", {OFFICER}),
    ("accepted", "examine"): ("examining", {OFFICER}),
    ("accepted", "credit"): ("credited", {OFFICER}),
    ("examining", "credit"): ("credited", {OFFICER}),
    ("credited", "lend"): ("lent", {OFFICER}),
    ("credited", "note_withdrawal"): ("firm_withdrew", {OFFICER}),
}
for state in ("pushed", "received", "contacted", "accepted", "examining"):
    PUSH_MOVES[state, "decline"] = ("declined", {OFFICER})
    PUSH_MOVES[state, "note_withdrawal"] = ("firm_withdrew", {OFFICER})
    PUSH_MOVES[state, "recall"] = ("recalled", {AUTHORITY, NIGHT, OWNER})


@pytest.mark.parametrize(
    ("workflow", "moves"),
    [(PROGRAMME, PROGRAMME_MOVES), (RUN, RUN_MOVES), (LISTING, LISTING_MOVES), (PUSH, PUSH_MOVES)],
    ids=["programme", "run", "listing", "push"],
)
def test_every_state_role_and_verb_is_allowed_or_refused_as_written(workflow, moves):
    assert mistakes(workflow, moves) == []


def test_groups_of_states_and_verbs_follow_from_the_table():
    assert set(OPEN_PUSH_STATES) == {state for state, verb in PUSH_MOVES if verb == "recall"}
    assert set(ANSWER_VERBS) == {verb for _, verb in PUSH_MOVES} - {"recall"}


@pytest.mark.parametrize("workflow", [LISTING, PROGRAMME, PUSH, RUN], ids=lambda workflow: workflow.name)
def test_the_readme_draws_the_workflow_as_it_is(workflow):
    readme = Path(__file__).parents[2] / "apps" / "whitelist" / "README.md"
    assert workflow.diagram() in readme.read_text(encoding="utf-8")
