import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from apps.reference import selectors
from apps.reference.models import CalendarYear, Industry, Region

pytestmark = pytest.mark.django_db

CASES = Path(__file__).parents[1] / "cases"
INDICATORS = {"X": "headcount", "Y": "revenue", "Z": "assets", "": None}

# domain §6.3
SECTORS = "ZX SW GZ SG AQ HB ZC HG JR SB YB TJ ZS WL LY WH JS FC DZ DX WX SHZZ CK YS KY"
# CF_CFLB, domain §1.4
PENALTY_KINDS = """警告 通报批评 罚款 没收违法所得 没收非法财物 暂扣许可证件 降低资质等级 吊销许可证件
    限制开展生产经营活动
    责令停产停业 责令关闭 限制从业 行政拘留 其他"""


def cases(name):
    return list(csv.DictReader((CASES / name).read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("case", cases("regions.csv"), ids=lambda case: f"{case['代码']}@{case['日期']}")
def test_regions_as_of_a_day(case):
    on = date.fromisoformat(case["日期"])
    region = selectors.region_as_of(case["代码"], on)
    assert (region.name if region else "") == case["当日名称"]
    assert selectors.current_region_code(case["代码"], on) == case["承接到"]
    assert selectors.region_tree(on).path_text(case["代码"]) == case["所在地"]


def test_every_known_region_has_a_place_today(business_date):
    tree = selectors.region_tree(business_date)
    assert {level: sum(row.level == level for row in tree.nodes.values()) for level in ("province", "city")} == {
        "province": 34,
        "city": 342,
    }
    assert [code for code, line in tree.lines.items() if not line] == []
    assert tree.lines.keys() == set(Region.objects.order_by("code").values_list("code", flat=True))


def test_codes_within_a_city_hold_its_abolished_counties(business_date):
    codes = selectors.codes_within("610300", business_date)
    assert {"610300", "610305", "610322", "610321", "610331"} <= codes
    assert not codes & {"610400", "610402", "610200"}
    assert [row.name for row in selectors.region_path("610322", business_date)] == ["陕西省", "宝鸡市", "凤翔区"]


def test_region_tree_is_kept_until_someone_writes(business_date, django_assert_num_queries):
    first = selectors.region_tree(business_date)
    with django_assert_num_queries(1):
        assert selectors.region_tree(business_date) is first


@pytest.mark.parametrize("case", cases("industries.csv"), ids=lambda case: repr(case["填写"]))
def test_industry_of(case, business_date):
    found = selectors.industry_of(case["填写"], business_date)
    if not case["门类"]:
        assert found is None
    else:
        assert (found.section, found.division) == (case["门类"], case["大类"])
        assert (found.section_name, found.division_name) == (case["门类名称"], case["大类名称"])


def test_industries_are_20_sections_and_97_divisions():
    rows = Industry.objects.order_by("code")
    assert "".join(row.code for row in rows if row.kind == "section") == "ABCDEFGHIJKLMNOPQRST"
    assert [row.code for row in rows if row.kind == "division"] == [f"{number:02}" for number in range(1, 98)]


@pytest.mark.parametrize("case", cases("size_standard.csv"), ids=lambda case: case["行业"])
def test_size_rules_are_those_of_the_standard(case, business_date):
    (rule,) = [row for row in selectors.size_rules(business_date) if row.row_no == int(case["行号"])]
    assert rule.label == case["行业"]
    assert [*rule.sections, *rule.divisions, *rule.groups4] == case["行业代码"].split()
    assert rule.indicator_1 == INDICATORS[case["指标一"]]
    assert rule.indicator_2 == INDICATORS[case["指标二"]]
    for english, chinese in (("large", "大型"), ("medium", "中型"), ("small", "小型")):
        for number, chinese_number in ((1, "一"), (2, "二")):
            text = case[chinese + chinese_number]
            factor = 1 if getattr(rule, f"indicator_{number}") == "headcount" else 10_000
            assert getattr(rule, f"{english}_{number}") == (Decimal(text) * factor if text else None)


def test_size_rules_name_each_industry_once(business_date):
    rules = selectors.size_rules(business_date)
    assert len(rules) == 16
    codes = [code for rule in rules for code in (*rule.sections, *rule.divisions, *rule.groups4)]
    assert len(codes) == len(set(codes))
    assert not {"J", "P", "S", "T", "53"} & set(codes)
    with pytest.raises(selectors.ReferenceMissing):
        selectors.size_rules(date(2010, 1, 1))


def test_work_calendar_counts_over_swapped_weekends_and_warns_beyond_its_years():
    calendar = selectors.work_calendar()
    assert calendar.covered_years == frozenset(range(2004, 2027))
    assert [calendar.is_workday(date(2026, 10, day)) for day in (1, 8, 10)] == [False, True, True]
    assert calendar.add_workdays(date(2026, 9, 30), 3) == (date(2026, 10, 10), False)
    assert calendar.add_workdays(date(2026, 12, 31), 1) == (date(2027, 1, 1), True)


def test_first_uncovered_year_skips_loaded_years(business_date):
    assert selectors.first_uncovered_year(business_date) == 2027
    CalendarYear.objects.create(year=2027, source_document="测试", certainty="ours")
    CalendarYear.objects.filter(year=2026).delete()
    selectors._snapshots.clear()  # written past the services, which would have told the snapshots
    assert selectors.first_uncovered_year(date(2027, 1, 1)) == 2028
    assert selectors.first_uncovered_year(business_date) == 2026
    selectors._snapshots.clear()


@pytest.mark.parametrize(
    ("on", "tenor", "rate"),
    [
        (date(2019, 8, 20), "1Y", "4.25"),
        (date(2024, 7, 21), "1Y", "3.45"),
        (date(2024, 7, 22), "1Y", "3.35"),
        (date(2026, 11, 15), "1Y", "3.00"),
        (date(2026, 11, 15), "5Y", "3.50"),
    ],
)
def test_lpr_as_of_takes_the_last_one_published(on, tenor, rate):
    assert selectors.lpr_as_of(on, tenor).rate_pct == Decimal(rate)


def test_lpr_as_of_refuses_days_before_the_first():
    with pytest.raises(selectors.ReferenceMissing, match="2019-08-19"):
        selectors.lpr_as_of(date(2019, 8, 19), "1Y")


def test_block_lists_have_an_effect_for_each_use(business_date):
    lists = {row.code: row for row in selectors.block_lists(business_date)}
    effects = {code: (row.effect_whitelist, row.effect_application, row.effect_subsidy) for code, row in lists.items()}
    assert effects["SX_ZX"] == ("BLOCK", "BLOCK", "BLOCK")
    assert effects["JY_YC"] == ("BLOCK", "REVIEW", "BLOCK")
    assert effects["CF_YZ"] == ("BLOCK", "REVIEW", "REVIEW")
    assert effects["JZ"] == ("NONE", "NONE", "BLOCK")
    assert effects["TAX_C"] == ("WARN", "WARN", "WARN")
    assert lists["TAX_D"].fact_values == ("D",)
    assert {code.removeprefix("SX_") for code in lists if code.startswith("SX_")} == set(SECTORS.split())
    assert "SAFE3" not in {row.code for row in selectors.block_lists(date(2026, 1, 18))}


def test_penalty_classes_follow_the_rule_in_force(business_date):
    mild, general, serious = selectors.penalty_classes(business_date)
    assert [(row.min_months, row.max_months) for row in (mild, general, serious)] == [(0, 3), (3, 12), (12, 36)]
    assert "警告" in mild.kinds
    assert "罚款" in general.kinds
    assert "吊销许可证件" in serious.kinds
    before = selectors.penalty_classes(date(2026, 3, 31))
    assert {row.code: row.max_months for row in before} == {"minor": 3, "general": 36, "serious": 36}


def test_penalty_kinds_are_those_of_the_catalogue(business_date):
    kinds = set().union(*(row.kinds for row in selectors.penalty_classes(business_date)))
    assert kinds == set(PENALTY_KINDS.split())


@pytest.mark.parametrize(
    ("key", "on", "value"),
    [
        ("decide_days", date(2026, 11, 15), "30"),
        ("contact_workdays", date(2026, 11, 15), "5"),
        ("whitelist_min_score", date(2026, 11, 15), "750"),
        ("inclusive_loan_limit_yuan", date(2026, 11, 15), "10000000"),
        ("pboc_inclusive_loan_limit_yuan", date(2023, 12, 31), "10000000"),
        ("pboc_inclusive_loan_limit_yuan", date(2024, 1, 1), "20000000"),
    ],
)
def test_figure_as_of_a_day(key, on, value):
    assert selectors.figure(key, on) == Decimal(value)
    assert selectors.figures(on)[key] == Decimal(value)


def test_figure_says_which_one_is_missing(business_date):
    with pytest.raises(selectors.ReferenceMissing, match="2026-11-15 没有施行中的政策数值“no_such_thing”"):
        selectors.figure("no_such_thing", business_date)
