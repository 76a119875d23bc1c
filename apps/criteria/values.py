"""Types of facts and parameters: how a value is read from JSON, written back, and laid into a column.

Columns hold whole numbers only: yuan as fen, percent as hundredths of a point, so that a comparison in a frame and one
in plain Python agree to the last digit. A set answers for a single value and for a column alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.core.errors import InvalidInput
from apps.core.money import fen_from_yuan, format_wan, format_yuan, yuan

Names = Mapping[str, str]


class InvalidCriterion(InvalidInput):
    """A criterion that cannot be read: unknown slug, wrong parameter, empty group. The message says which."""

    code = "invalid-criterion"
    title = "准入条件有误"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The public tables that parameters refer to, as of one day: region code → itself and everything within.

    `names` maps region, industry and list codes to Chinese names; a code without a name is unknown.
    """

    regions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Codes that are accepted: `asked` as the rule says them, `codes` with everything that they contain."""

    asked: tuple[str, ...]
    codes: frozenset[str]

    def holds(self, fact: Any) -> Any:
        """Whether a code, or each code of a column, is among them."""
        return fact.is_in(sorted(self.codes)) if hasattr(fact, "is_in") else fact in self.codes

    def holds_prefix_of(self, fact: Any, lengths: tuple[int, ...]) -> Any:
        """Whether the beginning of a code, cut at one of `lengths`, is among them."""
        if hasattr(fact, "is_in"):
            first, *rest = [fact.str.slice(0, length).is_in(sorted(self.codes)) for length in lengths]
            for cut in rest:
                first = first | cut
            return first
        return any(fact[:length] in self.codes for length in lengths)

    def overlaps(self, facts: Any) -> Any:
        """Whether any of several codes, or of each list of a column, is among them."""
        if hasattr(facts, "list"):
            return facts.list.set_intersection(sorted(self.codes)).list.len() > 0
        return not self.codes.isdisjoint(facts)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included."""

    low: Any
    high: Any

    def holds(self, fact: Any) -> Any:
        """Whether a number, or each number of a column, lies within."""
        return (fact >= self.low) & (fact <= self.high)


class ValueType(ABC):
    """One type of value. `read` raises InvalidCriterion with a Chinese sentence."""

    unit = ""

    @abstractmethod
    def read(self, raw: Any, snapshot: Snapshot) -> Any:
        """The typed value of what JSON holds."""

    def write(self, value: Any) -> Any:
        """What JSON holds of a typed value."""
        return value

    def column(self, value: Any) -> Any:
        """The value as a column holds it; None stays None."""
        return value

    def said(self, value: Any, names: Names) -> str:
        """A known value in words for the reader; `names` maps codes of public tables to Chinese names."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Flag(ValueType):
    """Yes or no."""

    def read(self, raw: Any, snapshot: Snapshot) -> bool:
        """A JSON boolean."""
        if not isinstance(raw, bool):
            raise InvalidCriterion(f"应为“是”或“否”，不能是“{raw}”。")
        return raw

    def said(self, value: Any, names: Names) -> str:
        """是 or 否."""
        return "是" if value else "否"


@dataclass(frozen=True, slots=True)
class Nothing(ValueType):
    """A criterion without parameter."""

    def read(self, raw: Any, snapshot: Snapshot) -> None:
        """Only null."""
        if raw is not None:
            raise InvalidCriterion(f"此条件没有参数，不能填写“{raw}”。")

    def said(self, value: Any, names: Names) -> str:
        """Nothing to say."""
        return ""


@dataclass(frozen=True, slots=True)
class Text(ValueType):
    """Words that only a person can judge."""

    def read(self, raw: Any, snapshot: Snapshot) -> str:
        """Text of 1 to 200 characters."""
        if not isinstance(raw, str) or not 0 < len(raw.strip()) <= 200:
            raise InvalidCriterion("文字说明应为 1 至 200 字。")
        return raw.strip()


@dataclass(frozen=True, slots=True)
class Coded(Text):
    """Fact only: a code of the public tables, shown by the name of its longest prefix that has one."""

    prefixes: tuple[int, ...]

    def said(self, value: str, names: Names) -> str:
        """The name, or the code where it has none."""
        return next((names[value[:length]] for length in self.prefixes if value[:length] in names), value)


@dataclass(frozen=True, slots=True)
class Whole(ValueType):
    """A whole number of zero or more with its unit."""

    unit: str

    def read(self, raw: Any, snapshot: Snapshot) -> int:
        """A JSON integer."""
        if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw < 10**9:
            raise InvalidCriterion(f"应为不小于 0 的整数({self.unit})，不能是“{raw}”。")
        return raw

    def said(self, value: Any, names: Names) -> str:
        """`24个月`."""
        return f"{value}{self.unit}"


@dataclass(frozen=True, slots=True)
class Amount(ValueType):
    """Yuan, two places."""

    unit = "元"

    def read(self, raw: Any, snapshot: Snapshot) -> Decimal:
        """Yuan written as text (`"2000000.00"`) or as a whole number; not negative."""
        if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
            raise InvalidCriterion(f"金额应为数字（元），不能是“{raw}”。")
        try:
            amount = yuan(raw)
        except InvalidInput as error:
            raise InvalidCriterion(f"金额“{raw}”有误：{error.message}") from error
        if amount < 0:
            raise InvalidCriterion(f"金额不能是负数：“{raw}”。")
        return amount

    def write(self, value: Any) -> str:
        """Yuan as text."""
        return str(value)

    def column(self, value: Any) -> Any:
        """Fen."""
        return None if value is None else fen_from_yuan(value)

    def said(self, value: Any, names: Names) -> str:
        """`200万元`; to the fen where 万元 would round, so that no reason says 200万元 is below 200万元."""
        return format_yuan(value) if value % 100 else format_wan(value)


@dataclass(frozen=True, slots=True)
class Percent(ValueType):
    """Percent, at most two places; may be negative (growth)."""

    unit = "%"

    def read(self, raw: Any, snapshot: Snapshot) -> Decimal:
        """Percent written as text or whole number."""
        try:
            if isinstance(raw, bool | float):
                raise InvalidOperation
            value = Decimal(raw)
        except (InvalidOperation, TypeError, ValueError):
            raise InvalidCriterion(f"应为百分数，不能是“{raw}”。") from None
        if not value.is_finite() or value != value.quantize(Decimal("0.01")) or abs(value) >= 10**6:
            raise InvalidCriterion(f"百分数最多两位小数，不能是“{raw}”。")
        return value.quantize(Decimal("0.01"))

    def write(self, value: Any) -> str:
        """Percent as text."""
        return str(value)

    def column(self, value: Any) -> Any:
        """Hundredths of a percentage point."""
        return None if value is None else int(Decimal(value).scaleb(2))

    def said(self, value: Any, names: Names) -> str:
        """`4.35%`, and `60%` for a whole number."""
        return f"{str(value).removesuffix('.00')}%"


@dataclass(frozen=True, slots=True)
class Rate(Percent):
    """A yearly rate of interest, always said to two places as banks print it."""

    def said(self, value: Any, names: Names) -> str:
        """`5.00%`."""
        return f"{value}%"


@dataclass(frozen=True, slots=True)
class Choice(ValueType):
    """One of a few codes with Chinese labels."""

    labels: Mapping[str, str]

    def read(self, raw: Any, snapshot: Snapshot) -> str:
        """A known code."""
        if not isinstance(raw, str) or raw not in self.labels:
            raise InvalidCriterion(f"“{raw}”不在可选范围内：{'、'.join(self.labels.values())}。")
        return raw

    def said(self, value: Any, names: Names) -> str:
        """The label."""
        return self.labels.get(value, value)


@dataclass(frozen=True, slots=True)
class Choices(ValueType):
    """Several of a few codes with Chinese labels."""

    labels: Mapping[str, str]

    def read(self, raw: Any, snapshot: Snapshot) -> CodeSet:
        """A list of known codes, at least one, none twice."""
        codes = _codes(raw)
        for code in codes:
            if code not in self.labels:
                raise InvalidCriterion(f"“{code}”不在可选范围内：{'、'.join(self.labels.values())}。")
        return CodeSet(codes, frozenset(codes))

    def write(self, value: CodeSet) -> list[str]:
        """The codes asked."""
        return list(value.asked)

    def said(self, value: CodeSet, names: Names) -> str:
        """Labels in the order asked."""
        return "、".join(self.labels[code] for code in value.asked)


@dataclass(frozen=True, slots=True)
class Regions(ValueType):
    """Region codes, each with everything within it and the codes it had before."""

    def read(self, raw: Any, snapshot: Snapshot) -> CodeSet:
        """A list of region codes of the snapshot."""
        codes = _codes(raw)
        for code in codes:
            if code not in snapshot.regions:
                raise InvalidCriterion(f"没有行政区划“{code}”。")
        return CodeSet(codes, frozenset().union(*(snapshot.regions[code] for code in codes)))

    def write(self, value: CodeSet) -> list[str]:
        """The codes asked."""
        return list(value.asked)

    def said(self, value: CodeSet, names: Names) -> str:
        """Names in the order asked."""
        return "、".join(names.get(code, code) for code in value.asked)


@dataclass(frozen=True, slots=True)
class Named(ValueType):
    """Codes that the snapshot has a name for: industries (`C`, `F51`, `K7010`) or one list."""

    what: str
    single: bool = False

    def read(self, raw: Any, snapshot: Snapshot) -> CodeSet | str:
        """Codes that have a name."""
        codes = _codes([raw] if self.single else raw)
        for code in codes:
            if code not in snapshot.names:
                raise InvalidCriterion(f"没有{self.what}“{code}”。")
        return codes[0] if self.single else CodeSet(codes, frozenset(codes))

    def write(self, value: Any) -> Any:
        """The codes asked."""
        return value if self.single else list(value.asked)

    def said(self, value: Any, names: Names) -> str:
        """Names in the order asked."""
        return "、".join(names.get(code, code) for code in ((value,) if self.single else value.asked))


@dataclass(frozen=True, slots=True)
class Codes(ValueType):
    """Fact only: the codes that a subject holds."""

    labels: Mapping[str, str] = field(default_factory=dict)

    def read(self, raw: Any, snapshot: Snapshot) -> tuple[str, ...]:
        """A list of codes, which may be empty."""
        return () if raw == [] else _codes(raw)

    def write(self, value: Collection[str]) -> list[str]:
        """The codes in one order."""
        return sorted(value)

    def column(self, value: Any) -> Any:
        """A list in one order."""
        return None if value is None else sorted(value)

    def said(self, value: Collection[str], names: Names) -> str:
        """Labels, or 无."""
        return "、".join(self.labels.get(code, code) for code in sorted(value)) or "无"


@dataclass(frozen=True, slots=True)
class Between(ValueType):
    """From … to …, both included, of another type."""

    of: ValueType

    def read(self, raw: Any, snapshot: Snapshot) -> Range:
        """`{"low": …, "high": …}`, low not above high."""
        if not isinstance(raw, Mapping) or set(raw) != {"low", "high"}:
            raise InvalidCriterion("范围应写明下限和上限。")
        low, high = self.of.read(raw["low"], snapshot), self.of.read(raw["high"], snapshot)
        if low > high:
            raise InvalidCriterion(f"下限“{low}”大于上限“{high}”。")
        return Range(low, high)

    def write(self, value: Range) -> dict[str, Any]:
        """Both ends."""
        return {"low": self.of.write(value.low), "high": self.of.write(value.high)}

    def column(self, value: Any) -> Any:
        """Both ends as a column holds them."""
        return None if value is None else Range(self.of.column(value.low), self.of.column(value.high))

    def said(self, value: Range, names: Names) -> str:
        """`10万元至300万元`; one value where both ends agree, `不超过300万元` from zero."""
        low, high = self.of.said(value.low, names), self.of.said(value.high, names)
        if not value.low:
            return f"不超过{high}"
        return low if low == high else f"{low}至{high}"


def _codes(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or not raw or not all(isinstance(code, str) and code for code in raw):
        raise InvalidCriterion("至少选择一项。")
    if len(set(raw)) != len(raw):
        raise InvalidCriterion("同一项选择了两次。")
    return tuple(raw)
