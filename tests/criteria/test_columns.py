"""One firm in plain Python, a column of firms and a column of products come to the same verdict, gaps included."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.criteria import facts as known
from apps.criteria.catalogue import CATALOGUE
from apps.criteria.columns import frame_of, node_expr, verdict_expr, verdicts_over_products
from apps.criteria.evaluation import evaluate, judge
from apps.criteria.language import Criterion, Group
from apps.criteria.values import (
    Amount,
    Between,
    Choice,
    Choices,
    Coded,
    Codes,
    CodeSet,
    Flag,
    Named,
    Nothing,
    Range,
    Regions,
    Text,
    Whole,
)
from apps.criteria.verdict import Verdict

TRUTH = {Verdict.MET: True, Verdict.NOT_MET: False, Verdict.UNKNOWN: None}
REGIONS = ("610305", "610322", "610303", "610300")
INDUSTRIES = ("A", "C", "A01", "C14", "F51", "F52", "K7010", "G59")
INDUSTRY_CODES = ("A0111", "C1462", "F5127", "F5211", "K7010", "K7020", "G5990")
LISTS = ("SX_ZX", "SX_ZC")


def code_sets(codes):
    picked = st.lists(st.sampled_from(sorted(codes)), min_size=1, unique=True)
    return picked.map(lambda some: CodeSet(tuple(some), frozenset(some)))


def numbers(value_type):
    if isinstance(value_type, Whole):
        return st.integers(0, 30)
    if isinstance(value_type, Amount):
        return st.integers(0, 3000).map(lambda fen: Decimal(fen).scaleb(-2))
    return st.integers(-300, 900).map(lambda hundredths: Decimal(hundredths).scaleb(-2))


def parameters(value_type):
    match value_type:
        case Nothing():
            return st.none()
        case Between():
            ends = st.tuples(numbers(value_type.of), numbers(value_type.of))
            return ends.map(lambda pair: Range(min(pair), max(pair)))
        case Regions():
            return code_sets(REGIONS)
        case Named(single=True):
            return st.sampled_from(LISTS)
        case Named():
            return code_sets(INDUSTRIES)
        case Choices():
            return code_sets(value_type.labels)
        case Choice():
            return st.sampled_from(sorted(value_type.labels))
        case Text():
            return st.just("须面谈")
    return numbers(value_type)


def values(fact):
    match fact.type:
        case Flag():
            return st.booleans()
        case Coded():
            return st.sampled_from(REGIONS if fact.name == "region_code" else INDUSTRY_CODES)
        case Choice():
            return st.sampled_from(sorted(fact.type.labels))
        case Codes():
            return st.lists(st.sampled_from(sorted(fact.type.labels)), unique=True).map(tuple)
    return numbers(fact.type)


FACT_NAMES = sorted(
    {name for name in known.FACTS if "{}" not in name}
    | {f"listed_{code}" for code in LISTS}
    | {f"need_offers_{code}" for code in known.GUARANTEES}
)
facts = st.fixed_dictionaries({name: st.none() | values(known.fact_named(name)) for name in FACT_NAMES})
criteria = st.sampled_from(sorted(CATALOGUE)).flatmap(
    lambda slug: parameters(CATALOGUE[slug].parameter).map(lambda value: Criterion(CATALOGUE[slug], value))
)
nodes = st.recursive(
    criteria,
    lambda parts: st.builds(
        Group, st.sampled_from(["all", "any", "none"]), st.lists(parts, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts, min_size=1, max_size=4), st.lists(nodes, max_size=5))
def test_a_column_of_firms_agrees_with_each_firm(firms, rules):
    told = frame_of(firms, FACT_NAMES).with_columns(
        verdict_expr(rules).alias("overall"), *(node_expr(rule).alias(f"rule {n}") for n, rule in enumerate(rules))
    )
    for row, firm in enumerate(firms):
        found = evaluate(rules, firm)
        assert told["overall"][row] is TRUTH[found.verdict]
        for n, finding in enumerate(found.findings):
            assert told[f"rule {n}"][row] is TRUTH[finding.verdict]


@settings(max_examples=100, deadline=None)
@given(facts, st.data())
def test_a_column_of_products_agrees_with_each_product(firm, data):
    slug = data.draw(st.sampled_from(sorted(CATALOGUE)))
    definition = CATALOGUE[slug]
    products = data.draw(st.lists(parameters(definition.parameter), min_size=1, max_size=6))
    asked = [Criterion(definition, parameter) for parameter in products]
    assert verdicts_over_products(asked, firm) == [TRUTH[judge(one, firm).verdict] for one in asked]


def test_frame_of_lays_money_and_percent_as_whole_numbers():
    frame = frame_of(
        [{"annual_revenue_yuan": Decimal("12.34"), "coverage_pct": Decimal("66.67"), "qualifications": {"b", "a"}}, {}],
        ["annual_revenue_yuan", "coverage_pct", "qualifications"],
    )
    assert frame.to_dicts() == [
        {"annual_revenue_yuan": 1234, "coverage_pct": 6667, "qualifications": ["a", "b"]},
        {"annual_revenue_yuan": None, "coverage_pct": None, "qualifications": None},
    ]
