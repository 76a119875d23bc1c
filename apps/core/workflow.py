"""State machines as data: states with Chinese labels and one table of transitions with the roles that may fire them.

A table is checked when its module is imported, so an incoherent one never starts. Services ask `check` and then move
the row by an update filtered on the old state.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from apps.core.errors import InvalidInput, NotPermitted, StateConflict


class WorkflowError(ValueError):
    """The table contradicts itself, or code names a state that is not in it. Never the user's fault."""


@dataclass(frozen=True, slots=True)
class State:
    """`value` is stored, `label` is Chinese; a terminal state has no exit."""

    value: str
    label: str
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """`verb` moves a row from any of `sources` to `target`; any one of `roles` may do it."""

    verb: str
    label: str
    sources: tuple[str, ...]
    target: str
    roles: frozenset[str]


class Workflow:
    """A checked state machine. Raises WorkflowError at construction when the table is incoherent."""

    def __init__(self, name: str, *, states: Iterable[State], initial: str, transitions: Iterable[Transition]) -> None:
        self.name = name
        self.initial = initial
        self.states = tuple(states)
        self.transitions = tuple(transitions)
        self._by_value = {state.value: state for state in self.states}
        self._check_names()
        self._by_source = {(source, move.verb): move for move in self.transitions for source in move.sources}
        self._check_exits()
        self._check_reachable()

    def _check_names(self) -> None:
        self._refuse("duplicate states", _repeated(state.value for state in self.states))
        self._refuse("states without label", [state.value for state in self.states if not state.label])
        named = {self.initial, *(name for move in self.transitions for name in (*move.sources, move.target))}
        self._refuse("unknown states", named - self._by_value.keys())
        self._refuse("transitions without label", [move.verb for move in self.transitions if not move.label])
        self._refuse("transitions without source", [move.verb for move in self.transitions if not move.sources])
        self._refuse("transitions without roles", [move.verb for move in self.transitions if not move.roles])
        pairs = _repeated(f"{source} → {move.verb}" for move in self.transitions for source in move.sources)
        self._refuse("verbs that occur twice in one state", pairs)

    def _check_exits(self) -> None:
        sources = {source for source, _ in self._by_source}
        terminal = {state.value for state in self.states if state.terminal}
        self._refuse("terminal states with an exit", terminal & sources)
        self._refuse("states without exit that are not terminal", self._by_value.keys() - terminal - sources)

    def _check_reachable(self) -> None:
        reached: set[str] = set()
        frontier = {self.initial}
        while frontier:
            reached |= frontier
            frontier = {move.target for (source, _), move in self._by_source.items() if source in reached} - reached
        self._refuse("states that cannot be reached", self._by_value.keys() - reached)

    def _refuse(self, what: str, offenders: Collection[str]) -> None:
        if offenders:
            raise WorkflowError(f"workflow {self.name}: {what}: {', '.join(sorted(offenders))}")

    def _state(self, value: str) -> State:
        try:
            return self._by_value[value]
        except KeyError:
            raise WorkflowError(f"workflow {self.name}: unknown state {value!r}") from None

    def label(self, state: str) -> str:
        """Chinese label of a state."""
        return self._state(state).label

    def is_terminal(self, state: str) -> bool:
        """Whether nothing can happen any more in this state."""
        return self._state(state).terminal

    def choices(self) -> list[tuple[str, str]]:
        """(value, label) pairs for a model field."""
        return [(state.value, state.label) for state in self.states]

    def transition(self, state: str, verb: str) -> Transition:
        """The move that `verb` makes from `state`.

        Raises StateConflict if the verb does not apply there, InvalidInput if no state knows it.
        """
        current = self._state(state)
        if move := self._by_source.get((state, verb)):
            return move
        label = next((move.label for move in self.transitions if move.verb == verb), None)
        if label is None:
            raise InvalidInput(f"没有“{verb}”这一操作。")
        raise StateConflict(f"当前状态为“{current.label}”，不能进行“{label}”。")

    def allowed(self, state: str, roles: Collection[str]) -> tuple[Transition, ...]:
        """The moves that somebody with these roles may make from `state`, in table order."""
        self._state(state)
        return tuple(move for move in self.transitions if state in move.sources and not move.roles.isdisjoint(roles))

    def check(self, state: str, verb: str, roles: Collection[str]) -> Transition:
        """The move, if it applies in `state` and one of `roles` may make it.

        Raises NotPermitted when these roles may never use the verb, whatever the state, else as `transition` does.
        """
        moves = [move for move in self.transitions if move.verb == verb]
        if moves and all(move.roles.isdisjoint(roles) for move in moves):
            raise NotPermitted(f"您的角色不能进行“{moves[0].label}”。")
        move = self.transition(state, verb)
        if move.roles.isdisjoint(roles):
            raise NotPermitted(f"状态为“{self.label(state)}”时，您的角色不能进行“{move.label}”。")
        return move

    def diagram(self) -> str:
        """Mermaid state diagram for the README of the owning app."""
        lines = ["stateDiagram-v2"]
        lines += [f'    state "{state.label}" as {state.value}' for state in self.states]
        lines.append(f"    [*] --> {self.initial}")
        for move in self.transitions:
            roles = ", ".join(sorted(move.roles))
            lines += [f"    {source} --> {move.target}: {move.label} ({roles})" for source in move.sources]
        lines += [f"    {state.value} --> [*]" for state in self.states if state.terminal]
        return "\n".join(lines) + "\n"


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]
