"""Criteria as they are stored: JSON in, checked and resolved criteria out, and back.

A set of criteria is a list; each entry is `{"slug": …, "value": …}` or a group `{"all" | "any" | "none": [entries]}`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.criteria.catalogue import CATALOGUE, GROUPS, Definition
from apps.criteria.values import InvalidCriterion, Snapshot

MAX_CRITERIA = 100
MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Criterion:
    """A definition with its resolved parameter."""

    definition: Definition
    parameter: Any

    @property
    def slug(self) -> str:
        """The name of the definition."""
        return self.definition.slug


@dataclass(frozen=True, slots=True)
class Group:
    """Criteria joined by `all`, `any` or `none`; never empty."""

    kind: str
    parts: tuple["Criterion | Group", ...]


Node = Criterion | Group


def criterion(slug: str, parameter: Any = None) -> Criterion:
    """A criterion from a typed parameter. Raises KeyError for an unknown slug."""
    return Criterion(CATALOGUE[slug], parameter)


def read_criteria(raw: Any, snapshot: Snapshot) -> tuple[Node, ...]:
    """The criteria that JSON holds. Raises InvalidCriterion with a Chinese sentence naming the criterion."""
    nodes = _entries(raw, snapshot, 1)
    if sum(1 for _ in leaves(nodes)) > MAX_CRITERIA:
        raise InvalidCriterion(f"准入条件不能超过 {MAX_CRITERIA} 条。")
    return nodes


def _entries(raw: Any, snapshot: Snapshot, depth: int) -> tuple[Node, ...]:
    if not isinstance(raw, list | tuple):
        raise InvalidCriterion("准入条件应为列表。")
    if depth > MAX_DEPTH:
        raise InvalidCriterion(f"条件分组不能超过 {MAX_DEPTH} 层。")
    return tuple(_entry(item, snapshot, depth) for item in raw)


def _entry(raw: Any, snapshot: Snapshot, depth: int) -> Node:
    if not isinstance(raw, Mapping):
        raise InvalidCriterion("每条准入条件应写明条件名称和参数。")
    if len(raw) == 1 and (kind := next(iter(raw))) in GROUPS:
        parts = _entries(raw[kind], snapshot, depth + 1)
        if not parts:
            raise InvalidCriterion(f"条件组“{GROUPS[kind]}”不能为空。")
        return Group(kind, parts)
    slug = raw.get("slug")
    definition = CATALOGUE.get(slug) if isinstance(slug, str) else None
    if definition is None or not set(raw) <= {"slug", "value"}:
        raise InvalidCriterion(f"没有准入条件“{slug}”。")
    try:
        return Criterion(definition, definition.parameter.read(raw.get("value"), snapshot))
    except InvalidCriterion as error:
        raise InvalidCriterion(f"{definition.label}：{error.message}") from error


def write_criteria(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """The JSON of criteria; `read_criteria` gives the same back."""
    return [_written(node) for node in nodes]


def _written(node: Node) -> dict[str, Any]:
    if isinstance(node, Group):
        return {node.kind: write_criteria(node.parts)}
    return {"slug": node.slug, "value": node.definition.parameter.write(node.parameter)}


def leaves(nodes: Iterable[Node]) -> Iterator[Criterion]:
    """Every single criterion, in order."""
    for node in nodes:
        if isinstance(node, Group):
            yield from leaves(node.parts)
        else:
            yield node


def facts_asked(nodes: Iterable[Node]) -> frozenset[str]:
    """The names of every fact that these criteria read."""
    return frozenset(name for leaf in leaves(nodes) for name in leaf.definition.fact_names(leaf.parameter))
