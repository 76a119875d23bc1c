"""Who comes on the list, who falls off and why, and the days a bank has to answer.

Pure. Entry is a set of criteria of `apps.criteria` kept with the programme; `default_criteria` is the platform's entry
rule (domain: 白名单, ours) with the figures of the day. Exit and clocks are here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from apps.core.workdays import DueDate, WorkCalendar

# A firm that meets every criterion but has not agreed to be recommended stays off the list, under this code.
CONSENT_SLUG: Final = "push_consent"
CONSENT_LABEL: Final = "同意向金融机构推荐"

ACCEPTED_TAX_GRADES: Final = ("A", "B", "M")


def default_criteria(figures: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    """The entry rule of the platform in the language of `apps.criteria`. KeyError names a missing policy figure."""
    return [
        {"slug": "status_active", "value": None},
        {"slug": "no_block_whitelist", "value": None},
        {"slug": "age_months_min", "value": int(figures["whitelist_min_age_months"])},
        {"slug": "tax_grade_in", "value": list(ACCEPTED_TAX_GRADES)},
        {"slug": "score_min", "value": int(figures["whitelist_min_score"])},
        {"slug": "coverage_min", "value": str(figures["whitelist_min_coverage_pct"])},
    ]


class ExitReason(StrEnum):
    """Why a listing ended."""

    BLOCKED = "blocked"
    INACTIVE = "inactive"
    EXPIRED = "expired"
    CONSENT_ENDED = "consent_ended"
    OPTED_OUT = "opted_out"
    REMOVED = "removed"


EXIT_LABELS: Final = {
    ExitReason.BLOCKED: "出现不得列入白名单的失信记录",
    ExitReason.INACTIVE: "登记状态不再为存续",
    ExitReason.EXPIRED: "有效期届满",
    ExitReason.CONSENT_ENDED: "授权已撤回或到期",
    ExitReason.OPTED_OUT: "企业主动退出",
    ExitReason.REMOVED: "主管部门移出",
}

# After these the banks that hold the recommendation are told at once and an open one is recalled.
RECALLING_REASONS: Final = frozenset(ExitReason) - {ExitReason.EXPIRED}


@dataclass(frozen=True, slots=True)
class ListedFacts:
    """What the daily re-check looks at; None: not known."""

    valid_to_on: date
    status: str | None
    has_block_whitelist: bool | None
    has_consent: bool


def exit_reason(facts: ListedFacts, on: date) -> ExitReason | None:
    """Why a listed firm leaves on this day; None while it stays.

    The gravest reason counts. What is not known removes nobody: it took a known fact to come on the list, and it takes
    one to fall off. `valid_to_on` is the first day that is no longer covered.
    """
    if facts.has_block_whitelist:
        return ExitReason.BLOCKED
    if facts.status is not None and facts.status != "active":
        return ExitReason.INACTIVE
    if not facts.has_consent:
        return ExitReason.CONSENT_ENDED
    return ExitReason.EXPIRED if on >= facts.valid_to_on else None


def contact_by(pushed_on: date, workdays: int, calendar: WorkCalendar) -> DueDate:
    """The day by which the bank gets in touch: working days after the push."""
    return calendar.add_workdays(pushed_on, workdays)


def decide_by_on(accepted_on: date, days: int) -> date:
    """The day by which the bank decides: calendar days after it took the case up (金发〔2024〕32号: 30)."""
    return accepted_on + timedelta(days=days)
