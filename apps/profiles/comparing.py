"""Two portraits side by side: what differs, by name. Pure.

Payloads are those of ProfileHistory: figures as in frames, points per line in hundredths, lists, score.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """`name` is `figures.<column>`, `points.<line>` or a member of the payload."""

    name: str
    before: Any
    after: Any


_GROUPS = ("figures", "points")


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Everything in which two payloads differ, sorted by name; what one of them does not have counts as None."""
    found = [each for each in _pairs(before, after) if each.before != each.after]
    return sorted(found, key=lambda each: each.name)


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for group in _GROUPS:
        old, new = before.get(group, {}), after.get(group, {})
        yield from (Difference(f"{group}.{name}", old.get(name), new.get(name)) for name in old.keys() | new.keys())
    for name in (before.keys() | after.keys()) - set(_GROUPS):
        yield Difference(name, before.get(name), after.get(name))
