"""Records as a domain expert writes them in tests/cases/indicators.csv, turned into frames.

A cell holds records separated by «；». A record is an item, a period (one month, or first..last for one row a month, or
none for events and registration) and key=value pairs: “社保 202601..202610 人数=10 应缴=100 实缴=100 缴日=当月10”.
Money in yuan, dates as 2026-01-31, 当月DD or 次月DD (of the row's month).
"""

from calendar import monthrange
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from apps.profiles.frames import EVENTS, HOLDINGS, PAYMENTS, Inputs

ITEMS = {
    "登记": "registration",
    "级别": "tax_grade",
    "税": "tax_payment",
    "社保": "social_insurance",
    "用电": "power",
    "处罚": "penalty",
    "修复": "credit_repair",
    "失信": "dishonest_debtor",
    "异常": "abnormal_operation",
    "科技": "technology_firm",
    "专精特新": "specialised_firm",
    "涉农": "farm_scale",
    "专利": "intellectual_property",
    "中标": "bid_won",
    "评价": "credit_evaluation",
    "公积金": "housing_fund",
    "用水": "water",
    "用气": "gas",
    "被执行": "enforcement",
    "裁判": "judgment",
    "许可": "licence",
    "荣誉": "honour",
    "补助": "government_subsidy",
    "人员": "key_personnel",
}
_PAYMENT_ITEMS = {"税", "社保", "用电", "公积金", "用水", "用气"}
_HOLDING_ITEMS = {"登记", "涉农", "专利", "人员"}
_MONEY = {
    "应缴": "due_fen",
    "实缴": "paid_fen",
    "销售": "base_fen",
    "欠": "arrears_fen",
    "注册资本": "value_fen",
    "实缴资本": "paid_in_capital_fen",
    "收入": "revenue_fen",
    "资产": "assets_fen",
    "金额": "amount_fen",
}
_DATES = {
    "缴日": "paid_on",
    "期限": "due_on",
    "成立": "from_on",
    "自": "from_on",
    "至": "to_on",
    "状态日": "status_on",
    "日期": "occurred_on",
    "发布": "valid_from_on",
    "公示至": "valid_to_on",
    "屏蔽": "repaired_on",
}
_WHOLE = {
    "人数": "headcount",
    "年报": "annual_report_year",
    "商标": "count",
    "发明": "inventions",
    "实用新型": "utility_models",
    "外观": "designs",
    "养殖": "count",
    "统计年度": "statistics_year",
}
_E4 = {"量": "quantity_e4", "种植": "planted_e4"}
_TEXTS = {
    "户": "key_text",
    "税种": "key_text",
    "文号": "key_text",
    "年度": "key_text",
    "类": "class_text",
    "处罚文号": "penalty_no",
    "状态": "status",
    "行业": "industry_code",
    "机关": "authority",
    "姓名职务": "key_text",
    "品种": "key_text",
}


def inputs_of(words: str, subject_id: int = 1) -> Inputs:
    """Frames of one firm. KeyError and ValueError where a record cannot be read."""
    rows: dict[str, list[dict[str, Any]]] = {"payments": [], "events": [], "holdings": []}
    for record in filter(None, (part.strip() for part in words.split("；"))):
        item, *pairs = record.split()
        table = "payments" if item in _PAYMENT_ITEMS else "holdings" if item in _HOLDING_ITEMS else "events"
        periods = _periods(pairs.pop(0)) if table == "payments" else [None]
        rows[table] += [_row(table, item, period, pairs) for period in periods]
    for number, row in enumerate(row for table in rows.values() for row in table):
        row |= {"id": number + 1, "subject_id": subject_id}
    return Inputs(
        pl.DataFrame({"subject_id": [subject_id]}, schema={"subject_id": pl.Int64}),
        pl.DataFrame(rows["payments"], schema=PAYMENTS),
        pl.DataFrame(rows["events"], schema=EVENTS),
        pl.DataFrame(rows["holdings"], schema=HOLDINGS),
    )


def _periods(text: str) -> list[tuple[date, date]]:
    """`202610`, `202511..202610` (a row a month) or `202601-202603` (one row over the quarter)."""
    if "-" in text:
        first, last = text.split("-")
        return [(_first(first), _last(last))]
    first, _, last = text.partition("..")
    start, end = _number(first), _number(last or first)
    return [(_first(_text(number)), _last(_text(number))) for number in range(start, end + 1)]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[4:]) - 1


def _text(number: int) -> str:
    return f"{number // 12:04}{number % 12 + 1:02}"


def _first(month: str) -> date:
    return date(int(month[:4]), int(month[4:]), 1)


def _last(month: str) -> date:
    year, number = int(month[:4]), int(month[4:])
    return date(year, number, monthrange(year, number)[1])


def _row(table: str, item: str, period: tuple[date, date] | None, pairs: list[str]) -> dict[str, Any]:
    schema = {"payments": PAYMENTS, "events": EVENTS, "holdings": HOLDINGS}[table]
    row: dict[str, Any] = dict.fromkeys(schema)
    row |= {"item_code": ITEMS[item], "key_text": ""}
    if period:
        row |= {"period_on": period[0], "period_end_on": period[1]}
    if item == "税":
        row["key_text"] = "增值税"
    if table == "events":
        row["authority"] = ""
    for pair in pairs:
        name, _, value = pair.partition("=")
        row |= _value(name, value, period)
    return row


def _value(name: str, value: str, period: tuple[date, date] | None) -> dict[str, Any]:
    if name in _MONEY:
        return {_MONEY[name]: int(Decimal(value) * 100)}
    if name in _DATES:
        return {_DATES[name]: _day(value, period)}
    if name in _WHOLE:
        return {_WHOLE[name]: int(value)}
    if name in _E4:
        return {_E4[name]: int(Decimal(value) * 10_000)}
    return {_TEXTS[name]: value}


def _day(value: str, period: tuple[date, date] | None) -> date:
    if value.startswith(("当月", "次月")):
        if period is None:
            raise ValueError(value)
        number = period[1].year * 12 + period[1].month - 1 + (value[0] == "次")
        return date(number // 12, number % 12 + 1, int(value[2:]))
    return date.fromisoformat(value)
