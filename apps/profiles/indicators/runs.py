"""Months counted back, as several families of indicators need them. `k` = 0 is the newest month delivered."""

import polars as pl

this_year = pl.col("k") < 12
last_year = pl.col("k").is_between(12, 23)


def months_unbroken(is_good: pl.Expr) -> pl.Expr:
    """How many months from the newest one back are good without a gap; `is_good` over one row a month.

    A month stands in the run where as many good months lie after it; one without a row ends the run.
    """
    good = pl.col("k").filter(is_good).sort()
    return (good == pl.int_range(0, good.len())).sum()
