"""What public bodies know of the firms of the city, as typed frames: from these the files of the senders are written,
and the bench loads them as they are. Pure.

Money in whole fen, quantities in ten-thousandths. Frames of firms are those of `firms.features`. A firm has a row for
each of the last 24 months that were over on the day and in which it existed; `k` counts back from the newest.
"""

from datetime import date
from typing import Final

import polars as pl

from apps.core.months import add_months
from apps.operations.city.chance import draw
from apps.operations.city.firms import INDUSTRIES, TAX_GRADES, newest_report_year

MONTHS: Final = 24
VAT: Final = "增值税"
_WHOLE: Final = pl.Int64


def months_before(as_of: date, count: int) -> list[tuple[date, date]]:
    """(first, last day) of the closed months before `as_of`, oldest first."""
    first = as_of.replace(day=1)
    starts = [add_months(first, -back) for back in range(count, 0, -1)]
    return [(start, date.fromordinal(add_months(start, 1).toordinal() - 1)) for start in starts]


def by_month(firms: pl.DataFrame, as_of: date, *, months: int = MONTHS) -> pl.DataFrame:
    """Firms × months: every column of a firm with k, period_on, period_end_on and the number `n` of the pair."""
    periods = pl.DataFrame(
        [(months - 1 - place, *period) for place, period in enumerate(months_before(as_of, months))],
        schema={"k": pl.Int64, "period_on": pl.Date, "period_end_on": pl.Date},
        orient="row",
    )
    rows = firms.join(periods, how="cross").filter(pl.col("k") < pl.col("age_months"))
    return rows.with_columns((pl.col("id") * 64 + pl.col("k")).alias("n"))


def social_insurance(months: pl.DataFrame) -> pl.DataFrame:
    """社会保险: the months after the newest, as many as are in arrears, are not paid."""
    missed = pl.col("k").is_between(1, pl.col("social_arrears_months"))
    grown = (pl.col("headcount") * (100 + pl.col("headcount_change")) // 100).clip(lower_bound=1)
    staff = pl.when(pl.col("k") < 12).then(grown).otherwise(pl.col("headcount"))
    due = staff * 120_000
    return _payments(
        months,
        "social_insurance",
        due_fen=due,
        paid_fen=pl.when(missed).then(0).otherwise(due),
        base_fen=staff * 480_000,
        headcount=staff,
        paid_on=pl.when(~missed).then(pl.col("period_on").dt.offset_by("11d")),
    )


def tax_payments(months: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """增值税 month by month: 3 % of the sales, paid by the end of the month; arrears stand in the fifth month back."""
    growth = pl.when(pl.col("k") < 12).then(100 + pl.col("sales_growth")).otherwise(100)
    wobble = 99 + draw(pl.col("n"), "sales wobble", 3, seed=seed)
    sales = pl.col("sales_fen") * growth * wobble // 10_000
    due = sales * 3 // 100
    owed = (pl.col("tax_arrears") == 1) & (pl.col("k") == 4)
    return _payments(
        months,
        "tax_payment",
        key_text=pl.format(f"{VAT}|{{}}", pl.col("period_end_on")),
        due_fen=due,
        paid_fen=pl.when(owed).then(0).otherwise(due),
        arrears_fen=pl.when(owed).then(due).otherwise(0),
        base_fen=sales,
        paid_on=pl.when(~owed).then(pl.col("period_end_on")),
    )


def power(months: pl.DataFrame) -> pl.DataFrame:
    """用电: swings up and down month by month; the newest bills, as many as are late, are paid after the day due."""
    swing = pl.when(pl.col("k") % 2 == 0).then(pl.col("power_swing")).otherwise(-pl.col("power_swing"))
    quantity = pl.col("power_e4") * (100 + swing) // 100
    is_late = pl.col("k") < pl.col("power_late_months")
    due_on = pl.col("period_on").dt.offset_by("19d")
    return _payments(
        months,
        "power",
        key_text=account(),
        due_fen=quantity * 7 // 1_000,
        quantity_e4=quantity,
        due_on=due_on,
        paid_on=pl.when(is_late).then(pl.col("period_end_on")).otherwise(due_on),
    )


def account() -> pl.Expr:
    """The number of a firm's electricity account: 13 digits."""
    return pl.lit("6103") + pl.col("id").cast(pl.String).str.zfill(9)


def payments(firms: pl.DataFrame, as_of: date, *, seed: int) -> pl.DataFrame:
    """24 months of tax, social insurance and power, sorted by subject."""
    months = by_month(firms, as_of)
    rows = [tax_payments(months, seed=seed), social_insurance(months), power(months)]
    return pl.concat(rows).sort("subject_id", "item_code", "period_on")


def _payments(months: pl.DataFrame, item: str, **given: pl.Expr) -> pl.DataFrame:
    nothing: dict[str, pl.Expr] = {
        "key_text": pl.lit(""),
        **dict.fromkeys(
            ("due_fen", "paid_fen", "arrears_fen", "base_fen", "quantity_e4", "headcount"), pl.lit(None, _WHOLE)
        ),
        **dict.fromkeys(("due_on", "paid_on"), pl.lit(None, pl.Date)),
    }
    return months.select(
        pl.col("id").alias("subject_id"),
        pl.lit(item).alias("item_code"),
        "period_on",
        "period_end_on",
        *(value.alias(name) for name, value in (nothing | given).items()),
    )


def evaluation_year(as_of: date) -> int:
    """The newest year for which tax grades are out: they come each April (公告2025年第12号)."""
    return as_of.year - (1 if as_of.month > 4 else 2)


def tax_grades(firms: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """纳税缴费信用级别 of everybody."""
    grade = pl.col("tax_grade").replace_strict(dict(enumerate(TAX_GRADES)), return_dtype=pl.String)
    year = evaluation_year(as_of)
    return _events(
        firms, "tax_grade", key_text=pl.lit(str(year)), class_text=grade, occurred_on=pl.lit(date(year + 1, 4, 20))
    )


def penalties(firms: pl.DataFrame, as_of: date, *, seed: int) -> pl.DataFrame:
    """行政处罚: fines of the last months, published for a year."""
    numbers = pl.DataFrame({"which": [1, 2]}, schema={"which": pl.Int64})
    fined = firms.join(numbers, how="cross").filter(pl.col("which") <= pl.col("penalties"))
    number = pl.col("id") * 4 + pl.col("which")
    days = 20 + draw(number, "penalty day", 200, seed=seed)
    decided = pl.lit(as_of) - pl.duration(days=days)
    return _events(
        fined,
        "penalty",
        key_text=pl.format("量测罚〔{}〕{}号", decided.dt.year(), number),
        occurred_on=decided,
        class_text=pl.lit("罚款"),
        amount_fen=(draw(number, "fine", 900, seed=seed) + 100) * 1_000,
        valid_to_on=decided.dt.offset_by("12mo"),
    )


def abnormal_operations(firms: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """经营异常名录: those that are on it."""
    listed_on = date.fromordinal(as_of.toordinal() - 100)
    return _events(
        firms.filter(pl.col("abnormal") == 1),
        "abnormal_operation",
        key_text=pl.lit(listed_on.isoformat()),
        occurred_on=pl.lit(listed_on),
    )


def events(firms: pl.DataFrame, as_of: date, *, seed: int) -> pl.DataFrame:
    """Grades and penalties, sorted by subject."""
    rows = [tax_grades(firms, as_of), penalties(firms, as_of, seed=seed)]
    return pl.concat(rows).sort("subject_id", "item_code", "key_text")


def _events(firms: pl.DataFrame, item: str, **given: pl.Expr) -> pl.DataFrame:
    nothing: dict[str, pl.Expr] = {
        "key_text": pl.lit(""),
        "occurred_on": pl.lit(None, pl.Date),
        "class_text": pl.lit(""),
        "amount_fen": pl.lit(None, _WHOLE),
        "valid_to_on": pl.lit(None, pl.Date),
    }
    return firms.select(
        pl.col("id").alias("subject_id"),
        pl.lit(item).alias("item_code"),
        *(value.alias(name) for name, value in (nothing | given).items()),
    )


def registrations(firms: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """登记注册: subject_id, capital_fen, paid_in_capital_fen, established_on, industry_code, annual_report_year,
    headcount, revenue_fen, assets_fen.
    """
    reported = newest_report_year(as_of) - 1 + pl.col("annual_report")
    return firms.select(
        pl.col("id").alias("subject_id"),
        "capital_fen",
        (pl.col("capital_fen") * pl.col("paid_in_pct") // 100).alias("paid_in_capital_fen"),
        "established_on",
        pl.col("industry").replace_strict(dict(enumerate(INDUSTRIES)), return_dtype=pl.String).alias("industry_code"),
        pl.when(reported >= pl.col("established_on").dt.year()).then(reported).alias("annual_report_year"),
        "headcount",
        (pl.col("sales_fen") * 12).alias("revenue_fen"),
        (pl.col("capital_fen") * 2).alias("assets_fen"),
    )
