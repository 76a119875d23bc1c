"""Writes of the loan business: applications, decisions, drawdowns, repayments, the night."""

from apps.loans.services.applications import (
    ConsentNeeded,
    draft_application,
    revise_application,
    submit_application,
    withdraw_application,
)
from apps.loans.services.decisions import (
    LONGEST_LINE_MONTHS,
    Approval,
    SecondPersonNeeded,
    accept_application,
    approve_application,
    refuse_application,
    return_application,
)
from apps.loans.services.drawdowns import (
    Disbursement,
    LimitExceeded,
    post_drawdown,
    reserve_drawdown,
    void_drawdown,
)
from apps.loans.services.night import roll_day
from apps.loans.services.repayments import record_repayment

__all__ = [
    "LONGEST_LINE_MONTHS",
    "Approval",
    "ConsentNeeded",
    "Disbursement",
    "LimitExceeded",
    "SecondPersonNeeded",
    "accept_application",
    "approve_application",
    "draft_application",
    "post_drawdown",
    "record_repayment",
    "refuse_application",
    "reserve_drawdown",
    "return_application",
    "revise_application",
    "roll_day",
    "submit_application",
    "void_drawdown",
    "withdraw_application",
]
