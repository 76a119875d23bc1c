"""What became of the loans of the city, as a bank would write it down, and what there is to find in it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from apps.operations.city import firms as city_firms
from apps.operations.city.chance import draw
from apps.operations.city.deliveries import ACCEPTED, ANSWER, DUPLICATE, UNKNOWN_FROM, Form
from apps.profiles.evaluation import measures
from apps.profiles.evaluation.results import rounded

OUTCOMES: Final = Form("", "贷款结果", "", "gb18030", titles=("贷款结果统计表",), notes=("制表单位：量测银行",))
HEADINGS: Final = ("统一社会信用代码", "是否违约", "日期")
BORROWERS_PCT: Final = 80
FIRST_DAY, DAYS = 30, 335
"""A loan's outcome is known between 30 days and a year after the day of the city."""


def with_loans(firms: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """Firms with `has_loan`, `is_bad` and `outcome_on`."""
    days = FIRST_DAY + draw(pl.col("id"), "outcome day", DAYS, seed=seed)
    return firms.with_columns(
        (draw(pl.col("id"), "borrower", 100, seed=seed) < BORROWERS_PCT).alias("has_loan"),
        city_firms.defaulted(seed).alias("is_bad"),
        (pl.lit(as_of) + pl.duration(days=days)).alias("outcome_on"),
    )


def outcomes(lent: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    """Rows of the file with the `answer` to each: accepted, duplicate, unknown, rejected, conflicting."""
    drawn = draw(pl.col("id"), "word for default", 2, seed=seed)
    word = (
        pl.when(pl.col("is_bad") & (drawn == 0)).then(pl.lit("是")).when("is_bad").then(pl.lit("1"))
        .when(drawn == 0).then(pl.lit("否")).otherwise(pl.lit("0"))
    )  # fmt: skip
    day = (
        pl.when(drawn == 0)
        .then(pl.col("outcome_on").dt.strftime("%Y/%m/%d"))
        .otherwise(pl.col("outcome_on").dt.strftime("%Y-%m-%d"))
    )
    code, flag, on = HEADINGS
    rows = lent.select("id", "has_loan", pl.col("code").alias(code), word.alias(flag), day.alias(on))
    loans, others = rows.filter("has_loan"), rows.filter(~pl.col("has_loan"))
    nobodys = city_firms.codes(loans["id"] + UNKNOWN_FROM)
    contradicting = others.filter(_one_in(25, "contradiction", seed))
    parts = [
        (ACCEPTED, loans),
        (DUPLICATE, loans.filter(_one_in(60, "repeat", seed))),
        ("unknown", loans.with_columns(nobodys.alias(code)).filter(_one_in(60, "nobody", seed))),
        ("rejected", loans.with_columns(pl.lit("也许").alias(flag)).filter(_one_in(60, "no word", seed))),
        ("conflicting", contradicting.with_columns(pl.lit("1").alias(flag))),
        ("conflicting", contradicting.with_columns(pl.lit("0").alias(flag))),
    ]
    return (
        pl.concat([part.with_columns(pl.lit(answer).alias(ANSWER)) for answer, part in parts])
        .sort("id", maintain_order=True)
        .select(*HEADINGS, ANSWER)
    )


def _one_in(count: int, purpose: str, seed: int) -> pl.Expr:
    return draw(pl.col("id"), purpose, count, seed=seed) == 0


@dataclass(slots=True)
class Tally:
    """Loans by chance of default: what a perfect model would be told by. Chances are few, however large the city."""

    counts: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, lent: pl.DataFrame) -> None:
        """Count the loans of a part."""
        part = measures.tally(lent.filter("has_loan"), "default_ppm")
        for chance, bads, goods in part.iter_rows():
            before = self.counts.get(chance, (0, 0))
            self.counts[chance] = (before[0] + bads, before[1] + goods)

    def truth(self) -> Mapping[str, Any]:
        """loans, bads, the AUC of the true chance of default, its standard error, and the AUC to be expected of it.

        The AUCs are None where there is only one kind.
        """
        told = [(-chance, *self.counts[chance]) for chance in sorted(self.counts, reverse=True)]
        counted = pl.DataFrame(told, schema=measures.TALLY, orient="row")
        bads, goods = measures.totals(counted)
        found: dict[str, Any] = {"loans": bads + goods, "bads": bads, "auc": None, "auc_error": None}
        if bads and goods:
            error = measures.auc_error(counted)
            found["auc"] = str(rounded(measures.auc(counted)))
            found["auc_error"] = None if error is None else str(rounded(error))
        return found | {"expected_auc": self._expected()}

    def _expected(self) -> str | None:
        wins = bads_so_far = goods_so_far = 0.0
        for chance in sorted(self.counts, reverse=True):
            cases, share = sum(self.counts[chance]), chance / city_firms.MILLION
            bads, goods = cases * share, cases * (1 - share)
            wins += goods * (bads_so_far + bads / 2)
            bads_so_far, goods_so_far = bads_so_far + bads, goods_so_far + goods
        pairs = bads_so_far * goods_so_far
        return str(rounded(wins / pairs)) if pairs else None


def last_day(as_of: date) -> date:
    """The day on which every outcome is known."""
    return as_of + timedelta(days=FIRST_DAY + DAYS)
