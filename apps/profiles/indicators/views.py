"""Rows of the records, prepared for the expressions: one item, live on the as-of date, with months counted back.

`k` counts months back from the newest closed month of the item (0 = that month).
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from apps.criteria.facts import QUALIFICATIONS
from apps.profiles.frames import Inputs, Setting, month_of

Rows = Callable[[Inputs, Setting], pl.DataFrame]

# How far back dated facts are looked at; who asks when a portrait changes by itself needs it too.
WINDOW = "24mo"
_AGAINST = ("被告", "被申请人", "被上诉人")
_REPRESENTATIVES = ("法定代表人", "负责人", "经营者", "执行事务合伙人")


@dataclass(frozen=True, slots=True)
class View:
    """`rows` gives the records; `monthly` says that the expressions see one row per month instead.

    `decisive`: once all of these items have been delivered, a subject without a row has none.
    """

    decisive: tuple[str, ...]
    rows: Rows
    monthly: bool = False


def build(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """What the expressions of a view aggregate."""
    if not view.monthly:
        return rows
    return rows.group_by("subject_id", "k").agg(
        pl.col("quantity_e4").sum(),
        pl.col("headcount").sum(),
        pl.col("quantity_e4").is_not_null().any().alias("measured"),
        pl.col("headcount").is_not_null().any().alias("counted"),
        pl.col("settled").all(),
        pl.col("late").any(),
        pl.col("overdue").any(),
    )


def _registration(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    return inputs.holdings.filter(pl.col("item_code") == "registration").with_columns(
        pl.lit(setting.as_of).alias("as_of_on")
    )


def _payments(item: str) -> Rows:
    """Periods that ended by the newest closed month, with what had been paid on the as-of date."""

    def rows(inputs: Inputs, setting: Setting) -> pl.DataFrame:
        newest = setting.closed_month(item)
        of_item = inputs.payments.filter(pl.col("item_code") == item)
        if newest is None:
            of_item = of_item.clear()
        paid_by_then = pl.col("paid_on") <= setting.as_of
        # Power is reported without the amount paid: there the day of payment tells.
        settled = (
            pl.when(pl.col("paid_fen").is_null())
            .then(paid_by_then.fill_null(value=False))
            .otherwise((pl.col("paid_fen") >= pl.col("due_fen")) & paid_by_then.fill_null(value=True))
        )
        past_due = (pl.col("due_on") < setting.as_of).fill_null(value=True)
        frame = of_item.with_columns(
            (pl.lit(newest, pl.Int32) - month_of("period_end_on")).alias("k"),
            (month_of("period_end_on") - month_of("period_on") + 1).alias("months"),
            settled.alias("settled"),
            pl.when(paid_by_then.fill_null(value=True)).then(pl.col("paid_fen")).otherwise(0).alias("paid_then_fen"),
            (pl.col("paid_on") > pl.col("due_on")).fill_null(value=False).alias("paid_late"),
        ).filter(pl.col("k") >= 0)
        return frame.with_columns(
            (~pl.col("settled") & past_due).alias("overdue"),
            ((pl.col("settled") & pl.col("paid_late")) | (~pl.col("settled") & past_due)).alias("late"),
        )

    return rows


def _vat(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    # 企业所得税 rows carry the revenue since the beginning of the year: only 增值税 rows may be added up.
    return _payments("tax_payment")(inputs, setting).filter(pl.col("key_text").str.starts_with("增值税"))


def _events(item: str) -> Rows:
    """Events of an item that had happened on the as-of date and were live then, newest last."""

    def rows(inputs: Inputs, setting: Setting) -> pl.DataFrame:
        return live_events(inputs.events.filter(pl.col("item_code") == item), setting).sort(
            "subject_id", "occurred_on", "key_text", "id", nulls_last=False
        )

    return rows


def live_events(events: pl.DataFrame, setting: Setting) -> pl.DataFrame:
    """Known to have begun, not over, not repaired on the as-of date.

    Repaired items must leave reports, scores and lists (令36号; domain §5.1); the last day of validity still counts.
    """
    day = setting.as_of
    return events.filter(
        (pl.col("occurred_on") <= day).fill_null(value=True)
        & (pl.col("valid_from_on") <= day).fill_null(value=True)
        & (pl.col("valid_to_on") >= day).fill_null(value=True)
        & (pl.col("repaired_on") > day).fill_null(value=True)
    )


def _penalties(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    """Decisions inside publicity, with severity and what is left of the publicity in ten-thousandths.

    A decision with several kinds belongs to the gravest; a kind outside the table counts as 其他 (domain §5.1).
    """
    penalties = with_repairs(inputs.events, setting).filter(pl.col("item_code") == "penalty")
    kinds = pl.col("class_text").fill_null("其他").str.replace_all("[；;、,，]", ";").str.split(";")
    kind = pl.element().str.strip_chars().replace_strict(dict(setting.severities), default=None, return_dtype=pl.Int64)
    whole = (pl.col("valid_to_on") - pl.col("occurred_on")).dt.total_days()
    left = (pl.col("valid_to_on") - pl.lit(setting.as_of)).dt.total_days()
    return (
        live_events(penalties, setting)
        .with_columns(
            kinds.list.eval(kind.fill_null(setting.severities["其他"])).list.max().alias("severity"),
            # Without an end of publicity nothing fades.
            pl.when(whole > 0)
            .then((left * 20_000 + whole) // (whole * 2))
            .otherwise(10_000)
            .clip(0, 10_000)
            .alias("left_e4"),
        )
        .sort("subject_id", "occurred_on", "key_text", "id")
    )


def with_repairs(events: pl.DataFrame, setting: Setting) -> pl.DataFrame:
    """Penalties closed by a granted repair decision that names their document (item credit_repair)."""
    repairs = (
        events.filter(
            (pl.col("item_code") == "credit_repair")
            & (pl.col("class_text") == "准予修复")
            & (pl.col("occurred_on") <= setting.as_of)
        )
        .group_by("subject_id", pl.col("penalty_no").alias("key_text"))
        .agg(pl.coalesce("repaired_on", "occurred_on").min().alias("repair_on"))
    )
    return (
        events.join(repairs, on=["subject_id", "key_text"], how="left")
        .with_columns(
            pl.when(pl.col("item_code") == "penalty")
            .then(pl.min_horizontal("repaired_on", "repair_on"))
            .otherwise(pl.col("repaired_on"))
            .alias("repaired_on")
        )
        .drop("repair_on")
    )


def _qualifications(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    """Valid qualifications under the codes of the criteria; keeping farm accounts makes an agricultural operator."""
    codes = {label: code for code, label in QUALIFICATIONS.items()}
    recognised = live_events(
        inputs.events.filter(pl.col("item_code").is_in(["technology_firm", "specialised_firm"])), setting
    )
    farms = inputs.holdings.filter(pl.col("item_code") == "farm_scale")
    place = ("subject_id", "item_code", "id", "key_text")
    return pl.concat(
        [
            recognised.select(
                *place,
                "occurred_on",
                pl.col("class_text").replace_strict(codes, default=None, return_dtype=pl.String).alias("qualification"),
            ).drop_nulls("qualification"),
            farms.select(*place, pl.col("from_on").alias("occurred_on"), pl.lit("agricultural").alias("qualification")),
        ]
    ).sort("subject_id", "qualification", "id")


def _property(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    counted = (pl.col("item_code") == "intellectual_property") & (pl.col("from_on") <= setting.as_of)
    return inputs.holdings.filter(counted).sort("subject_id", "from_on", "id")


def _recent(item: str) -> Rows:
    """Live events of an item in the 24 months up to the as-of date."""

    def rows(inputs: Inputs, setting: Setting) -> pl.DataFrame:
        return _events(item)(inputs, setting).filter(_within_24_months("occurred_on", setting))

    return rows


def _within_24_months(column: str, setting: Setting) -> pl.Expr:
    return pl.col(column).dt.offset_by(WINDOW) > setting.as_of


def _defendants(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    """Judgments of the last 24 months against the firm; what it claims of others says nothing about it."""
    return _recent("judgment")(inputs, setting).filter(pl.col("class_text").is_in(_AGAINST))


def _representatives(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    """Terms of office of 法定代表人 (负责人, 经营者), with `is_recent` days of taking and leaving it, oldest first.

    `key_text` is name and position.
    """
    position = pl.col("key_text").str.split("|").list.last()
    return (
        inputs.holdings.filter((pl.col("item_code") == "key_personnel") & position.is_in(_REPRESENTATIVES))
        .filter((pl.col("from_on") <= setting.as_of).fill_null(value=True))
        .with_columns(
            *(
                pl.when((pl.col(name) <= setting.as_of) & _within_24_months(name, setting))
                .then(pl.col(name))
                .alias(f"recent_{name}")
                for name in ("from_on", "to_on")
            )
        )
        .sort("subject_id", "from_on", "key_text", "id", nulls_last=False)
    )


def _farms(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    """Produce of the newest year of statistics."""
    farms = inputs.holdings.filter(pl.col("item_code") == "farm_scale")
    newest = pl.col("statistics_year").max().over("subject_id")
    return farms.filter((pl.col("statistics_year") == newest).fill_null(value=True)).sort("subject_id", "id")


def _periods(*items: str) -> Rows:
    """Payments of a family of items whose period is over on the as-of date."""

    def rows(inputs: Inputs, setting: Setting) -> pl.DataFrame:
        over = pl.col("period_end_on") <= setting.as_of
        return inputs.payments.filter(pl.col("item_code").is_in(items) & over)

    return rows


VIEWS = {
    "registration": View(("registration",), _registration),
    "tax_grade": View(("tax_grade",), _events("tax_grade")),
    "tax": View(("tax_payment",), _payments("tax_payment")),
    "vat": View(("tax_payment",), _vat),
    "social": View(("social_insurance",), _payments("social_insurance"), monthly=True),
    "power": View(("power",), _payments("power"), monthly=True),
    "penalty": View(("penalty",), _penalties),
    "dishonest_debtor": View(("dishonest_debtor",), _events("dishonest_debtor")),
    "abnormal_operation": View(("abnormal_operation",), _events("abnormal_operation")),
    "qualification": View(("technology_firm", "specialised_firm"), _qualifications),
    "intellectual_property": View(("intellectual_property",), _property),
    "bid_won": View(("bid_won",), _recent("bid_won")),
    "housing": View(("housing_fund",), _payments("housing_fund"), monthly=True),
    "water": View(("water",), _payments("water"), monthly=True),
    "gas": View(("gas",), _payments("gas"), monthly=True),
    "enforcement": View(("enforcement",), _events("enforcement")),
    "judgment": View(("judgment",), _defendants),
    "licence": View(("licence",), _events("licence")),
    "honour": View(("honour",), _events("honour")),
    "subsidy": View(("government_subsidy",), _recent("government_subsidy")),
    "representative": View(("key_personnel",), _representatives),
    "farm": View(("farm_scale",), _farms),
    "tax_periods": View(("tax_payment",), _periods("tax_payment")),
    "employment_periods": View(("social_insurance", "housing_fund"), _periods("social_insurance", "housing_fund")),
    "utility_periods": View(("power", "water", "gas"), _periods("power", "water", "gas")),
    "credit_evaluation": View(("credit_evaluation",), _events("credit_evaluation")),
}
