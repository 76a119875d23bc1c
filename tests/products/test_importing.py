"""The banks' catalogue as a file: every row accounted for, the 24 products as a loan officer reads them."""

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from apps.criteria.facts import GUARANTEES
from apps.criteria.selectors import snapshot
from apps.products import selectors
from apps.products.importing import COLUMNS, UnreadableCatalogue, read_catalogue
from apps.products.models import Product, ProductVersion
from apps.products.terms import REPAYMENTS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "fixtures" / "demo" / "deliveries" / "银行" / "金融产品目录.xlsx"
CASES = list(csv.DictReader((ROOT / "tests/cases/products_catalogue.csv").read_text(encoding="utf-8").splitlines()))
TODAY = date(2026, 11, 15)
ROW = {
    "序号": "1",
    "银行名称": "某银行",
    "产品名称": "税信贷",
    "额度(万元)": "10-300",
    "期限": "12个月",
    "利率": "LPR+50BP",
    "担保方式": "信用",
    "还款方式": "等额本息",
    "适用区域": "凤翔区",
    "适用行业": "制造业",
    "纳税级别要求": "A、B",
    "成立年限": "1年",
    "社保连续缴费月数": "6",
    "年营收要求": "不限",
    "无不良记录": "不作要求",
    "首贷可": "是",
    "续贷": "是",
    "放款时效": "1天",
    "备注": "",
}


def workbook(*rows, header=COLUMNS):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["标题"], header, *rows]):
            sheet.write_row(number, 0, row)
    return stream.getvalue()


@pytest.fixture(scope="module")
def vocabulary(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return selectors.vocabulary(TODAY)


@pytest.fixture(scope="module")
def catalogue(vocabulary):
    return read_catalogue(FILE.read_bytes(), vocabulary)


@pytest.fixture(scope="module")
def tables(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return snapshot(TODAY)


def test_the_sample_file_is_read_whole(catalogue):
    assert (catalogue.read, catalogue.not_data, len(catalogue.offers), catalogue.rejected) == (28, 4, 24, ())
    assert [offer.name for offer in catalogue.offers] == [case["产品"] for case in CASES]
    assert len({offer.bank_name for offer in catalogue.offers}) == 6


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["产品"] for case in CASES])
def test_a_sample_product_means_what_the_loan_officer_reads(number, catalogue, tables):
    offer, case = catalogue.offers[number], CASES[number]
    terms = offer.terms
    version = ProductVersion(product=Product(name=offer.name), criteria=[dict(node) for node in offer.criteria])

    def text(value):
        return "" if value is None else str(value)

    def wan(amount):
        return "" if amount is None else f"{amount / 10_000:f}".rstrip("0").rstrip(".")

    assert {
        "最低额度(万元)": wan(terms.amount_min_yuan),
        "最高额度(万元)": wan(terms.amount_max_yuan),
        "最短期限(月)": text(terms.term_min_months),
        "最长期限(月)": text(terms.term_max_months),
        "基准": {"1Y": "1年期", "5Y": "5年期"}[terms.lpr_tenor],
        "最低加点(BP)": text(terms.bps_min),
        "最高加点(BP)": text(terms.bps_max),
        "担保": "；".join(GUARANTEES[kind] for kind in terms.guarantee_types),
        "还款": "；".join(REPAYMENTS[kind] for kind in terms.repayment_types),
        "首贷": {"accepted": "接受", "only": "仅限首贷", "refused": "不接受"}[terms.first_loan],
        "续贷": {"yes": "可续贷", "no_principal": "无还本", "no": "不可续贷"}[terms.renewal],
        "放款天数": text(terms.promised_days),
        "准入条件": "；".join(selectors.demands_of(version, tables)),
    } == {column: value for column, value in case.items() if column != "产品"}


def test_the_banks_own_words_are_kept(catalogue):
    assert catalogue.offers[1].source_texts["期限"] == "12个月(可循环)"
    assert catalogue.offers[1].source_texts["社保连续缴费月数"] == "12"


def test_a_bad_row_names_every_cell_at_fault_and_spoils_no_other(vocabulary):
    bad = ROW | {"产品名称": "面议贷", "额度(万元)": "面议", "利率": "", "适用区域": "凤翔县", "首贷可": "可"}
    found = read_catalogue(workbook([*ROW.values()], [], [*bad.values()], ["注:利率以放款当日为准"]), vocabulary)
    assert (found.read, found.not_data, len(found.offers), len(found.rejected)) == (6, 4, 1, 1)
    assert [(fault.row, fault.column, fault.text, fault.message) for fault in found.rejected[0]] == [
        (5, "额度(万元)", "面议", "额度应写成“10-300”或“≤1000”（万元）。"),
        (5, "利率", "", "此列必填。"),
        (5, "首贷可", "可", "首贷可应为“是”“否”或“是(仅首贷)”。"),
        (5, "适用区域", "凤翔县", "没有名为“凤翔县”的现行行政区划。"),
    ]


def test_terms_that_contradict_each_other_are_refused_at_their_cell(vocabulary):
    bad = ROW | {"额度(万元)": "300-10", "利率": "LPR+150BP至LPR+50BP"}
    found = read_catalogue(workbook([*bad.values()]), vocabulary)
    assert [(fault.column, fault.message) for fault in found.rejected[0]] == [
        ("额度(万元)", "最低额度不能为负，也不能高于最高额度。"),
        ("利率", "最高基点不能低于最低基点，也不能超过 2000。"),
    ]


def test_the_same_product_twice_is_refused_the_second_time(vocabulary):
    found = read_catalogue(workbook([*ROW.values()], [*ROW.values()]), vocabulary)
    assert len(found.offers) == 1
    assert found.rejected[0][0].message == "与第 3 行是同一银行的同一产品。"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a workbook", "文件不是可读的 Excel 工作簿（XLSX）。"),
        (b"x" * 5_000_001, "文件超过 5 MB。"),
        (workbook(header=["甲", "乙"]), "没有找到表头：应有“银行名称”“产品名称”等列。"),
        (workbook(header=["银行名称", "产品名称", *COLUMNS[3:-1]]), "表头缺少列：序号、备注。"),
        (workbook(header=[*COLUMNS, "期限"]), "表头有重复的列：期限。"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(content, message, vocabulary):
    with pytest.raises(UnreadableCatalogue) as refusal:
        read_catalogue(content, vocabulary)
    assert refusal.value.message == message


def test_a_workbook_that_would_fill_the_memory_is_refused_before_it_unpacks(db):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("xl/workbook.xml", "<x/>")
        container.writestr("xl/worksheets/sheet1.xml", b" " * 6_000_000)
    with pytest.raises(UnreadableCatalogue, match="压缩比异常"):
        read_catalogue(buffer.getvalue(), selectors.vocabulary(TODAY))
