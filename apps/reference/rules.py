"""Frozen values that the dated tables hand to rules of other apps. Pure: no ORM, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

Indicator = Literal["headcount", "revenue", "assets"]
Effect = Literal["BLOCK", "REVIEW", "WARN", "NONE"]

_INDUSTRY = re.compile(r"([A-Z])?(\d{2})?(\d{1,2})?")


@dataclass(frozen=True, slots=True)
class SizeRule:
    """One row of 中小企业划型标准 (工信部联企业〔2011〕300号; domain §3).

    An industry belongs to the row that names its 4-digit class in `groups4`, else to the one that names its 大类 in
    `divisions`, else its 门类 in `sections`; no row: the standard does not apply. Thresholds are lower bounds that
    count as reached: headcount in persons, revenue and assets in yuan; `…_2` is None where `indicator_2` is.
    """

    row_no: int
    label: str
    sections: tuple[str, ...]
    divisions: tuple[str, ...]
    groups4: tuple[str, ...]
    indicator_1: Indicator
    indicator_2: Indicator | None
    large_1: Decimal
    large_2: Decimal | None
    medium_1: Decimal
    medium_2: Decimal | None
    small_1: Decimal
    small_2: Decimal | None


@dataclass(frozen=True, slots=True)
class PenaltyClassRule:
    """How long a class of penalties is published (令36号; domain §5.1).

    Months of publicity: `min_months` before repair may be asked for, `max_months` after which it ends. `kinds` are
    the values of CF_CFLB in the class; a decision with several kinds belongs to the class of highest `severity`.
    """

    code: str
    name: str
    severity: int
    min_months: int
    max_months: int
    kinds: frozenset[str]

    @property
    def kinds_in_order(self) -> list[str]:
        """The kinds, sorted, for printing."""
        return sorted(self.kinds)


@dataclass(frozen=True, slots=True)
class BlockRule:
    """One list of domain §6.3 with its effect on each use.

    A live record of catalogue item `fact_item` triggers it, where `fact_values` is empty or holds the record's value.
    """

    code: str
    name: str
    authority: str
    fact_item: str
    fact_values: tuple[str, ...]
    effect_whitelist: Effect
    effect_application: Effect
    effect_subsidy: Effect
    source_document: str
    certainty: str


@dataclass(frozen=True, slots=True)
class IndustryCode:
    """An industry as far as its text tells: 门类 letter, 大类 of two digits, the digits as written (2 to 4)."""

    section: str
    division: str
    digits: str
    section_name: str
    division_name: str


@dataclass(frozen=True, slots=True)
class Industries:
    """GB/T 4754 on one day: names of 门类 and 大类, and the 门类 of each 大类."""

    names: Mapping[str, str]
    section_of: Mapping[str, str]

    @classmethod
    def build(cls, rows: list[tuple[str, str, str]]) -> "Industries":
        """From (code, name, parent code) rows; a 门类 has no parent."""
        return cls(
            names=MappingProxyType({code: name for code, name, _ in rows}),
            section_of=MappingProxyType({code: parent for code, _, parent in rows if parent}),
        )

    def of(self, text: str) -> IndustryCode | None:
        """Read `C1462`, `1462`, `C14`, `14` or `C`; None where the code is unknown or letter and digits disagree."""
        match = _INDUSTRY.fullmatch(text.strip().upper())
        if match is None or not match[0]:
            return None
        letter, division, rest = match[1] or "", match[2] or "", match[3] or ""
        section = self.section_of.get(division, "") if division else letter
        if section not in self.names or (letter and letter != section):
            return None
        return IndustryCode(section, division, division + rest, self.names[section], self.names.get(division, ""))
