"""What the figures of data quality count: one definition each, with unit and source. Pure.

A figure is made of whole counts (`Counts`), which add up over items and sources; rates divide at the end, rounded half
up to two places. A count of nothing is no rate: None, shown as «—».
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from apps.core.money import round_pct
from apps.core.months import add_months
from apps.core.workdays import WorkCalendar

DECISION, ON_DEMAND = "decision", "on_demand"
CADENCES: Final = [
    (DECISION, "作出决定后"),
    ("weekly", "每周"),
    ("monthly", "每月"),
    ("quarterly", "每季"),
    ("half_yearly", "每半年"),
    ("yearly", "每年"),
    (ON_DEMAND, "按需"),
]
_MONTHS_OF: Final = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
ON_TIME, LATE, MISSING, CONCEALED, PENDING = "on_time", "late", "missing", "concealed", "pending"
VERDICTS: Final = {ON_TIME: "按时", LATE: "迟报", MISSING: "漏报", CONCEALED: "疑似瞒报", PENDING: "未到期"}


class Period(NamedTuple):
    """What one delivery is expected for: both days belong to it."""

    start_on: date
    end_on: date

    @property
    def label(self) -> str:
        """A month as 2026-10, anything else by its first and last day."""
        if self.end_on == _month_end(self.start_on):
            return f"{self.start_on:%Y-%m}"
        return f"{self.start_on}至{self.end_on}"


def _month_end(start: date) -> date:
    return add_months(start.replace(day=1), 1) - timedelta(days=1)


def period_of(cadence: str, day: date) -> Period:
    """The period that a day lies in. KeyError for a cadence without periods."""
    if cadence == "weekly":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    length = _MONTHS_OF[cadence]
    start = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(start, add_months(start, length) - timedelta(days=1))


def periods(cadence: str, first_on: date, last_on: date) -> Iterator[Period]:
    """The periods from the one of `first_on` to the one of `last_on`; none for items without periods."""
    if cadence in (DECISION, ON_DEMAND):
        return
    period = period_of(cadence, first_on)
    while period.start_on <= last_on:
        yield period
        period = period_of(cadence, period.end_on + timedelta(days=1))


def due_on(period: Period, *, is_payment: bool, due_workdays: int, calendar: WorkCalendar) -> date:
    """The last day on which a delivery is on time.

    Duties of a period (tax, social insurance, power) can be told only after it: counted from its last day. Lists and
    extracts are delivered within their period: counted from the day before its first.
    """
    base = period.end_on if is_payment else period.start_on - timedelta(days=1)
    return calendar.add_workdays(base, due_workdays).on


def period_verdict(due: date, received_on: date | None, as_of_on: date) -> str:
    """按时 when received by the due day; 迟报 after it; 漏报 when the due day is over without; 未到期 before."""
    if received_on is not None and received_on <= as_of_on:
        return ON_TIME if received_on <= due else LATE
    return MISSING if due < as_of_on else PENDING


def decision_verdict(
    decided_on: date, received_on: date, *, workdays: int, concealed_after_workdays: int, calendar: WorkCalendar
) -> str:
    """双公示: on time within `workdays` of the decision (domain §1.4).

    One that comes up only after `concealed_after_workdays`, in some later extract, is 疑似瞒报 and not 迟报.
    """
    if received_on <= calendar.add_workdays(decided_on, workdays).on:
        return ON_TIME
    return LATE if received_on <= calendar.add_workdays(decided_on, concealed_after_workdays).on else CONCEALED


class Expected(NamedTuple):
    """A period that is owed, until when, and when it came (None: it has not)."""

    period: Period
    due_on: date
    received_on: date | None


def expected(
    *,
    cadence: str,
    is_payment: bool,
    due_workdays: int,
    since_on: date,
    as_of_on: date,
    calendar: WorkCalendar,
    months: Mapping[date, date],
    days: Sequence[date],
) -> list[Expected]:
    """The periods that have begun by `as_of_on` and were due on or after `since_on`, oldest first.

    A period of payments came on the first day on which a row of one of its months came (`months`: month → day); any
    other came with the first delivery since it began (`days`, sorted): a later full extract covers it.
    """
    found = []
    early = since_on - timedelta(days=400 + 2 * due_workdays)
    for period in periods(cadence, early, as_of_on):
        due = due_on(period, is_payment=is_payment, due_workdays=max(due_workdays, 1), calendar=calendar)
        if due < since_on:
            continue
        if is_payment:
            came = [on for month, on in months.items() if period.start_on <= month <= period.end_on]
        else:
            came = [on for on in days if on >= period.start_on][:1]
        found.append(Expected(period, due, min(came, default=None)))
    return found


def gaps(cadence: str, delivered: Sequence[date]) -> list[Period]:
    """Periods between the first and the newest delivered one that nothing came for (断档)."""
    if not delivered or cadence in (DECISION, ON_DEMAND):
        return []
    there = {period_of(cadence, day) for day in delivered}
    return [period for period in periods(cadence, min(delivered), max(delivered)) if period not in there]


@dataclass(frozen=True, slots=True)
class Counts:
    """Whole numbers of one source, item and month; `+` adds them up. `newest_on`: the newest day that data speak of."""

    deliveries: int = 0
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    held: int = 0
    duplicate: int = 0
    incomplete: int = 0
    on_time: int = 0
    late: int = 0
    missing: int = 0
    concealed: int = 0
    optional_cells: int = 0
    optional_filled: int = 0
    subjects: int = 0
    covered_subjects: int = 0
    active_subjects: int = 0
    contradictions: int = 0
    newest_on: date | None = None

    def __add__(self, other: "Counts") -> "Counts":
        added: dict[str, Any] = {
            name: getattr(self, name) + getattr(other, name) for name in COUNT_NAMES if name != NEWEST
        }
        days = [day for day in (self.newest_on, other.newest_on) if day is not None]
        return Counts(**added, newest_on=max(days, default=None))


NEWEST: Final = "newest_on"
COUNT_NAMES: Final = tuple(field.name for field in fields(Counts))
Compute = Callable[[Counts, date], Decimal | None]


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: what it counts in a sentence, its unit, where the rule comes from, how it is computed.

    `line_key` names the policy figure that it is held against; `is_better_high` says on which side of it.
    """

    slug: str
    label: str
    unit: str
    sentence: str
    source_document: str
    compute: Compute
    line_key: str = ""
    is_better_high: bool = True


def share_pct(part: int, whole: int) -> Decimal | None:
    """A share in percent to two places; None of nothing."""
    return round_pct(Decimal(part) * 100 / whole) if whole else None


def _count(name: str) -> Compute:
    return lambda counts, as_of_on: Decimal(getattr(counts, name))


def _due(counts: Counts) -> int:
    return counts.on_time + counts.late + counts.missing + counts.concealed


_KPI = "双公示考核用语：迟报、漏报、瞒报"
_OURS = "本平台口径"
DEFINITIONS: Final[tuple[Definition, ...]] = (
    Definition(
        "timely_pct",
        "及时率",
        "%",
        "按时报送的期数或决定数 ÷ 本月到期或收到的全部。双公示按自决定之日起的工作日，其他信息项按约定的频次与时限。",
        "行政许可和行政处罚信息公示要求；目录约定的更新频次",
        lambda counts, as_of_on: share_pct(counts.on_time, _due(counts)),
        "timeliness_min_pct",
    ),
    Definition("late", "迟报", "次", "到期之后才收到的期数或决定数。", _KPI, _count("late"), "", False),
    Definition("missing", "漏报", "次", "到期而至今没有收到的期数。", _KPI, _count("missing"), "", False),
    Definition(
        "concealed",
        "疑似瞒报",
        "件",
        "从别的来源得知而本单位没有报送的决定（例如修复结果所指的处罚），或远超时限后才在全量数据中出现的决定。须人工核实。",
        _KPI,
        _count("concealed"),
        "",
        False,
    ),
    Definition(
        "mandatory_pct",
        "必填完整率",
        "%",
        "没有因缺必填项被退回的数据行 ÷ 全部数据行。",
        _OURS,
        lambda counts, as_of_on: share_pct(counts.rows - counts.incomplete, counts.rows),
    ),
    Definition(
        "optional_pct",
        "选填完整率",
        "%",
        "本月入库的行中非空的选填项 ÷ 全部选填项。",
        _OURS,
        lambda counts, as_of_on: share_pct(counts.optional_filled, counts.optional_cells),
    ),
    Definition(
        "coverage_pct",
        "主体覆盖率",
        "%",
        "有该项数据的存续主体 ÷ 全部存续主体。只有一部分主体才会发生的事项（处罚、荣誉）自然较低。",
        _OURS,
        lambda counts, as_of_on: share_pct(counts.covered_subjects, counts.active_subjects),
    ),
    Definition(
        "acceptance_pct",
        "合规率",
        "%",
        "没有退回也不待处理的数据行 ÷ 全部数据行。",
        "省级规划：数据合规率不低于98%",
        lambda counts, as_of_on: share_pct(counts.rows - counts.rejected - counts.held, counts.rows),
        "compliance_min_pct",
    ),
    Definition(
        "duplicate_pct",
        "重复率",
        "%",
        "文件内重复或此前已入库的数据行 ÷ 全部数据行。全量报送的信息项自然较高。",
        _OURS,
        lambda counts, as_of_on: share_pct(counts.duplicate, counts.rows),
        "",
        False,
    ),
    Definition(
        "contradictions",
        "部门间矛盾",
        "处",
        "与其他单位对同一主体的名称、登记状态、法定代表人或人数说法不一。双方数据都保留，由双方核对。",
        _OURS,
        _count("contradictions"),
        "",
        False,
    ),
    Definition(
        "freshness_days",
        "数据时效",
        "天",
        "统计日距最新数据所属期（缴费类）或最近一次报送（其他）的天数。",
        _OURS,
        lambda counts, as_of_on: None if counts.newest_on is None else Decimal((as_of_on - counts.newest_on).days),
        "",
        False,
    ),
)
DEFINITION_BY_SLUG: Final = {definition.slug: definition for definition in DEFINITIONS}
LINE_KEYS: Final = tuple(definition.line_key for definition in DEFINITIONS if definition.line_key)


@dataclass(frozen=True, slots=True)
class Value:
    """A figure as it is shown: `text` with its unit, `change` against the month before («» where there is nothing to
    compare), and whether it lies on the wrong side of its line.
    """

    slug: str
    label: str
    text: str
    change: str = ""
    is_below_line: bool = False


def month_of(day: date) -> date:
    """The first day of the month of a day, which names the month."""
    return day.replace(day=1)


def values(
    counts: Counts,
    as_of_on: date,
    lines: Mapping[str, Decimal],
    previous: tuple[Counts, date] | None = None,
) -> tuple[Value, ...]:
    """Every figure of `counts` in the order of `DEFINITIONS`. `lines` are policy figures by key."""
    found = []
    for definition in DEFINITIONS:
        value = definition.compute(counts, as_of_on)
        before = definition.compute(*previous) if previous else None
        line = lines.get(definition.line_key)
        is_below = line is not None and value is not None and (value < line) == definition.is_better_high
        found.append(
            Value(
                definition.slug,
                definition.label,
                _text(value, definition.unit),
                _change(value, before, definition.unit),
                is_below and value != line,
            )
        )
    return tuple(found)


def _text(value: Decimal | None, unit: str) -> str:
    return "—" if value is None else f"{value.normalize():f}{unit}"


def _change(value: Decimal | None, before: Decimal | None, unit: str) -> str:
    if value is None or before is None:
        return ""
    if value == before:
        return "与上月持平"
    points = "个百分点" if unit == "%" else unit
    return f"较上月{'升' if value > before else '降'}{abs(value - before).normalize():f}{points}"


def advice(name: str, counts: Counts, lines: Mapping[str, Decimal], gap_labels: Sequence[str]) -> list[str]:
    """What the sender should do about an item, in plain sentences; none where all is well."""
    said = []
    if counts.missing:
        said.append(f"“{name}”有{counts.missing}期到期未报，请立即报送；确无数据的，报送空表并说明。")
    if gap_labels:
        said.append(f"“{name}”缺{'、'.join(gap_labels)}的数据，请补报。")
    if counts.late:
        said.append(f"“{name}”有{counts.late}次迟报，请在约定时限内报送。")
    if counts.concealed:
        said.append(f"“{name}”有{counts.concealed}件决定疑似应报未报，请逐件核对并补报。")
    acceptance = DEFINITION_BY_SLUG["acceptance_pct"].compute(counts, date.min)
    if acceptance is not None and acceptance < lines["compliance_min_pct"]:
        said.append(
            f"“{name}”合规率{_text(acceptance, '%')}，低于{_text(lines['compliance_min_pct'], '%')}："
            f"退回{counts.rejected}行、待处理{counts.held}行，请下载退回的行更正后重报。"
        )
    if counts.incomplete:
        said.append(f"“{name}”有{counts.incomplete}行缺必填项，请补齐后重报。")
    if counts.contradictions:
        said.append(f"“{name}”与其他单位有{counts.contradictions}处说法不一，请与对方核对，有误的一方更正重报。")
    return said


def headcounts_differ(registered: int, insured: int, *, tolerance_pct: Decimal, tolerance_persons: int) -> bool:
    """Whether two headcounts of one firm contradict: they differ by more than `tolerance_persons` and by more than
    `tolerance_pct` of the larger one (the annual report is of last year, insurance of this month).
    """
    difference = abs(registered - insured)
    return difference > tolerance_persons and difference * 100 > tolerance_pct * max(registered, insured)


CONTRADICTIONS: Final = {
    "name": "名称",
    "status": "登记状态",
    "legal_representative": "法定代表人",
    "headcount": "人数",
}
