"""A small district cut out of the sample deliveries: a few firms, and rows that go wrong."""

import csv
import io
import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

import xlsxwriter
from django.conf import settings
from python_calamine import CalamineWorkbook

DELIVERIES = Path(settings.BASE_DIR) / "fixtures" / "demo" / "deliveries"

FIRM = "91610305YY0756CE27"  # 陕西垚塬（凤翔）精密机械有限公司: in good order, one notice of criticism
NEIGHBOUR = "91610305YY49A2277E"  # 凤翔塬楸饲料有限公司
CODES = {
    FIRM,
    NEIGHBOUR,
    "91610305YY4629915N",  # a grown penalty
    "91610305YY77635P8Q",
    "91610305YY46977B7K",
    "91610305YY6345B86K",
    "91610305YY3M0G2896",  # pays no social insurance
    "91610305YY1N32225U",  # dishonest debtor
    "91610305YYGT69E89K",  # dishonest debtor
    "91610305YY6197458Y",  # licence revoked
    "91610305YY4Q960406",  # twice the same row
    "91610305YY25341464",  # one code for two firms
}

# Item, sender's folder and file, encoding, and lines with errors that the cut-down file keeps.
CSV_FILES = {
    "registration": ("市场监管局/登记注册信息_20261112.csv", "gb18030", {31, 95, 220, 228, 437}),
    "tax_payment": ("税务局/申报缴纳明细_202411-202610.csv", "utf-8-sig", {210, 239, 251, 578}),
    "social_insurance": ("人社局/社会保险缴费明细_202411-202610.csv", "gb18030", {7, 26, 39, 93, 419}),
    "power": ("供电公司/用电信息_202411-202610.csv", "gb18030", {73, 88, 94, 200}),
    "penalty": ("行政审批局/行政处罚信息_双公示_20261112.csv", "gb18030", {18, 28, 44}),
    "dishonest_debtor": ("人民法院/失信被执行人_20261112.csv", "utf-8-sig", {12, 17}),
}
GRADES = ("税务局/2025年度纳税缴费信用级别评价结果.xlsx", {34, 129, 147})


def cut_csv(item: str) -> tuple[str, bytes]:
    """Name and bytes of a delivery with the header, the rows of the chosen firms and the chosen bad lines."""
    name, encoding, bad = CSV_FILES[item]
    text = (DELIVERIES / name).read_bytes().decode(encoding)
    dialect = "excel-tab" if "\t" in text.partition("\n")[0] else "excel"
    rows = list(csv.reader(io.StringIO(text, newline=""), dialect))
    kept = [row for number, row in enumerate(rows, start=1) if number == 1 or number in bad or _is_of(row, CODES)]
    out = io.StringIO(newline="")
    csv.writer(out, dialect).writerows(kept)
    return name.partition("/")[2], out.getvalue().encode(encoding)


def cut_grades() -> tuple[str, bytes]:
    """The yearly grades as a workbook with its two title rows."""
    name, bad = GRADES
    rows = CalamineWorkbook.from_path(DELIVERIES / name).get_sheet_by_index(0).to_python()
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("评价结果")
        kept = [row for number, row in enumerate(rows, start=1) if number <= 3 or number in bad or _is_of(row, CODES)]
        for number, row in enumerate(kept):
            sheet.write_row(number, 0, row)
    return name.partition("/")[2], out.getvalue()


def _is_of(row: list[object], codes: Collection[str]) -> bool:
    """Whether a cell is one of the codes, in whatever width, case and spacing the sender wrote it."""
    return any(re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", str(cell))).upper() in codes for cell in row)
