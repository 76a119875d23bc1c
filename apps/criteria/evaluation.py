"""One firm, one set of criteria, in plain Python: every criterion is judged, none is skipped."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.criteria.language import Criterion, Group, Node
from apps.criteria.verdict import Evaluation, Finding, Verdict, all_of, any_of, none_of, verdict_of

_COMBINE = {"all": all_of, "any": any_of, "none": none_of}


def evaluate(nodes: Sequence[Node], facts: Mapping[str, Any]) -> Evaluation:
    """Not met if any criterion is not met, else unknown if any is unknown, else met; a finding for each."""
    findings = tuple(judge(node, facts) for node in nodes)
    return Evaluation(all_of(finding.verdict for finding in findings), findings)


def judge(node: Node, facts: Mapping[str, Any]) -> Finding:
    """The finding of one criterion or group."""
    return _judge_group(node, facts) if isinstance(node, Group) else _judge_one(node, facts)


def _judge_group(group: Group, facts: Mapping[str, Any]) -> Finding:
    parts = tuple(judge(part, facts) for part in group.parts)
    verdict = _COMBINE[group.kind](part.verdict for part in parts)
    missing = (
        tuple(dict.fromkeys(name for part in parts for name in part.missing)) if verdict is Verdict.UNKNOWN else ()
    )
    return Finding(group.kind, verdict, str(verdict), missing=missing, parts=parts)


def _judge_one(criterion: Criterion, facts: Mapping[str, Any]) -> Finding:
    definition, parameter = criterion.definition, criterion.parameter
    names = definition.fact_names(parameter)
    values = [facts.get(name) for name in names]
    missing = tuple(name for name, value in zip(names, values, strict=True) if value is None)
    truth = None if missing else definition.compare(*values, parameter)
    verdict = verdict_of(truth)
    observed = values[0] if values else None
    return Finding(definition.slug, verdict, str(verdict), observed, parameter, missing)
