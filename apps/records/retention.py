"""保存期限: how long what was delivered is kept, from which day that is counted, and what happens at the end. Pure.

The months are the catalogue's (`retention_months`, the published 保存期限), where no dated rule says otherwise; the day
from which they count follows from the shape, where no rule says otherwise. Nothing goes without a proof.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from apps.core.months import add_months

DELETE, CLOSE = "delete", "close"
ACTIONS: Final = [(DELETE, "删除"), (CLOSE, "停用")]
KEPT: Final = [
    ("payment", "缴费记录"),
    ("event", "事项记录"),
    ("holding", "持有记录"),
    ("rejected", "退回的行"),
    ("held", "已处理的待处理行"),
    ("file", "报送文件"),
]

PERIOD_END, ENDED, PUBLICITY_END, HELD_FROM, SUPERSEDED = "period_end", "ended", "publicity", "held_from", "superseded"
RECEIVED, DECIDED = "received", "decided"
BASES: Final = [
    (PERIOD_END, "所属期止"),
    (ENDED, "有效期止，无有效期的自发生之日"),
    (PUBLICITY_END, "公示期满"),
    (HELD_FROM, "起始日期"),
    (SUPERSEDED, "被更正之日"),
    (RECEIVED, "接收之日"),
    (DECIDED, "处理之日"),
]
DEFAULT_BASES: Final = {"payment": PERIOD_END, "event": ENDED, "holding": SUPERSEDED}
FITTING: Final[Mapping[str, frozenset[str]]] = {
    "payment": frozenset({PERIOD_END, SUPERSEDED}),
    "event": frozenset({ENDED, PUBLICITY_END, SUPERSEDED}),
    "holding": frozenset({HELD_FROM, SUPERSEDED}),
    "rejected": frozenset({RECEIVED}),
    "held": frozenset({DECIDED}),
    "file": frozenset({RECEIVED}),
}
"""From which days the retention of a thing can be counted at all. A row without that day counts from its recording."""


@dataclass(frozen=True, slots=True)
class Retention:
    """One thing to do at the end of a period: what is `kept` (a shape, rejected, held, file) of which item."""

    kept: str
    item_code: str
    action: str
    counts_from: str
    months: int

    def __post_init__(self) -> None:
        if self.counts_from not in FITTING[self.kept]:
            raise ValueError(f"{self.item_code}: {self.kept} cannot be counted from {self.counts_from}")
        if self.months < 1:
            raise ValueError(f"{self.item_code}: kept for {self.months} months")

    @property
    def sentence(self) -> str:
        """The rule in Chinese."""
        return f"自{dict(BASES)[self.counts_from]}起{self.months}个月后{dict(ACTIONS)[self.action]}"

    def is_over(self, base: date, business_date: date) -> bool:
        """Whether the period that began on `base` is over. The same sum is in `records_retire` (a test compares)."""
        return add_months(base, self.months) <= business_date


@dataclass(frozen=True, slots=True)
class Kept:
    """An item as retention sees it."""

    code: str
    shape: str
    months: int


@dataclass(frozen=True, slots=True)
class DatedRule:
    """A rule in force: see models.RetentionRule."""

    item_code: str
    action: str
    counts_from: str
    months: int | None


def plan(
    items: Sequence[Kept], rules: Iterable[DatedRule], *, rejected_months: int, held_months: int
) -> list[Retention]:
    """Everything that retention does, in the order of the items. ValueError for a rule that does not fit its item.

    Files are kept as long as the item's catalogue says, since a replay of an intake needs them no longer than that.
    """
    by_item: dict[str, list[DatedRule]] = {}
    for rule in rules:
        by_item.setdefault(rule.item_code, []).append(rule)
    planned = []
    for item in items:
        given = by_item.get(item.code) or [DatedRule(item.code, DELETE, DEFAULT_BASES[item.shape], None)]
        planned += [
            Retention(item.shape, item.code, rule.action, rule.counts_from, rule.months or item.months)
            for rule in given
        ]
        planned.append(Retention("rejected", item.code, DELETE, RECEIVED, rejected_months))
        planned.append(Retention("held", item.code, DELETE, DECIDED, held_months))
        planned.append(Retention("file", item.code, DELETE, RECEIVED, item.months))
    return planned
