"""Every code has its sentence, and no sentence lies unused."""

from pathlib import Path

import pytest

from apps.criteria.catalogue import CATALOGUE, GROUPS
from apps.criteria.evaluation import judge
from apps.criteria.facts import FACTS, fact_named, is_fact
from apps.criteria.language import Group, criterion
from apps.criteria.values import CodeSet
from apps.criteria.verdict import Verdict
from apps.criteria.wording import finding_json, required, template_name

FOLDER = Path(__file__).parents[2] / "templates" / "criteria" / "verdicts"


def test_every_code_has_a_template_and_none_is_unused():
    wanted = {template_name(slug, code) for slug, item in CATALOGUE.items() for code in item.codes}
    wanted |= {template_name(kind, verdict) for kind in GROUPS for verdict in Verdict}
    assert {f"criteria/verdicts/{path.name}" for path in FOLDER.iterdir()} == wanted


def test_criteria_read_known_facts_only_and_every_fact_is_read():
    read = {name for definition in CATALOGUE.values() for name in definition.facts}
    assert all(is_fact(name) for name in read)
    assert not is_fact("shoe_size")
    assert fact_named("listed_SX_ZX") is FACTS["listed_{}"]
    assert set(FACTS) - read == {"penalties_general", "power_growth_pct", "power_kwh_12m"}


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (criterion("age_months_min", 24), "成立不少于24个月"),
        (criterion("status_active"), "登记状态为存续"),
        (criterion("not_listed", "SX_ZC"), "不在“政府采购失信”名单"),
        (
            Group("any", (criterion("offers_guarantee", "credit"), criterion("offers_guarantee", "mortgage"))),
            "符合其中之一：可提供信用担保；可提供抵押担保",
        ),
    ],
)
def test_required_says_what_a_product_demands(node, text):
    assert required(node, {"SX_ZC": "政府采购失信"}) == text


def test_finding_json_carries_sentence_values_and_members():
    group = Group("any", (criterion("tax_grade_in", CodeSet(("A",), frozenset("A"))), criterion("manual", "“甲” & 乙")))
    told = finding_json(judge(group, {"tax_grade": "C"}), {})
    assert told["text"] == (
        "尚不能确定是否符合其中之一：纳税缴费信用级别为C，接受的级别为A；““甲” & 乙”须由银行人工核实。"
    )
    assert told["parts"][0] == {
        "slug": "tax_grade_in",
        "label": "纳税缴费信用级别",
        "verdict": "not_met",
        "code": "not_met",
        "observed": "C",
        "required": "A",
        "missing": [],
        "text": "纳税缴费信用级别为C，接受的级别为A。",
    }
