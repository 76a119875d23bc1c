"""What may be decided about a held row, by which reason it is held. Pure.

A decision speaks of a group: all rows of one key of a delivery (一主体多码: of one name). One row of a group at most
becomes a fact; the others are decided with it, so that no key stays half decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from apps.core.errors import InvalidInput
from apps.records.reasons import LABELS

ACCEPT, ASSIGN, DISMISS = "accept", "assign", "dismiss"
ACCEPT_FIRST, ACCEPT_LAST = "accept_first", "accept_last"

# Same key, several rows: whoever accepts one says thereby that the others are wrong.
EXCLUSIVE: Final = ("conflict", "one_code_many_subjects")
# Retried by the platform whenever what they wait for may have come; nobody can accept them before.
RETRIED: Final = ("unknown_subject", "nothing_to_correct")


@dataclass(frozen=True, slots=True)
class Decision:
    """`verb` is the transition in `workflow.HELD_ROW`; `reasons` those of the rows that it can decide.

    `for_all`: also offered for everything that a filter finds.
    """

    slug: str
    label: str
    verb: str
    reasons: frozenset[str]
    for_all: bool


_WAITING_FOR_PEOPLE: Final = frozenset({*EXCLUSIVE, "one_subject_many_codes", "other_source", "overtaken"})

DECISIONS: Final = {
    each.slug: each
    for each in (
        Decision(ACCEPT, "采纳入库", "accept", _WAITING_FOR_PEOPLE, False),
        Decision(ACCEPT_LAST, "每个主键采纳最后一行", "accept", _WAITING_FOR_PEOPLE, True),
        Decision(ACCEPT_FIRST, "每个主键采纳第一行", "accept", _WAITING_FOR_PEOPLE, True),
        Decision(ASSIGN, "归入所选主体", "assign", frozenset({"one_subject_many_codes"}), False),
        Decision(DISMISS, "不予入库", "dismiss", frozenset({*_WAITING_FOR_PEOPLE, *RETRIED}), True),
    )
}


def decision_of(slug: str) -> Decision:
    """Raises InvalidInput for one that does not exist."""
    try:
        return DECISIONS[slug]
    except KeyError:
        raise InvalidInput("没有这种处理方式。") from None


def refuse_unfit(decision: Decision, reasons: Iterable[str]) -> None:
    """Raises InvalidInput, naming the kinds of rows that the decision does not fit."""
    unfit = sorted({LABELS[reason] for reason in reasons if reason not in decision.reasons})
    if unfit:
        raise InvalidInput(f"“{'、'.join(unfit)}”的行不能“{decision.label}”。")
