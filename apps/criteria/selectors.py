"""The public tables as criteria need them. Public: no actor is asked for."""

from collections.abc import Iterator, Mapping
from datetime import date

from apps.criteria.values import Snapshot
from apps.reference import selectors as reference
from apps.reference.regions import RegionTree


class _Within(Mapping[str, frozenset[str]]):
    """Region code → every code whose place lies inside, abolished ones included; worked out only when asked."""

    def __init__(self, tree: RegionTree) -> None:
        self._tree = tree

    def __getitem__(self, code: str) -> frozenset[str]:
        if code not in self._tree.lines:
            raise KeyError(code)
        return self._tree.within(code)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree.lines)

    def __len__(self) -> int:
        return len(self._tree.lines)


def snapshot(on: date) -> Snapshot:
    """Regions, industries (with the letter: `C`, `F51`, `K7010`) and lists in force on the day."""
    tree = reference.region_tree(on)
    names = {code: tree.nodes[line[-1]].name for code, line in tree.lines.items() if line}
    names |= _industry_names(on)
    names |= {rule.code: rule.name for rule in reference.block_lists(on)}
    return Snapshot(regions=_Within(tree), names=names)


def _industry_names(on: date) -> dict[str, str]:
    """门类 and 大类, and those 小类 that the size standard names (K7010 房地产开发经营)."""
    industries = reference.industries(on)
    names = {industries.section_of.get(code, "") + code: name for code, name in industries.names.items()}
    for rule in reference.size_rules(on):
        names |= {industries.section_of[code[:2]] + code: rule.label for code in rule.groups4}
    return names
