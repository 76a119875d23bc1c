"""Firms and their records, invented by arithmetic: the same seed gives the same rows on every machine."""

import io
from datetime import date, datetime
from typing import Any

import polars as pl

from apps.core.identifiers import inner_check_char, outer_check_char
from apps.core.months import add_months
from apps.profiles.models import Profile
from apps.records.frames import copy_in, yuan
from apps.subjects.naming import name_key

REGION = "610305"
INDUSTRIES = ("C3311", "F5231", "I6510", "G5430", "E4811")
MONTHS = 24
SEED = 20_261_115


def noise(index: pl.Expr, salt: int, below: int) -> pl.Expr:
    """A whole number in [0, below) that looks random and follows from row number and salt alone."""
    mixed = (index * 2_654_435_761 + (SEED + salt) * 40_503) % 4_294_967_291
    return (mixed * 48_271 % 2_147_483_647) // 7 % below


def codes(first: int, count: int) -> list[str]:
    """Valid 统一社会信用代码 by number; both check digits come from `core.identifiers`."""
    found = []
    for number in range(first, first + count):
        body = f"{number:08d}"
        head = f"91{REGION}{body}{inner_check_char(body)}"
        found.append(head + outer_check_char(head))
    return found


def subjects(first: int, count: int) -> pl.DataFrame:
    """(id, code, name): ids are the numbers."""
    numbers = range(first, first + count)
    names = [f"信桥量测第{number}号机械制造有限公司" for number in numbers]
    return pl.DataFrame({"id": list(numbers), "code": codes(first, count), "name": names})


def load_subjects(frame: pl.DataFrame, now: datetime) -> None:
    """Register them, with name and code history."""
    at = pl.lit(now.isoformat())
    keyed = frame.with_columns(pl.Series("name_key", [name_key(name) for name in frame["name"]]))
    copy_in(
        "subjects_subject",
        keyed.select(
            "id",
            "code",
            "name",
            "name_key",
            pl.lit("enterprise").alias("kind"),
            pl.lit("active").alias("status"),
            pl.lit(REGION).alias("region_code"),
            pl.lit(INDUSTRIES[0]).alias("industry_code"),
            pl.lit("有限责任公司").alias("legal_form"),
            pl.lit("量测").alias("legal_representative"),
            pl.lit("2015-03-02").alias("established_on"),
            pl.lit(value=True).alias("inner_check_ok"),
            at.alias("first_seen_at"),
            at.alias("updated_at"),
        ),
    )
    named = keyed.select(pl.col("id").alias("subject_id"), "name", "name_key", at.alias("seen_from_at"))
    copy_in("subjects_subjectname", named)
    coded = keyed.select(
        pl.col("id").alias("subject_id"), "code", pl.lit("current").alias("kind"), at.alias("seen_from_at")
    )
    copy_in("subjects_subjectcode", coded)


def months_before(as_of: date, count: int) -> list[tuple[date, date]]:
    """(first, last day) of the closed months before `as_of`, oldest first."""
    first = as_of.replace(day=1)
    starts = [add_months(first, -back) for back in range(count, 0, -1)]
    return [(start, date.fromordinal(add_months(start, 1).toordinal() - 1)) for start in starts]


def _by_month(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    periods = pl.DataFrame(
        [(k, *period) for k, period in enumerate(months_before(as_of, MONTHS))],
        schema={"k": pl.Int64, "period_on": pl.Date, "period_end_on": pl.Date},
        orient="row",
    )
    rows = frame.select(pl.col("id").alias("subject_id")).join(periods, how="cross")
    return rows.with_columns((pl.col("subject_id") * 64 + pl.col("k")).alias("n"))


def payments(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """24 months of tax, social insurance and power for each subject, sorted by subject; a few are late or unpaid."""
    rows = _by_month(frame, as_of)
    n, late = pl.col("n"), noise(pl.col("n"), 1, 40) == 0
    paid_on = pl.col("period_end_on").dt.offset_by("10d")
    whole = pl.lit(None, dtype=pl.Int64)

    def item(code: str, key: pl.Expr, due: pl.Expr, **values: pl.Expr) -> pl.DataFrame:
        given: dict[str, pl.Expr] = {"base_fen": whole, "quantity_e4": whole, "headcount": whole, **values}
        return rows.select(
            "subject_id",
            pl.lit(code).alias("item_code"),
            "period_on",
            "period_end_on",
            key.alias("key_text"),
            due.alias("due_fen"),
            pl.when(late).then(0).otherwise(due).alias("paid_fen"),
            pl.when(late).then(due).otherwise(0).alias("arrears_fen"),
            *(value.alias(name) for name, value in given.items()),
            paid_on.alias("due_on"),
            pl.when(late).then(None).otherwise(paid_on).alias("paid_on"),
        )

    sales = 5_000_000 + noise(n, 2, 20_000_000)
    tax_key = pl.lit("增值税 ") + pl.col("period_end_on").cast(pl.String)
    staff = 8 + noise(pl.col("subject_id"), 3, 60)
    energy = 10_000_000 + noise(n, 4, 90_000_000)
    account = pl.lit("6103") + pl.col("subject_id").cast(pl.String).str.zfill(9)
    return pl.concat(
        [
            item("tax_payment", tax_key, sales * 3 // 100, base_fen=sales),
            item("social_insurance", pl.lit(""), staff * 120_000, base_fen=staff * 480_000, headcount=staff),
            item("power", account, energy * 7 // 1_000, quantity_e4=energy),
        ]
    ).sort("subject_id", "item_code", "period_on")


def months_of(frame: pl.DataFrame, as_of: date, count: int) -> pl.DataFrame:
    """Social insurance of the latest months of each subject, as the tables of payments take it."""
    periods = pl.DataFrame(
        months_before(as_of, count), schema={"period_on": pl.Date, "period_end_on": pl.Date}, orient="row"
    )
    staff = 8 + noise(pl.col("id"), 3, 60)
    return frame.join(periods, how="cross").select(
        pl.col("id").alias("subject_id"),
        pl.lit("social_insurance").alias("item_code"),
        "period_on",
        "period_end_on",
        pl.lit("").alias("key_text"),
        pl.format("{}.00", staff * 1_200).alias("due_yuan"),
        pl.format("{}.00", staff * 1_200).alias("paid_yuan"),
        pl.format("{}.00", staff * 4_800).alias("base_yuan"),
        staff.alias("headcount"),
        pl.col("period_end_on").dt.offset_by("10d").alias("paid_on"),
        pl.lit("{}").alias("extra"),
        pl.lit(0).alias("delivery_id"),
        pl.int_range(1, pl.len() + 1).alias("row_number"),
    )


def events(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """A tax grade for everybody, a penalty for one in twenty."""
    number = pl.col("id")
    graded = frame.select(
        number.alias("subject_id"),
        pl.lit("tax_grade").alias("item_code"),
        pl.lit(str(as_of.year - 1)).alias("key_text"),
        pl.lit(date(as_of.year, 4, 20)).alias("occurred_on"),
        pl.lit(["A", "B", "M", "C", "D"]).list.get(noise(number, 5, 5)).alias("class_text"),
        pl.lit(None, dtype=pl.Int64).alias("amount_fen"),
        pl.lit(None, dtype=pl.Date).alias("valid_to_on"),
    )
    fined = frame.filter(noise(number, 6, 20) == 0).select(
        number.alias("subject_id"),
        pl.lit("penalty").alias("item_code"),
        pl.format("量测罚〔{}〕{}号", pl.lit(as_of.year), number).alias("key_text"),
        pl.lit(date(as_of.year, 2, 3)).alias("occurred_on"),
        pl.lit("罚款").alias("class_text"),
        (noise(number, 7, 900) * 1_000 + 100_000).alias("amount_fen"),
        pl.lit(date(as_of.year + 1, 2, 3)).alias("valid_to_on"),
    )
    return pl.concat([graded, fined]).sort("subject_id", "item_code", "key_text")


def holdings(frame: pl.DataFrame) -> pl.DataFrame:
    """The registration of each."""
    number = pl.col("id")
    extra = pl.struct(
        pl.lit("active").alias("status"),
        pl.lit(INDUSTRIES[0]).alias("industry_code"),
        pl.lit(2025).alias("annual_report_year"),
        (8 + noise(number, 3, 60)).alias("headcount"),
        pl.format("{}.00", 3_000_000 + noise(number, 8, 9_000_000)).alias("revenue_yuan"),
        pl.lit("2000000.00").alias("assets_yuan"),
        pl.lit("500000.00").alias("paid_in_capital_yuan"),
    )
    return frame.select(
        number.alias("subject_id"),
        pl.lit("registration").alias("item_code"),
        pl.lit("").alias("key_text"),
        (100_000_000 + noise(number, 9, 900) * 1_000_000).alias("value_fen"),
        pl.lit(date(2015, 3, 2)).alias("from_on"),
        extra.struct.json_encode().alias("extra"),
    )


def social_insurance_file(frame: pl.DataFrame, as_of: date, rows: int) -> bytes:
    """A delivery of about `rows` rows as the department would send it: CSV in GB18030 under Chinese headings."""
    each = min(MONTHS, max(1, -(-rows // frame.height)))
    periods = pl.DataFrame({"费款所属期": [start.strftime("%Y%m") for start, _ in months_before(as_of, each)]})
    staff = 8 + noise(pl.col("id"), 3, 60)
    table = (
        frame.join(periods, how="cross")
        .head(rows)
        .select(
            pl.col("code").alias("统一社会信用代码"),
            pl.col("name").alias("单位名称"),
            "费款所属期",
            staff.alias("缴费人数"),
            pl.format("{}.00", staff * 4_800).alias("缴费基数(元)"),
            pl.format("{}.00", staff * 1_200).alias("应缴金额(元)"),
            pl.format("{}.00", staff * 1_200).alias("实缴金额(元)"),
            (pl.col("费款所属期") + "12").str.to_date("%Y%m%d").alias("缴费日期"),
            pl.lit("").alias("备注"),
        )
    )
    return table.write_csv(quote_style="never").encode("gb18030")


def profiles(first: int, count: int) -> pl.DataFrame:
    """Portraits for screening: the facts that products ask for, everything else as an empty row has it."""
    number = pl.col("subject_id")
    facts = {
        "size_class": pl.lit(["micro", "small", "medium", "large"]).list.get(noise(number, 11, 4)),
        "status": pl.when(noise(number, 12, 50) == 0).then(pl.lit("revoked")).otherwise(pl.lit("active")),
        "age_months": _or_null(noise(number, 13, 240), number, 30),
        "registered_capital_yuan": noise(number, 14, 90_000_000) * 100,
        "tax_grade": pl.lit(["A", "B", "M", "C", "D", ""]).list.get(noise(number, 15, 6)),
        "tax_paid_12m_yuan": _or_null(noise(number, 16, 90_000_000), number, 31),
        "declared_sales_12m_yuan": _or_null(noise(number, 17, 2_000_000_000), number, 32),
        "social_months": _or_null(noise(number, 18, 60), number, 33),
        "penalties_serious": pl.when(noise(number, 19, 60) == 0).then(1).otherwise(0),
        "is_dishonest_debtor": noise(number, 20, 80) == 0,
        "score": _or_null(300 + noise(number, 21, 700), number, 34),
    }
    return pl.DataFrame({"subject_id": range(first, first + count)}).with_columns(
        value.alias(name) for name, value in facts.items()
    )


def _or_null(value: pl.Expr, number: pl.Expr, salt: int) -> pl.Expr:
    return pl.when(noise(number, salt, 12) == 0).then(None).otherwise(value)


MONEY = ("registered_capital_yuan", "tax_paid_12m_yuan", "declared_sales_12m_yuan")


def load_profiles(frame: pl.DataFrame, numbered: pl.DataFrame, as_of: date, now: datetime) -> None:
    """Put portraits into the product's table and their facts into the base; money columns come as fen."""
    paid = frame.with_columns(yuan(name) for name in MONEY)
    copy_in("bench_facts", paid)
    given: dict[str, Any] = {
        "as_of_on": as_of.isoformat(),
        "as_known_at": now.isoformat(),
        "computed_at": now.isoformat(),
        "kind": "enterprise",
        "region_code": REGION,
        "coverage_pct": "80.00",
        "has_block_whitelist": False,
        "has_block_application": False,
    }
    known = paid.join(numbered.select(pl.col("id").alias("subject_id"), "code", "name"), on="subject_id")
    for field in Profile._meta.concrete_fields:
        if field.attname in known.columns or (field.null and field.attname not in given):
            continue
        default = {"JSONField": "[]"}.get(field.get_internal_type(), "")
        known = known.with_columns(pl.lit(given.get(field.attname, default)).alias(field.attname))
    graded = pl.when(pl.col("score").is_null()).then(pl.lit("")).otherwise(pl.lit("A")).alias("grade")
    copy_in("profiles_profile", known.with_columns(graded))


def csv_of(frame: pl.DataFrame) -> io.BytesIO:
    """A frame as the bytes that COPY takes."""
    return io.BytesIO(frame.write_csv(include_header=False).encode())
