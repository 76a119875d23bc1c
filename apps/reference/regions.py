"""The tree of administrative regions on one day, abolished codes included. Pure.

A code stays on a firm for life (it is part of the 统一社会信用代码), long after the region got another one: 凤翔县
610322 became 凤翔区 610305. So every known code has a place in the tree: its own node while in force, else its
successor's, else the nearest ancestor in force.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

# Stand-ins of the statistical code that are no place of their own: 110100 市辖区, 500200 县, 419000 省直辖县级….
_PLACEHOLDER_NAMES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


class RegionPeriod(NamedTuple):
    """One row of the region table: a code under one name, in force on [effective_from, effective_to)."""

    code: str
    name: str
    level: str
    parent_code: str
    effective_from: date
    effective_to: date | None
    successor_code: str

    def is_in_force(self, on: date) -> bool:
        """Whether the region exists under this name on the day."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


class RegionPlace(NamedTuple):
    """Where a code, in force or abolished, lies today; "" where there is no such level. For joins."""

    code: str
    current_code: str
    county_code: str
    city_code: str
    province_code: str


@dataclass(frozen=True, slots=True)
class RegionTree:
    """All regions as of `on`. `nodes`: in force, by code; `current`: every known code → its code on that day;
    `lines`: every known code → codes from the province down to its place; `members`: node → every code in it."""

    on: date
    nodes: Mapping[str, RegionPeriod]
    current: Mapping[str, str]
    lines: Mapping[str, tuple[str, ...]]
    members: Mapping[str, frozenset[str]]

    def region(self, code: str) -> RegionPeriod | None:
        """The region that carries the code on the day; None if unknown or not in force."""
        return self.nodes.get(code)

    def current_code(self, code: str) -> str:
        """The code that stands for `code` on the day; itself where unknown or nothing is known to follow it."""
        return self.current.get(code, code)

    def path(self, code: str) -> tuple[RegionPeriod, ...]:
        """Province, city, county of the place of a code; empty if unknown."""
        return tuple(self.nodes[step] for step in self.lines.get(code, ()))

    def path_text(self, code: str) -> str:
        """`陕西省宝鸡市凤翔区`; the code itself if unknown."""
        return "".join(step.name for step in self.path(code) if step.name not in _PLACEHOLDER_NAMES) or code

    def within(self, scope: str) -> frozenset[str]:
        """The region and everything below it, with abolished codes whose place lies inside; a code that is unknown or
        followed by nothing stands for itself alone."""
        return self.members.get(self.current_code(scope), frozenset()) | {scope}

    def covers(self, scope: str, code: str) -> bool:
        """Whether the place of `code` lies within `scope`."""
        return code in self.within(scope)

    def places(self) -> Iterator[RegionPlace]:
        """One row for every known code."""
        for code, line in self.lines.items():
            by_level = {self.nodes[step].level: step for step in line}
            yield RegionPlace(
                code,
                self.current_code(code),
                by_level.get("county", ""),
                by_level.get("city", ""),
                by_level.get("province", ""),
            )


def build_region_tree(periods: Iterable[RegionPeriod], on: date) -> RegionTree:
    """The tree of one day out of the whole history."""
    history: dict[str, list[RegionPeriod]] = defaultdict(list)
    for period in sorted(periods):
        history[period.code].append(period)
    nodes = {code: row for code, rows in history.items() for row in rows if row.is_in_force(on)}
    current = {code: _follow(code, history, nodes, on) for code in history}
    lines = {code: _line(code, history, nodes, current) for code in history}
    members: dict[str, set[str]] = defaultdict(set)
    for code, line in lines.items():
        for step in line:
            members[step].add(code)
    return RegionTree(
        on=on,
        nodes=MappingProxyType(nodes),
        current=MappingProxyType(current),
        lines=MappingProxyType(lines),
        members=MappingProxyType({code: frozenset(inside) for code, inside in members.items()}),
    )


def _follow(code: str, history: Mapping[str, list[RegionPeriod]], nodes: Mapping[str, RegionPeriod], on: date) -> str:
    """Along the successors to a code in force; the code itself where the trail ends before that."""
    step, seen = code, {code}
    while step not in nodes:
        ended = [row for row in history.get(step, ()) if row.effective_to is not None and row.effective_to <= on]
        step = ended[-1].successor_code if ended else ""
        if not step or step in seen:
            return code
        seen.add(step)
    return step


def _line(
    code: str, history: Mapping[str, list[RegionPeriod]], nodes: Mapping[str, RegionPeriod], current: Mapping[str, str]
) -> tuple[str, ...]:
    """From the province down to the nearest place in force of a code, by parents as last recorded."""
    line: list[str] = []
    step, seen = current[code], set()
    while step and step not in seen:
        seen.add(step)
        if step in nodes:
            line.append(step)
        rows = history.get(step)
        parent = (nodes.get(step) or rows[-1]).parent_code if rows else ""
        step = current.get(parent, parent)
    return tuple(reversed(line))
