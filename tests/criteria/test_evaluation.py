"""Criteria judged one by one (tests/cases/criteria.csv) and together."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from apps.criteria import selectors
from apps.criteria.catalogue import CATALOGUE, GROUPS
from apps.criteria.evaluation import evaluate
from apps.criteria.facts import fact_named
from apps.criteria.language import read_criteria
from apps.criteria.values import Snapshot
from apps.criteria.verdict import VERDICT_LABELS, Verdict, all_of, any_of, none_of
from apps.criteria.wording import sentence

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
CASES = list(
    csv.DictReader((Path(__file__).parents[1] / "cases" / "criteria.csv").read_text(encoding="utf-8").splitlines())
)
BY_LABEL = {definition.label: definition for definition in CATALOGUE.values()}


@pytest.fixture(scope="module")
def snapshot(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return selectors.snapshot(date(2026, 11, 15))


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case['条件']}" for n, case in enumerate(CASES, 1)])
def test_criterion_comes_to_the_verdict_and_reason_of_the_case(case, snapshot):
    definition = BY_LABEL[case["条件"]]
    nodes = read_criteria([{"slug": definition.slug, "value": json.loads(case["参数"])}], snapshot)
    raw = json.loads(case["事实"])
    names = definition.fact_names(nodes[0].parameter)
    facts = {} if raw is None else {name: fact_named(name).type.read(raw, snapshot) for name in names}
    found = evaluate(nodes, facts)
    assert VERDICT_LABELS[found.verdict] == case["结论"]
    assert sentence(found.findings[0], snapshot.names) == case["理由"]


def test_labels_name_one_criterion_each():
    assert len(BY_LABEL) == len(CATALOGUE)
    assert not set(GROUPS) & set(CATALOGUE)


@pytest.mark.parametrize(
    ("verdicts", "together", "either", "neither"),
    [
        ([MET, MET], MET, MET, NOT_MET),
        ([MET, UNKNOWN], UNKNOWN, MET, NOT_MET),
        ([MET, NOT_MET], NOT_MET, MET, NOT_MET),
        ([UNKNOWN, UNKNOWN], UNKNOWN, UNKNOWN, UNKNOWN),
        ([UNKNOWN, NOT_MET], NOT_MET, UNKNOWN, UNKNOWN),
        ([NOT_MET, NOT_MET], NOT_MET, NOT_MET, MET),
    ],
)
def test_verdicts_combine_by_kleene_logic(verdicts, together, either, neither):
    for order in (verdicts, verdicts[::-1]):
        assert all_of(order) is together
        assert any_of(order) is either
        assert none_of(order) is neither


def test_evaluate_judges_every_criterion_even_after_one_is_not_met():
    nodes = read_criteria(
        [
            {"slug": "age_months_min", "value": 24},
            {"any": [{"slug": "status_active", "value": None}, {"slug": "manual", "value": "面谈"}]},
            {"slug": "social_months_min", "value": 6},
            {"none": [{"slug": "tax_grade_in", "value": ["D"]}]},
        ],
        Snapshot(),
    )
    found = evaluate(nodes, {"age_months": 3, "status": "cancelled", "tax_grade": "A"})
    assert found.verdict is NOT_MET
    assert [finding.verdict for finding in found.findings] == [NOT_MET, UNKNOWN, UNKNOWN, MET]
    assert found.findings[2].missing == ("social_months",)
    assert [finding.slug for finding in found.unmet] == ["age_months_min"]


def test_evaluate_of_no_criteria_is_met():
    assert evaluate((), {}).verdict is MET
