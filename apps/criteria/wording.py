"""Findings in Chinese: one sentence template for each slug and code, the same for page, API and print.

The only module here that knows Django, and only its template engine.
"""

from typing import Any

from django.template import Context
from django.template.loader import get_template

from apps.criteria.catalogue import CATALOGUE, GROUPS
from apps.criteria.facts import fact_named
from apps.criteria.language import Criterion, Group, Node
from apps.criteria.values import Names
from apps.criteria.verdict import Finding


def label_of(slug: str) -> str:
    """Chinese label of a criterion or group."""
    return GROUPS[slug] if slug in GROUPS else CATALOGUE[slug].label


def template_name(slug: str, code: str) -> str:
    """Where the sentence of a slug and code lives."""
    return f"criteria/verdicts/{slug}_{code}.html"


def sentence(finding: Finding, names: Names) -> str:
    """The reason as one plain sentence (not escaped)."""
    template = get_template(template_name(finding.slug, finding.code)).template  # type: ignore[attr-defined]
    return " ".join(template.render(Context(_context(finding, names), autoescape=False)).split())


def _context(finding: Finding, names: Names) -> dict[str, Any]:
    missing = "、".join(dict.fromkeys(fact_named(name).label for name in finding.missing))
    if finding.slug in GROUPS:
        return {"parts": [sentence(part, names).rstrip("。") for part in finding.parts], "missing": missing}
    definition = CATALOGUE[finding.slug]
    return {
        "observed": observed(finding, names),
        "required": definition.parameter.said(finding.required, names),
        "missing": missing,
    }


def observed(finding: Finding, names: Names) -> str:
    """What was found, for the reader; nothing found: empty."""
    if finding.observed is None:
        return ""
    asked = CATALOGUE[finding.slug].fact_names(finding.required)
    return fact_named(asked[0]).type.said(finding.observed, names)


def required(node: Node, names: Names) -> str:
    """What a criterion demands, for product pages: `成立时间不少于24个月`."""
    if isinstance(node, Group):
        joined = "；".join(required(part, names) for part in node.parts)
        return f"{GROUPS[node.kind]}：{joined}"
    return _required_one(node, names)


def _required_one(criterion: Criterion, names: Names) -> str:
    definition = criterion.definition
    return definition.demand.format(definition.parameter.said(criterion.parameter, names))


def finding_json(finding: Finding, names: Names) -> dict[str, Any]:
    """A finding as it is stored and answered: codes, the values in words, the sentence, members of a group."""
    value: dict[str, Any] = {
        "slug": finding.slug,
        "label": label_of(finding.slug),
        "verdict": str(finding.verdict),
        "code": finding.code,
        "observed": observed(finding, names),
        "required": "" if finding.slug in GROUPS else _context(finding, names)["required"],
        "missing": list(finding.missing),
        "text": sentence(finding, names),
    }
    if finding.parts:
        value["parts"] = [finding_json(part, names) for part in finding.parts]
    return value
