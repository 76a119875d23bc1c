"""What an indicator is: a named expression with everything a reader must know about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl


class Unit(StrEnum):
    """Unit of an indicator, as shown."""

    YUAN = "元"
    PCT = "%"
    MONTHS = "个月"
    PERSONS = "人"
    KWH = "千瓦时"
    COUNT = "项"
    YEAR = "年"
    WEIGHT = "折算项"
    FLAG = "是/否"
    TEXT = "文本"
    CODES = "代码"
    YEARS = "个年度"
    TIMES = "次"
    MU = "亩"
    HEADS = "头（只、羽）"
    DATE = "日期"


class Origin(StrEnum):
    """Whose word a figure is: kept apart and marked, since nobody has checked what a firm says of itself."""

    CERTIFIED = "部门提供"
    DECLARED = "企业自报"
    COMPARED = "自报与部门数据比较"
    COMPUTED = "平台计算"


_FRAME_SUFFIX = {Unit.YUAN: ("_yuan", "_fen"), Unit.PCT: ("_pct", "_bps")}
_DECIMALS = {Unit.YUAN: 2, Unit.PCT: 2, Unit.WEIGHT: 4, Unit.MU: 2}
_DTYPES = {Unit.FLAG: pl.Boolean, Unit.TEXT: pl.String, Unit.CODES: pl.List(pl.String), Unit.DATE: pl.Date}


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One figure of the portrait. `slug` is the column of Profile and the name of the fact for criteria.

    `expression` aggregates the rows of `view` per subject, or, where `derived`, is computed from other indicators.
    `absent` is the value of a subject without any row, where the item has been delivered and its absence means none;
    else such a subject has null: not known. `evidence` picks the rows of the view that speak against the firm.
    """

    slug: str
    label: str
    unit: Unit
    items: tuple[str, ...]
    window: str
    missing: str
    sentence: str
    expression: pl.Expr
    view: str
    derived: bool = False
    absent: Any = None
    evidence: pl.Expr | None = None
    origin: Origin = Origin.CERTIFIED

    @property
    def column(self) -> str:
        """Name in frames: money in fen, percentages in hundredths of a percent."""
        ending, replacement = _FRAME_SUFFIX.get(self.unit, ("", ""))
        return self.slug.removesuffix(ending) + replacement

    @property
    def dtype(self) -> Any:
        """Type in frames."""
        return _DTYPES.get(self.unit, pl.Int64)

    @property
    def decimals(self) -> int:
        """Decimal places by which the integer in the frame is scaled."""
        return _DECIMALS.get(self.unit, 0)
