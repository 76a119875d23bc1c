"""Criteria as JSON: what is read comes back the same, what cannot be read says why in Chinese."""

import pytest

from apps.criteria.language import MAX_CRITERIA, facts_asked, leaves, read_criteria, write_criteria
from apps.criteria.values import InvalidCriterion, Snapshot

SNAPSHOT = Snapshot(
    regions={"610305": frozenset({"610305", "610322"})}, names={"C": "制造业", "F51": "批发业", "SX_ZC": "政府采购失信"}
)
STORED = [
    {"slug": "region_within", "value": ["610305"]},
    {"slug": "industry_in", "value": ["F51", "C"]},
    {"slug": "tax_grade_in", "value": ["A", "B"]},
    {"slug": "annual_revenue_min", "value": "2000000.00"},
    {"slug": "amount_within", "value": {"low": "100000.00", "high": "3000000.00"}},
    {"slug": "sales_growth_min", "value": "-10.50"},
    {"slug": "not_listed", "value": "SX_ZC"},
    {"slug": "status_active", "value": None},
    {"any": [{"slug": "age_months_min", "value": 24}, {"none": [{"slug": "manual", "value": "须面谈"}]}]},
]


def test_read_and_write_give_the_same_json():
    assert write_criteria(read_criteria(STORED, SNAPSHOT)) == STORED


def test_region_parameter_holds_the_codes_a_region_had_before():
    (criterion,) = read_criteria(STORED[:1], SNAPSHOT)
    assert criterion.parameter.holds("610322")
    assert not criterion.parameter.holds("610303")


def test_leaves_and_facts_asked_look_into_groups():
    nodes = read_criteria(STORED, SNAPSHOT)
    assert [leaf.slug for leaf in leaves(nodes)][-2:] == ["age_months_min", "manual"]
    assert {"listed_SX_ZC", "age_months", "region_code"} <= facts_asked(nodes)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"slug": "manual"}, "准入条件应为列表。"),
        (["manual"], "每条准入条件应写明条件名称和参数。"),
        ([{"slug": "shoe_size", "value": 1}], "没有准入条件“shoe_size”。"),
        ([{"slug": "age_months_min", "value": 1, "note": ""}], "没有准入条件“age_months_min”。"),
        ([{"slug": "age_months_min", "value": "24"}], "成立时间：应为不小于 0 的整数(个月)，不能是“24”。"),
        ([{"slug": "age_months_min", "value": True}], "成立时间：应为不小于 0 的整数(个月)，不能是“True”。"),
        ([{"slug": "age_months_min", "value": -1}], "成立时间：应为不小于 0 的整数(个月)，不能是“-1”。"),
        ([{"slug": "status_active", "value": 1}], "登记状态：此条件没有参数，不能填写“1”。"),
        ([{"slug": "tax_grade_in", "value": ["E"]}], "纳税缴费信用级别：“E”不在可选范围内：A、B、M、C、D。"),
        ([{"slug": "tax_grade_in", "value": []}], "纳税缴费信用级别：至少选择一项。"),
        ([{"slug": "tax_grade_in", "value": ["A", "A"]}], "纳税缴费信用级别：同一项选择了两次。"),
        ([{"slug": "region_within", "value": ["999999"]}], "登记地区：没有行政区划“999999”。"),
        ([{"slug": "industry_in", "value": ["C99"]}], "所属行业：没有行业“C99”。"),
        ([{"slug": "not_listed", "value": "SX_NO"}], "名单记录：没有名单“SX_NO”。"),
        (
            [{"slug": "annual_revenue_min", "value": "1.2万"}],
            "年营业收入下限：金额“1.2万”有误：金额应为数字，例如 1234.50。",
        ),
        ([{"slug": "annual_revenue_min", "value": "-1"}], "年营业收入下限：金额不能是负数：“-1”。"),
        ([{"slug": "annual_revenue_min", "value": 1.5}], "年营业收入下限：金额应为数字（元），不能是“1.5”。"),
        ([{"slug": "rate_acceptable", "value": "4.205"}], "利率：百分数最多两位小数，不能是“4.205”。"),
        ([{"slug": "rate_acceptable", "value": "NaN"}], "利率：百分数最多两位小数，不能是“NaN”。"),
        ([{"slug": "rate_acceptable", "value": "高"}], "利率：应为百分数，不能是“高”。"),
        ([{"slug": "term_within", "value": {"low": 24, "high": 12}}], "融资期限：下限“24”大于上限“12”。"),
        ([{"slug": "term_within", "value": [1, 2]}], "融资期限：范围应写明下限和上限。"),
        ([{"slug": "offers_guarantee", "value": "land"}], "担保方式：“land”不在可选范围内：信用、抵押、保证、质押。"),
        ([{"slug": "manual", "value": " "}], "人工核实：文字说明应为 1 至 200 字。"),
        ([{"any": []}], "条件组“符合其中之一”不能为空。"),
        ([{"any": [{"any": [{"any": [{"any": [STORED[0]]}]}]}]}], "条件分组不能超过 4 层。"),
        ([{"slug": "status_active", "value": None}] * (MAX_CRITERIA + 1), "准入条件不能超过 100 条。"),
    ],
)
def test_unreadable_criteria_are_refused_with_a_sentence(raw, message):
    with pytest.raises(InvalidCriterion) as refusal:
        read_criteria(raw, SNAPSHOT)
    assert refusal.value.message == message
