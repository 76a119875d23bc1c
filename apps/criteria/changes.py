"""The smallest change that turns an answer: for facts the firm can change, found exactly and tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.criteria.evaluation import evaluate
from apps.criteria.language import Criterion, Node
from apps.criteria.verdict import Evaluation, Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """`fact` from one value to another; `verdict` is the overall answer after it."""

    fact: str
    before: Any
    after: Any
    verdict: Verdict


def smallest_change(nodes: Sequence[Node], facts: Mapping[str, Any], found: Evaluation) -> Change | None:
    """The change after which nothing is unmet, where one single criterion is unmet and its fact can be changed.

    None where several stand in the way, where the fact is not the firm's to change, or where the change would break
    another criterion.
    """
    unmet = [node for node, finding in zip(nodes, found.findings, strict=True) if finding.verdict is Verdict.NOT_MET]
    if len(unmet) != 1 or not isinstance(unmet[0], Criterion):
        return None
    definition, parameter = unmet[0].definition, unmet[0].parameter
    if definition.nearest is None:
        return None
    name = definition.facts[0]
    after = definition.nearest(facts[name], parameter)
    again = evaluate(nodes, {**facts, name: after})
    return None if again.verdict is Verdict.NOT_MET else Change(name, facts[name], after, again.verdict)
