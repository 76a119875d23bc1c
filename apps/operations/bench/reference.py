"""Frozen reference expressions: what anybody would write for the same figures, once and for all.

They are the base of the table of budgets and never follow a change of the product's own expressions.
"""

from datetime import date
from typing import Any

import polars as pl

WINDOWS = (3, 6, 12, 24)
# Figures that the product computes as well, by the name of its column: both sides must agree on them.
AGREED = {
    "tax_paid_12": "tax_paid_12m_yuan",
    "tax_base_12": "declared_sales_12m_yuan",
    "tax_arrears": "tax_arrears_yuan",
    "capital": "registered_capital_yuan",
    "power_kwh_12": "power_kwh_12m",
    "age_months": "age_months",
    "staff": "social_headcount",
}

PAYMENTS = """
SELECT subject_id, item_code, period_end_on, (due_yuan * 100)::bigint AS due, (paid_yuan * 100)::bigint AS paid,
       (arrears_yuan * 100)::bigint AS arrears, (base_yuan * 100)::bigint AS base,
       (quantity * 10000)::bigint AS quantity, headcount, due_on, paid_on
FROM bench_payment
"""
EVENTS = """
SELECT subject_id, item_code, key_text, occurred_on, class_text, (amount_yuan * 100)::bigint AS amount, valid_to_on
FROM bench_event
"""
HOLDINGS = "SELECT subject_id, (value_yuan * 100)::bigint AS capital, from_on FROM bench_holding"


def _month(column: str) -> pl.Expr:
    return pl.col(column).dt.year().cast(pl.Int64) * 12 + pl.col(column).dt.month().cast(pl.Int64)


def _payment_figures() -> list[pl.Expr]:
    """52 sums, counts and means over windows of months."""
    found = []
    for item, short in (("tax_payment", "tax"), ("social_insurance", "social"), ("power", "power")):
        mine = pl.col("item_code") == item
        for window in WINDOWS:
            rows = mine & (pl.col("back") < window)
            found += [
                pl.col(name).filter(rows).sum().alias(f"{short}_{name}_{window}")
                for name in ("due", "paid", "base" if short != "power" else "quantity")
            ]
            found.append((rows & (pl.col("arrears") > 0)).sum().cast(pl.Int64).alias(f"{short}_late_{window}"))
        found.append(pl.col("arrears").filter(mine).sum().alias(f"{short}_arrears"))
    found.append(pl.col("headcount").filter(pl.col("back") == 0).max().alias("staff"))
    return found


FIGURES_OF_EVENTS: tuple[pl.Expr, ...] = (
    pl.col("class_text").filter(pl.col("item_code") == "tax_grade").last().alias("grade"),
    (pl.col("item_code") == "penalty").sum().cast(pl.Int64).alias("penalties"),
    pl.col("amount").filter(pl.col("item_code") == "penalty").sum().alias("fines"),
)
_GROWTH = pl.col("tax_base_12") * 10_000 // (pl.col("tax_base_24") - pl.col("tax_base_12")).replace(0, None)
_POINTS = {"A": 200, "B": 150, "M": 120, "C": 60, "D": 0}
_SCORE = (
    pl.col("grade").replace_strict(_POINTS, default=0, return_dtype=pl.Int64)
    + (pl.col("tax_paid_12") // 1_000_000).clip(0, 200)
    + (pl.col("staff") * 4).clip(0, 200)
    + (pl.col("power_quantity_12") // 10_000_000).clip(0, 200)
    - pl.col("penalties").fill_null(0) * 50
    - pl.col("social_late_12") * 5
)


def profile(payments: pl.DataFrame, events: pl.DataFrame, holdings: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """subject_id and about 60 figures of each subject, sorted; money in fen, quantities in ten-thousandths."""
    newest = as_of.year * 12 + as_of.month - 1
    months = payments.with_columns((newest - _month("period_end_on")).alias("back"))
    figures = months.group_by("subject_id").agg(_payment_figures())
    figures = figures.join(events.group_by("subject_id").agg(FIGURES_OF_EVENTS), on="subject_id", how="left")
    figures = figures.join(holdings.unique("subject_id"), on="subject_id", how="left")
    return (
        figures.with_columns(
            _GROWTH.alias("growth_bps"),
            ((as_of.year * 12 + as_of.month) - _month("from_on")).alias("age_months"),
            ((pl.col("power_quantity_12") + 5_000) // 10_000).alias("power_kwh_12"),
            _SCORE.alias("score"),
        )
        .drop("from_on")
        .sort("subject_id")
    )


def rows_of(figures: pl.DataFrame) -> pl.DataFrame:
    """The rows of bench_profile: figures as an array, and once more as a document."""
    numbers = [name for name, kind in figures.schema.items() if kind == pl.Int64 and name != "subject_id"]
    joined = pl.concat_list(pl.col(name).cast(pl.String).fill_null("NULL") for name in numbers).list.join(",")
    return figures.select(
        "subject_id",
        ("{" + joined + "}").alias("figures"),
        pl.struct(pl.exclude("subject_id")).struct.json_encode().alias("payload"),
    )


FACTS = """
SELECT subject_id, size_class, status, age_months, (registered_capital_yuan * 100)::bigint AS capital, tax_grade,
       (tax_paid_12m_yuan * 100)::bigint AS tax_paid, (declared_sales_12m_yuan * 100)::bigint AS sales, social_months,
       penalties_serious, is_dishonest_debtor, score
FROM bench_facts
"""


def meets(wanted: dict[str, Any]) -> pl.Expr:
    """Whether a firm meets a product's demands; null where it cannot be told."""
    demands = [
        pl.col("status") == "active",
        pl.col("size_class").is_in(wanted["sizes"]),
        pl.col("age_months") >= wanted["age_months"],
        pl.col("tax_grade").replace("", None).is_in(wanted["grades"]),
        pl.col("tax_paid") >= wanted["tax_paid_fen"],
        pl.col("social_months") >= wanted["social_months"],
        pl.col("penalties_serious") <= 0,
        ~pl.col("is_dishonest_debtor"),
        pl.col("score") >= wanted["score"],
    ]
    return pl.all_horizontal(demands)


def pairs(facts: pl.DataFrame, products: list[dict[str, Any]]) -> pl.DataFrame:
    """(subject_id, product) of every firm that meets a product's demands."""
    verdicts = facts.select("subject_id", *(meets(wanted).alias(str(k)) for k, wanted in enumerate(products)))
    return pair_rows(verdicts, len(products))


def pair_rows(verdicts: pl.DataFrame, products: int) -> pl.DataFrame:
    """The pairs of a frame with one verdict column a product, product by product."""
    ids = verdicts["subject_id"]
    return pl.concat(
        pl.DataFrame({"subject_id": ids.filter(verdicts[str(k)].fill_null(value=False))}).with_columns(
            pl.lit(k, pl.Int32).alias("product")
        )
        for k in range(products)
    )
