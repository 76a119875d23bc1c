"""The twelve months before the as-of date, for the charts of the portrait. Pure."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from apps.profiles.frames import Inputs, Setting
from apps.profiles.indicators.views import VIEWS

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Series:
    """One figure a month, oldest first; None where nothing was delivered. `item` is where it comes from.

    `chart`: bars for sums that may come once a quarter, a line for levels.
    """

    slug: str
    label: str
    unit: str
    item: str
    chart: str
    months: tuple[str, ...]
    values: tuple[Decimal | None, ...]


def twelve_months(inputs: Inputs, setting: Setting) -> list[Series]:
    """Declared sales, insured headcount and power of one subject; a series without any value is left out."""
    found = [
        _series(inputs, setting, "vat", "sales", "申报销售额", "元", pl.col("base_fen").sum(), 2, "base_fen"),
        _series(inputs, setting, "social", "headcount", "参保人数", "人", pl.col("headcount").sum(), 0, "headcount"),
        _series(inputs, setting, "power", "power", "用电量", "千瓦时", pl.col("quantity_e4").sum(), 4, "quantity_e4"),
    ]
    return [series for series in found if series is not None]


def _series(
    inputs: Inputs,
    setting: Setting,
    view_name: str,
    slug: str,
    label: str,
    unit: str,
    total: pl.Expr,
    decimals: int,
    measured: str,
) -> Series | None:
    view = VIEWS[view_name]
    [item] = view.decisive
    newest = setting.closed_month(item)
    if newest is None:
        return None
    rows = view.rows(inputs, setting).filter((pl.col("k") < MONTHS) & pl.col(measured).is_not_null())
    by_month = dict(rows.group_by("k").agg(total.alias("total")).select("k", "total").iter_rows())
    if not by_month:
        return None
    back = range(MONTHS - 1, -1, -1)
    return Series(
        slug,
        label,
        unit,
        item,
        "bar" if view_name == "vat" else "line",
        tuple(f"{(newest - k) // 12}-{(newest - k) % 12 + 1:02}" for k in back),
        tuple(Decimal(by_month[k]).scaleb(-decimals) if k in by_month else None for k in back),
    )
