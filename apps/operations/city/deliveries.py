"""What departments would send of the firms of the city: text under their headings, dirty in known ways. Pure.

Every row bears in `answer` what intake must say of it: accepted, duplicate, `rejected <reason>` or `held <reason>`.
Dirty rows come beside the clean ones and never in their place, so that what is true of a firm arrives whole; only a
wrong amount that a correction puts right stands in the place of the right one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from apps.core.months import add_months
from apps.operations.city import firms as city_firms
from apps.operations.city import records
from apps.operations.city.chance import draw
from apps.operations.city.spelling import Hand, digits, other_last, replaced

ANSWER: Final = "answer"
ACCEPTED, DUPLICATE = "accepted", "duplicate"
UNKNOWN_FROM: Final = 500_000_000
"""Numbers of firms that are in no register: their codes are right and nobody's."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a sender writes its files of an item. `titles` stand above the header, `notes` below the rows."""

    item: str
    item_name: str
    sender: str
    encoding: str
    separator: str = ","
    line_end: str = "\r\n"
    titles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    suffix: str = ".csv"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to spoil a copy of a clean row: the cells that change, how often, and what intake must say."""

    answer: str
    cells: Mapping[str, pl.Expr]
    one_in: int
    where: pl.Expr | None = None


Writer = Callable[[pl.DataFrame, date, int], pl.DataFrame]

REGISTRATION: Final = Form(
    "registration", "登记注册信息", "市场监管局", "gb18030", titles=("市场主体登记注册信息", "单位：万元、人")
)
TAX_GRADE: Final = Form("tax_grade", "纳税缴费信用级别", "税务局", "utf-8-sig")
TAX_PAYMENT: Final = Form("tax_payment", "申报缴纳明细", "税务局", "utf-8-sig", notes=("注：所属期按月申报",))
SOCIAL: Final = Form("social_insurance", "社会保险缴费明细", "人社局", "gb18030", notes=("合计", "制表单位：量测"))
CORRECTIONS: Final = Form("social_insurance", "社会保险缴费明细", "人社局", "gb18030")
POWER: Final = Form("power", "用电信息", "供电公司", "gb18030", separator="\t", suffix=".txt")
PENALTY: Final = Form("penalty", "行政处罚", "行政审批局", "gb18030")
ABNORMAL: Final = Form("abnormal_operation", "经营异常名录", "市场监管局", "gb18030")
PATENTS: Final = Form("intellectual_property", "专利商标统计", "知识产权局", "utf-8", line_end="\n")


def registration(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """登记注册信息 of the firms; the only item that makes subjects."""
    known = records.registrations(firms, as_of)
    rows = known.join(firms.select(pl.col("id").alias("subject_id"), "code", "name"), on="subject_id").with_columns(
        pl.col("subject_id").alias("row")
    )
    hand = Hand("registration", seed)
    status = draw(pl.col("row"), "status", 4, seed=seed)
    table = rows.select(
        "row",
        hand.code().alias("统一社会信用代码"),
        pl.col("name").alias("主体名称"),
        pl.lit("有限责任公司").alias("主体类型"),
        pl.format("甲{}", "subject_id").alias("法定代表人"),
        hand.wan("capital_fen").alias("注册资本(万元)"),
        hand.wan("paid_in_capital_fen").alias("实缴资本(万元)"),
        hand.day("established_on").alias("成立日期"),
        pl.lit("量测路,一号").alias("住所(经营场所)"),
        pl.col("industry_code").alias("行业代码"),
        _one_of(["存续", "在业", "开业", "在营"], status).alias("登记状态"),
        pl.col("annual_report_year").cast(pl.String).alias("年报年度"),
        pl.col("headcount").cast(pl.String).alias("从业人数(人)"),
        hand.wan("revenue_fen").alias("营业收入(万元)"),
        hand.wan("assets_fen").alias("资产总额(万元)"),
    )
    code = "统一社会信用代码"
    return _dirtied(
        table,
        "registration",
        seed,
        [
            Fault(DUPLICATE, {}, 60),
            Fault("rejected code_alphabet", {code: replaced(pl.col(code), 9, "O")}, 80),
            Fault("rejected code_outer", {code: other_last(pl.col(code))}, 80),
            Fault("rejected impossible_date", {"成立日期": pl.lit("2019-02-30")}, 90),
            Fault("rejected missing", {"登记状态": pl.lit("")}, 90),
        ],
    )


def tax_grade(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """纳税缴费信用级别 of the newest evaluation."""
    rows = _with_names(records.tax_grades(firms, as_of), firms).with_columns(pl.col("subject_id").alias("row"))
    hand = Hand("tax_grade", seed)
    table = rows.select(
        "row",
        pl.int_range(1, pl.len() + 1).cast(pl.String).alias("序号"),
        hand.code().alias("纳税人识别号"),
        pl.col("name").alias("纳税人名称"),
        pl.col("key_text").alias("评价年度"),
        (pl.col("class_text") + _one_of(["", "级"], draw(pl.col("row"), "级", 2, seed=seed))).alias("信用级别"),
    )
    return _dirtied(
        table,
        "tax_grade",
        seed,
        [
            Fault(DUPLICATE, {}, 60),
            Fault("rejected invalid_value", {"信用级别": pl.lit("E")}, 80),
            Fault(
                "rejected code_length", {"纳税人识别号": pl.col("纳税人识别号").str.strip_chars(" 　").str.head(-1)}, 80
            ),
        ],
    )


def tax_payment(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """申报缴纳明细, 增值税 month by month."""
    months = records.by_month(firms, as_of)
    rows = _with_names(records.tax_payments(months, seed=seed), firms).with_columns(months["n"].alias("row"))
    hand = Hand("tax_payment", seed)
    table = rows.select(
        "row",
        hand.code().alias("纳税人识别号"),
        pl.col("name").alias("纳税人名称"),
        pl.lit(records.VAT).alias("税种"),
        hand.day("period_on").alias("所属期起"),
        hand.day("period_end_on").alias("所属期止"),
        hand.yuan("base_fen").alias("申报销售额(元)"),
        hand.yuan("due_fen").alias("应纳税额(元)"),
        hand.yuan("paid_fen").alias("已缴税额(元)"),
        hand.day("paid_on").alias("缴款日期"),
        hand.yuan("arrears_fen").alias("欠税余额(元)"),
    )
    return _dirtied(
        table,
        "tax_payment",
        seed,
        [
            Fault(DUPLICATE, {}, 300),
            Fault("rejected period_reversed", {"所属期止": pl.lit("2020-01-31")}, 400),
            Fault("rejected unit_in_number", {"已缴税额(元)": pl.lit("1.2万")}, 400),
            Fault("rejected missing", {"应纳税额(元)": pl.lit("-")}, 400),
            Fault("held unknown_subject", {"纳税人识别号": _nobodys()}, 400),
        ],
    )


def social_insurance(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """社会保险缴费明细; some amounts are wrong until `corrections` come, some rows are withdrawn by them."""
    rows = _social_rows(firms, as_of)
    is_wrong = _is_corrected(seed)
    table = social_table(
        rows.with_columns(pl.when(is_wrong).then(pl.col("paid_fen") // 2).otherwise("paid_fen").alias("paid_fen")),
        Hand("social_insurance", seed),
    )
    code, paid = "统一社会信用代码", "实缴金额(元)"
    early = {"费款所属期": pl.lit(_month(as_of, 31))}
    return _dirtied(
        table,
        "social_insurance",
        seed,
        [
            Fault(DUPLICATE, {}, 300),
            Fault("rejected code_outer", {code: other_last(pl.col(code))}, 400),
            Fault("rejected code_length", {code: pl.col(code).str.replace_all("[ 　]", "").str.head(17)}, 400),
            Fault("rejected unit_in_number", {paid: pl.lit("1.2万")}, 400),
            Fault("rejected chinese_number", {paid: pl.lit("壹万贰仟元整")}, 400),
            Fault("rejected not_a_number", {paid: pl.lit("详见附件")}, 400),
            Fault("rejected negative", {paid: pl.lit("-100.00")}, 400),
            Fault("rejected missing", {"应缴金额(元)": pl.lit("")}, 400),
            Fault("rejected future_date", {"缴费日期": pl.lit("2199-12-31")}, 400),
            Fault("held unknown_subject", {code: _nobodys()}, 400),
            Fault("held conflict", {**early, paid: pl.lit("100.00")}, 1, _is_chosen("conflict", 20, seed)),
            Fault("held conflict", {**early, paid: pl.lit("200.00")}, 1, _is_chosen("conflict", 20, seed)),
            Fault(ACCEPTED, {"费款所属期": pl.lit(_month(as_of, 27))}, 1, _is_chosen("withdraw", 20, seed)),
        ],
    )


def corrections(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """更正 of wrong amounts, 撤销 of rows that should not have come, 更正 of what never came."""
    rows = _social_rows(firms, as_of)
    head = {"操作类型": "更正", "更正原因": "核算有误"}
    table = social_table(rows, Hand("corrections", seed)).with_columns(
        pl.lit(text).alias(label) for label, text in head.items()
    )
    right = table.filter(_is_corrected(seed)).with_columns(pl.lit(ACCEPTED).alias(ANSWER))
    withdrawn = table.filter(_is_chosen("withdraw", 20, seed)).with_columns(
        pl.lit(_month(as_of, 27)).alias("费款所属期"), pl.lit("撤销").alias("操作类型"), pl.lit(ACCEPTED).alias(ANSWER)
    )
    of_nothing = table.filter(_is_chosen("nothing", 40, seed)).with_columns(
        pl.lit(_month(as_of, 35)).alias("费款所属期"), pl.lit("held nothing_to_correct").alias(ANSWER)
    )
    return pl.concat([right, withdrawn, of_nothing]).drop("row")


def social_table(rows: pl.DataFrame, hand: Hand) -> pl.DataFrame:
    """Rows of 社会保险 (`records.social_insurance` with code, name and row) under the headings of the department."""
    return rows.select(
        "row",
        hand.code().alias("统一社会信用代码"),
        pl.col("name").alias("单位名称"),
        hand.month("period_on").alias("费款所属期"),
        pl.col("headcount").cast(pl.String).alias("缴费人数"),
        hand.yuan("base_fen").alias("缴费基数(元)"),
        hand.yuan("due_fen").alias("应缴金额(元)"),
        hand.yuan("paid_fen").alias("实缴金额(元)"),
        hand.day("paid_on").alias("缴费日期"),
        pl.lit("").alias("备注"),
    )


def _social_rows(firms: pl.DataFrame, as_of: date) -> pl.DataFrame:
    months = records.by_month(firms, as_of)
    return _with_names(records.social_insurance(months), firms).with_columns(months["n"].alias("row"))


def _is_corrected(seed: int) -> pl.Expr:
    """Rows of the twelfth month back that come with a wrong amount first. `row` ends in the months counted back."""
    return (pl.col("row") % 64 == 12) & (draw(pl.col("row"), "corrected", 15, seed=seed) == 0)


def _is_chosen(purpose: str, one_in: int, seed: int) -> pl.Expr:
    """One in so many firms, by the row of its newest month."""
    return (pl.col("row") % 64 == 0) & (draw(pl.col("row"), purpose, one_in, seed=seed) == 0)


def power(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """用电信息; no column says what was paid, the day of payment tells."""
    months = records.by_month(firms, as_of)
    rows = _with_names(records.power(months), firms).with_columns(months["n"].alias("row"))
    hand = Hand("power", seed)
    table = rows.select(
        "row",
        pl.col("key_text").alias("户号"),
        hand.code().alias("统一社会信用代码"),
        pl.col("name").alias("户名"),
        hand.month("period_on").alias("用电年月"),
        digits(pl.col("quantity_e4"), 4).alias("用电量(千瓦时)"),
        hand.yuan("due_fen").alias("电费金额(元)"),
        hand.day("due_on").alias("缴费期限"),
        hand.day("paid_on").alias("缴费日期"),
        pl.when(pl.col("paid_on") > pl.col("due_on")).then(pl.lit("12.50")).otherwise(pl.lit("0")).alias("违约金(元)"),
        pl.lit("一般工商业").alias("用电类别"),
    )
    return _dirtied(
        table,
        "power",
        seed,
        [
            Fault(DUPLICATE, {}, 300),
            Fault("rejected destroyed_number", {"户号": pl.lit("6.1030E+12")}, 400),
            Fault("rejected zeros_lost", {"户号": pl.col("户号").str.slice(1)}, 400),
            Fault("rejected spreadsheet_error", {"电费金额(元)": pl.lit("#REF!")}, 400),
            Fault("rejected unreadable_month", {"用电年月": pl.lit("上月")}, 400),
        ],
    )


def penalty(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """行政处罚 under the codes of 双公示 (2018); facts of a breach run over two lines."""
    place = pl.col("subject_id").cum_count().over("subject_id")
    fined = records.penalties(firms, as_of, seed=seed)
    rows = _with_names(fined, firms).with_columns((pl.col("subject_id") * 4 + place).alias("row"))
    hand = Hand("penalty", seed)
    table = rows.select(
        "row",
        pl.col("name").alias("CF_XDR_MC"),
        pl.lit("法人及非法人组织").alias("CF_XDR_LB"),
        hand.code().alias("CF_XDR_SHXYM"),
        pl.col("key_text").alias("CF_WSH"),
        pl.lit("违反量测规定").alias("CF_WFXW"),
        pl.lit("经查,当事人\n未按规定量测。").alias("CF_SY"),
        pl.lit("量测条例").alias("CF_YJ"),
        pl.col("class_text").alias("CF_CFLB"),
        pl.lit("罚款").alias("CF_NR"),
        digits(pl.col("amount_fen"), 6).alias("CF_NR_FK"),
        hand.day("occurred_on").alias("CF_JDRQ"),
        hand.day("valid_to_on").alias("CF_GSJZQ"),
        pl.lit("量测局").alias("CF_CFJG"),
    )
    return _dirtied(
        table,
        "penalty",
        seed,
        [
            Fault(DUPLICATE, {}, 15),
            Fault("rejected natural_person", {"CF_XDR_LB": pl.lit("自然人")}, 10),
            Fault("rejected invalid_value", {"CF_CFLB": pl.lit("口头教育")}, 15),
        ],
    )


def abnormal_operation(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """经营异常名录."""
    rows = _with_names(records.abnormal_operations(firms, as_of), firms).with_columns(pl.col("subject_id").alias("row"))
    hand = Hand("abnormal_operation", seed)
    table = rows.select(
        "row",
        hand.code().alias("统一社会信用代码"),
        pl.col("name").alias("企业名称"),
        hand.day("occurred_on").alias("列入日期"),
        pl.lit("通过登记的住所无法联系").alias("列入原因"),
        pl.lit("量测市场监督管理局").alias("列入决定机关"),
    )
    return _dirtied(table, "abnormal_operation", seed, [Fault(DUPLICATE, {}, 10)])


def patents(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """专利商标统计 of those who have any."""
    counted = records.months_before(as_of, 1)[0][1]
    rows = firms.filter(pl.col("patents") > 0).with_columns(
        pl.col("id").alias("row"), pl.lit(counted).alias("counted_on")
    )
    hand = Hand("patents", seed)
    table = rows.select(
        "row",
        hand.code().alias("统一社会信用代码"),
        pl.col("name").alias("权利人名称"),
        pl.lit("0").alias("发明专利(件)"),
        pl.col("patents").cast(pl.String).alias("实用新型(件)"),
        pl.lit("0").alias("外观设计(件)"),
        pl.lit("1").alias("有效注册商标(件)"),
        pl.col("counted_on").dt.strftime("%Y-%m-%d").alias("统计截止日期"),
    )
    return _dirtied(
        table,
        "patents",
        seed,
        [Fault(DUPLICATE, {}, 40), Fault("rejected not_an_integer", {"实用新型(件)": pl.lit("1.5")}, 40)],
    )


PLAN: Final[tuple[tuple[Form, str, Writer], ...]] = (
    (REGISTRATION, "", registration),
    (TAX_GRADE, "", tax_grade),
    (TAX_PAYMENT, "", tax_payment),
    (SOCIAL, "", social_insurance),
    (CORRECTIONS, "_更正", corrections),
    (POWER, "", power),
    (PENALTY, "", penalty),
    (ABNORMAL, "", abnormal_operation),
    (PATENTS, "", patents),
)
"""Every file of a part of the city, in the order in which they come: form, mark in the name, writer."""


def _dirtied(table: pl.DataFrame, item: str, seed: int, faults: Sequence[Fault]) -> pl.DataFrame:
    """The clean rows with spoiled copies after them, row by row, and the answer to each."""
    parts = [table.with_columns(pl.lit(ACCEPTED).alias(ANSWER), pl.lit(0).alias("copy"))]
    for place, fault in enumerate(faults, start=1):
        chosen = draw(pl.col("row"), f"{item} {place} {fault.answer}", fault.one_in, seed=seed) == 0
        spoiled = table.filter(chosen if fault.where is None else fault.where).with_columns(
            cell.alias(label) for label, cell in fault.cells.items()
        )
        parts.append(spoiled.with_columns(pl.lit(fault.answer).alias(ANSWER), pl.lit(place).alias("copy")))
    return pl.concat(parts).sort("row", "copy").drop("row", "copy")


def _with_names(rows: pl.DataFrame, firms: pl.DataFrame) -> pl.DataFrame:
    names = firms.select(pl.col("id").alias("subject_id"), "code", "name")
    return rows.join(names, on="subject_id", how="left", maintain_order="left")


def _month(as_of: date, back: int) -> str:
    return add_months(as_of.replace(day=1), -back).strftime("%Y%m")


def _one_of(words: Sequence[str], place: pl.Expr) -> pl.Expr:
    return place.replace_strict(dict(enumerate(words)), return_dtype=pl.String)


def _nobodys() -> pl.Expr:
    """Codes of firms that are in no register, by row."""

    def unknown(rows: pl.Series) -> pl.Series:
        return city_firms.codes(rows // 64 + UNKNOWN_FROM)

    return pl.col("row").map_batches(unknown, return_dtype=pl.String)
