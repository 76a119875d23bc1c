"""The product catalogue of the banks (XLSX, title, header, rows, a note): each row becomes a draft or is refused. Pure.

Every row is accounted for: read = not data + accepted + rejected. A rejected row names each cell at fault with its
text and a Chinese sentence; the bank's own words are kept beside what was understood.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from apps.core.errors import InvalidInput
from apps.products import cells
from apps.products.cells import Stored, Unreadable, Vocabulary
from apps.products.terms import InvalidTerms, Terms, check_terms
from apps.records.reading.containers import kind_of
from apps.records.reading.errors import Unreadable as NoTable

MAX_BYTES: Final = 5_000_000
MAX_ROWS: Final = 5_000
COLUMNS: Final = (
    "序号",
    "银行名称",
    "产品名称",
    "额度(万元)",
    "期限",
    "利率",
    "担保方式",
    "还款方式",
    "适用区域",
    "适用行业",
    "纳税级别要求",
    "成立年限",
    "社保连续缴费月数",
    "年营收要求",
    "无不良记录",
    "首贷可",
    "续贷",
    "放款时效",
    "备注",
)
MANDATORY: Final = frozenset(
    {"银行名称", "产品名称", "额度(万元)", "期限", "利率", "担保方式", "还款方式", "首贷可", "续贷"}
)


class UnreadableCatalogue(InvalidInput):
    """The file as a whole is not a product catalogue."""

    code = "unreadable-catalogue"
    title = "产品目录无法读取"


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell that cannot be taken: sheet row (from 1), column, its text, and why."""

    row: int
    column: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A row that was understood."""

    row: int
    bank_name: str
    name: str
    terms: Terms
    criteria: tuple[Stored, ...]
    source_texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a file came to; `rejected` has one entry for every row, with all its faults."""

    read: int
    not_data: int
    offers: tuple[Offer, ...]
    rejected: tuple[tuple[Fault, ...], ...]


def read_catalogue(content: bytes, vocabulary: Vocabulary) -> Catalogue:
    """Read every row of the first sheet. Raises UnreadableCatalogue if it is no such file."""
    rows = _sheet(content)
    header = next((number for number, row in enumerate(rows) if set(row) >= {"银行名称", "产品名称"}), None)
    if header is None:
        raise UnreadableCatalogue("没有找到表头：应有“银行名称”“产品名称”等列。")
    columns = rows[header]
    if absent := [name for name in COLUMNS if name not in columns]:
        raise UnreadableCatalogue(f"表头缺少列：{'、'.join(absent)}。")
    if doubled := {name for name in columns if name and columns.count(name) > 1}:
        raise UnreadableCatalogue(f"表头有重复的列：{'、'.join(sorted(doubled))}。")
    offers: list[Offer] = []
    rejected: list[tuple[Fault, ...]] = []
    seen: dict[tuple[str, str], int] = {}
    not_data = header + 1
    for number, row in enumerate(rows[header + 1 :], header + 2):
        texts = {name: text for name, text in zip(columns, row, strict=True) if name}
        if _is_no_data(row):
            not_data += 1
            continue
        found = _offer(number, texts, vocabulary)
        if isinstance(found, Offer) and (earlier := seen.setdefault((found.bank_name, found.name), number)) != number:
            found = (Fault(number, "产品名称", found.name, f"与第 {earlier} 行是同一银行的同一产品。"),)
        if isinstance(found, Offer):
            offers.append(found)
        else:
            rejected.append(found)
    return Catalogue(len(rows), not_data, tuple(offers), tuple(rejected))


def _sheet(content: bytes) -> list[list[str]]:
    if len(content) > MAX_BYTES:
        raise UnreadableCatalogue(f"文件超过 {MAX_BYTES // 1_000_000} MB。")
    stream = io.BytesIO(content)
    try:
        # Limits of the container come first: opening a sheet unpacks it.
        if kind_of(stream) != "workbook":
            raise UnreadableCatalogue("文件不是可读的 Excel 工作簿（XLSX）。")
        sheet = CalamineWorkbook.from_filelike(stream).get_sheet_by_index(0)
    except NoTable as error:
        raise UnreadableCatalogue(error.message) from error
    except (CalamineError, ValueError, OSError) as error:
        raise UnreadableCatalogue("文件不是可读的 Excel 工作簿（XLSX）。") from error
    if sheet.height > MAX_ROWS:
        raise UnreadableCatalogue(f"产品目录不能超过 {MAX_ROWS} 行。")
    return [[_text(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]


def _text(value: Any) -> str:
    """A cell as written: Excel keeps 12 as 12.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _is_no_data(row: Sequence[str]) -> bool:
    """A blank row, or a note: text in one cell only that begins with 注 or 说明."""
    filled = [text for text in row if text]
    return not filled or (len(filled) == 1 and filled[0].startswith(("注", "说明")))


class _Row:
    """Reads the cells of one row and gathers their faults instead of stopping at the first."""

    def __init__(self, number: int, texts: Mapping[str, str]) -> None:
        self.number = number
        self.texts = texts
        self.faults: list[Fault] = []

    def read(self, column: str, parse: Callable[[str], Any]) -> Any:
        text = self.texts[column]
        try:
            if not text and column in MANDATORY:
                raise Unreadable("此列必填。")
            return parse(cells.normal(text))
        except Unreadable as error:
            self.faults.append(Fault(self.number, column, text, str(error)))
            return None


def _offer(number: int, texts: Mapping[str, str], vocabulary: Vocabulary) -> Offer | tuple[Fault, ...]:
    row = _Row(number, texts)
    bank_name, name = row.read("银行名称", str), row.read("产品名称", str)
    terms = _terms(row)
    criteria = _criteria(row, vocabulary)
    if row.faults or terms is None:
        return tuple(row.faults)
    return Offer(number, bank_name, name, terms, criteria, dict(texts))


def _terms(row: _Row) -> Terms | None:
    amounts = row.read("额度(万元)", cells.read_amounts)
    repayments = row.read("还款方式", cells.read_repayments)
    term = row.read("期限", lambda text: cells.read_term(text, revolving="revolving" in (repayments or ())))
    rate = row.read("利率", cells.read_rate)
    guarantees = row.read("担保方式", cells.read_guarantees)
    first_loan, renewal = row.read("首贷可", cells.read_first_loan), row.read("续贷", cells.read_renewal)
    days = row.read("放款时效", cells.read_promised_days)
    if row.faults:
        return None
    terms = Terms(
        amount_min_yuan=amounts[0],
        amount_max_yuan=amounts[1],
        term_min_months=term[0],
        term_max_months=term[1],
        lpr_tenor=rate[0],
        bps_min=rate[1],
        bps_max=rate[2],
        guarantee_types=guarantees[0],
        guarantee_note=guarantees[1],
        repayment_types=repayments,
        promised_days=days,
        promised_text=row.texts["放款时效"],
        first_loan=first_loan,
        renewal=renewal,
        note=row.texts["备注"],
    )
    try:
        check_terms(terms)
    except InvalidTerms as error:
        row.faults += [
            Fault(row.number, _COLUMN_OF[field], row.texts[_COLUMN_OF[field]], text)
            for field, text in (error.fields or {}).items()
        ]
        return None
    return terms


_COLUMN_OF: Final = {
    "amount_min_yuan": "额度(万元)",
    "amount_max_yuan": "额度(万元)",
    "term_min_months": "期限",
    "term_max_months": "期限",
    "bps_min": "利率",
    "bps_max": "利率",
}


def _criteria(row: _Row, vocabulary: Vocabulary) -> tuple[Stored, ...]:
    """The conditions of the requirement columns, in the order of the columns, none twice."""
    found: list[Stored] = []

    def add(slug: str, value: Any) -> None:
        if value:
            found.append({"slug": slug, "value": list(value) if isinstance(value, tuple) else value})

    add("region_within", row.read("适用区域", lambda text: cells.read_regions(text, vocabulary)))
    accepted, refused, lists = row.read("适用行业", lambda text: cells.read_industries(text, vocabulary)) or (
        (),
        (),
        (),
    )
    add("industry_in", accepted)
    add("industry_not_in", refused)
    for code in lists:
        add("not_listed", code)
    add("tax_grade_in", row.read("纳税级别要求", cells.read_tax_grades))
    add("age_months_min", row.read("成立年限", cells.read_months))
    add("social_months_min", row.read("社保连续缴费月数", cells.read_months))
    least, most = row.read("年营收要求", cells.read_revenue) or (None, None)
    add("annual_revenue_min", least and str(least))
    add("annual_revenue_max", most and str(most))
    found += row.read("无不良记录", cells.read_clean_record) or ()
    found += row.read("备注", cells.read_note) or ()
    return tuple(found)
