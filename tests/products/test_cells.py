"""What banks write in the cells of their catalogue."""

from decimal import Decimal

import pytest

from apps.products import cells
from apps.products.cells import Unreadable, Vocabulary

VOCABULARY = Vocabulary(
    regions={"凤翔区": ("610305",), "宝鸡市": ("610300",), "鼓楼区": ("320106", "410204")},
    industries={
        "农、林、牧、渔业": "A",
        "农业": "A01",
        "制造业": "C",
        "批发和零售业": "F",
        "批发业": "F51",
        "金融业": "J",
        **cells.INDUSTRY_ALIASES,
    },
)


def wan(number):
    return None if number is None else Decimal(number) * 10_000


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("1-30", 1, 30), ("1~50", 1, 50), ("0.5-20", "0.5", 20), ("≤1000", None, 1000), ("不超过５０", None, 50)],
)
def test_read_amounts(text, low, high):
    assert cells.read_amounts(cells.normal(text)) == (wan(low), wan(high))


@pytest.mark.parametrize(
    ("text", "revolving", "term"),
    [
        ("12个月", False, (12, 12)),
        ("12个月", True, (None, 12)),
        ("12月", False, (12, 12)),
        ("1年", False, (12, 12)),
        ("12个月(可循环)", False, (None, 12)),
        ("1-3年", False, (12, 36)),
        ("3-24个月", False, (3, 24)),
        ("12-24个月", True, (12, 24)),
        ("3年以内", False, (None, 36)),
        ("5年期以内（含）", False, (None, 60)),
        ("不超过12个月", False, (None, 12)),
        ("最长36个月", False, (None, 36)),
        ("与合同期限一致，最长18个月", False, (None, 18)),
    ],
)
def test_read_term(text, revolving, term):
    assert cells.read_term(cells.normal(text), revolving=revolving) == term


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("LPR+120BP", ("1Y", 120, 120)),
        ("LPR+0BP", ("1Y", 0, 0)),
        ("LPR+30BP起", ("1Y", 30, None)),
        ("LPR+50BP至LPR+150BP", ("1Y", 50, 150)),
        ("LPR-10BP至LPR+40BP", ("1Y", -10, 40)),
        ("LPR+100BP-LPR+200BP", ("1Y", 100, 200)),
        ("lpr+70bp ～ LPR+180BP", ("1Y", 70, 180)),
        ("LPR(5年期)+20BP", ("5Y", 20, 20)),
        ("LPR（5年期以上）+10BP", ("5Y", 10, 10)),
    ],
)
def test_read_rate(text, rate):
    assert cells.read_rate(cells.normal(text)) == rate


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("信用/抵押/保证", (("credit", "mortgage", "guarantee"), "")),
        ("质押(应收账款)", (("pledge",), "应收账款")),
        ("抵押(设备)、保证", (("mortgage", "guarantee"), "抵押：设备")),
    ],
)
def test_read_guarantees(text, found):
    assert cells.read_guarantees(cells.normal(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("按季付息、到期还本", ("quarterly_interest",)),
        ("按季付息,到期还本", ("quarterly_interest",)),
        ("等额本息/按月付息、到期还本", ("equal_instalments", "monthly_interest")),
        ("到期一次还本付息", ("bullet",)),
    ],
)
def test_read_repayments(text, found):
    assert cells.read_repayments(cells.normal(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("不限", ((), (), ())),
        ("农业", (("A01",), (), ())),
        ("农、林、牧、渔业", (("A",), (), ())),
        ("制造业;批发和零售业;农、林、牧、渔业", (("C", "F", "A"), (), ())),
        ("批发业、仓储业", (("F51", "G59"), (), ())),
        ("不限(房地产开发、金融业除外)", ((), ("K7010", "J"), ())),
        ("不限(限制类、淘汰类除外)", ((), (), ("JZ",))),
    ],
)
def test_read_industries(text, found):
    assert cells.read_industries(cells.normal(text), VOCABULARY) == found


@pytest.mark.parametrize(
    ("text", "grades"),
    [
        ("不限", ""),
        ("不要求", ""),
        ("A", "A"),
        ("A、B", "AB"),
        ("A/B/M/C", "ABMC"),
        ("M,A", "AM"),
        ("A-M", "ABM"),
        ("B级及以上", "AB"),
        ("B以上", "AB"),
        ("不低于M级", "ABM"),
    ],
)
def test_read_tax_grades(text, grades):
    assert cells.read_tax_grades(text) == tuple(grades)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("不要求", None),
        ("—", None),
        ("0", None),
        ("12", 12),
        ("6个月", 6),
        ("6个月以上", 6),
        ("半年", 6),
        ("1年", 12),
        ("一年以上", 12),
        ("满2年", 24),
        ("3年以上", 36),
        ("24个月", 24),
    ],
)
def test_read_months(text, months):
    assert cells.read_months(text) == months


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("不限", None, None),
        ("200万元以上", 200, None),
        ("年营收50万以上", 50, None),
        ("300万元", 300, None),
        ("500万元以下", None, 500),
    ],
)
def test_read_revenue(text, low, high):
    assert cells.read_revenue(text) == (wan(low), wan(high))


@pytest.mark.parametrize(
    ("text", "days"), [("3个工作日", 3), ("2天", 2), ("T+0", 0), ("T+1", 1), ("当天", 0), ("线上即时", 0), ("", None)]
)
def test_read_promised_days(text, days):
    assert cells.read_promised_days(text) == days


def test_a_record_is_decided_by_a_fact_or_left_to_a_person():
    assert cells.read_clean_record("不作要求") == ()
    assert cells.read_clean_record("无失信被执行记录") == ({"slug": "no_dishonest_debtor", "value": None},)
    assert cells.read_clean_record("近两年无连三累六") == ({"slug": "manual", "value": "近两年无连三累六"},)


def test_a_note_that_demands_something_unknown_is_left_to_a_person():
    assert cells.read_note("可叠加贴息") == ()
    assert cells.read_note("须提供水电费单据") == ({"slug": "manual", "value": "须提供水电费单据"},)
    assert cells.read_note("有效发明专利3件以上") == ({"slug": "patents_min", "value": 3},)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (cells.read_amounts, "面议", "额度应写成“10-300”或“≤1000”（万元）。"),
        (cells.read_rate, "年化4.5%", "利率应写成“LPR+50BP”“LPR+50BP至LPR+150BP”或“LPR(5年期)+20BP”。"),
        (
            cells.read_rate,
            "LPR+50BP至LPR(5年期)+80BP",
            "利率应写成“LPR+50BP”“LPR+50BP至LPR+150BP”或“LPR(5年期)+20BP”。",
        ),
        (cells.read_guarantees, "担保", "担保方式应为信用、抵押、保证、质押，可在括号内注明种类。"),
        (
            cells.read_repayments,
            "随便",
            "还款方式应为等额本息、等额本金、按月（季）付息到期还本、到期一次还本付息或随借随还。",
        ),
        (cells.read_tax_grades, "E级", "纳税级别要求应为 A、B、M、C、D 中的若干级，或“B级及以上”。"),
        (cells.read_tax_grades, "M-A", "纳税级别要求应为 A、B、M、C、D 中的若干级，或“B级及以上”。"),
        (cells.read_months, "较久", "时间要求应写成“2年”“24个月”“半年”或月数。"),
        (cells.read_months, "半个月", "时间要求应写成“2年”“24个月”“半年”或月数。"),
        (cells.read_revenue, "良好", "年营收要求应写成“200万元以上”或“500万元以下”。"),
        (cells.read_first_loan, "可", "首贷可应为“是”“否”或“是(仅首贷)”。"),
        (cells.read_renewal, "可", "续贷应为“是”“否”或“是(无还本续贷)”。"),
        (cells.read_promised_days, "很快", "放款时效应写成“3个工作日”“2天”“T+1”或“当天”。"),
        (
            lambda text: cells.read_term(text, revolving=False),
            "长期",
            "期限应写成“12个月”“1-3年”“3年以内”或“最长18个月”。",
        ),
        (lambda text: cells.read_regions(text, VOCABULARY), "凤翔县", "没有名为“凤翔县”的现行行政区划。"),
        (
            lambda text: cells.read_regions(text, VOCABULARY),
            "凤翔区、鼓楼区",
            "名为“鼓楼区”的行政区划不止一个，请写明区划代码。",
        ),
        (lambda text: cells.read_industries(text, VOCABULARY), "制造", "“制造”不是国民经济行业分类的门类或大类名称。"),
        (
            lambda text: cells.read_industries(text, VOCABULARY),
            "农业科技",
            "“农业科技”不是国民经济行业分类的门类或大类名称。",
        ),
    ],
)
def test_what_no_pattern_knows_is_refused_with_a_sentence(read, text, message):
    with pytest.raises(Unreadable) as refusal:
        read(text)
    assert str(refusal.value) == message
