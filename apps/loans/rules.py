"""What a payment pays, how late a loan is and what that makes of it, and the days a bank has to answer.

Pure: frozen facts in, frozen verdicts out. Thresholds and periods come in as arguments; they are dated rows of
`reference.PolicyFigure`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from apps.core.errors import InvalidInput
from apps.core.money import format_wan, format_yuan
from apps.core.workdays import DueDate, WorkCalendar
from apps.loans.schedule import InterestBasis, PlannedInstalment, accrued_interest_yuan
from apps.products.terms import Terms

_ZERO: Final = Decimal("0.00")
NORMAL: Final = "normal"
RISK_LABELS: Final = {
    NORMAL: "正常",
    "special_mention": "关注",
    "substandard": "次级",
    "doubtful": "可疑",
    "loss": "损失",
}
NON_PERFORMING: Final = ("substandard", "doubtful", "loss")


class Overpayment(InvalidInput):
    """More was paid than principal and interest still open."""

    code = "overpayment"
    title = "还款金额有误"


@dataclass(frozen=True, slots=True)
class Due:
    """An instalment as it stands: planned and paid, in yuan."""

    number: int
    due_on: date
    principal_yuan: Decimal
    interest_yuan: Decimal
    paid_principal_yuan: Decimal = _ZERO
    paid_interest_yuan: Decimal = _ZERO

    @property
    def open_principal_yuan(self) -> Decimal:
        """Principal not yet paid."""
        return self.principal_yuan - self.paid_principal_yuan

    @property
    def open_interest_yuan(self) -> Decimal:
        """Interest not yet paid."""
        return self.interest_yuan - self.paid_interest_yuan

    @property
    def open_yuan(self) -> Decimal:
        """Everything not yet paid."""
        return self.open_principal_yuan + self.open_interest_yuan


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one payment gives to one instalment."""

    number: int
    interest_yuan: Decimal
    principal_yuan: Decimal


def allocate(amount_yuan: Decimal, dues: Iterable[Due]) -> tuple[Allocation, ...]:
    """Spread a payment over the instalments: the oldest first, in each one interest before principal (先息后本).

    `amount_yuan` > 0 to the fen. Instalments not yet due are paid ahead as planned. Raises Overpayment when money is
    left over.
    """
    if amount_yuan <= 0:
        raise ValueError(f"a payment is positive: {amount_yuan}")
    rest = amount_yuan
    allocations = []
    for due in sorted(dues, key=lambda due: due.number):
        interest = min(rest, due.open_interest_yuan)
        principal = min(rest - interest, due.open_principal_yuan)
        if interest or principal:
            allocations.append(Allocation(due.number, interest, principal))
        rest -= interest + principal
    if rest:
        raise _overpayment(amount_yuan - rest)
    return tuple(allocations)


def split_revolving(
    *, open_due: Due, from_on: date, paid_on: date, amount_yuan: Decimal, rate_pct: Decimal, basis: InterestBasis
) -> tuple[PlannedInstalment, ...]:
    """随借随还: cut the one open instalment at the day of a payment, interest counted on the balance by days.

    Returns the instalment that ends on that day (interest accrued since `from_on`, principal as far as the payment
    reaches) and, if a balance remains, the one that runs on to maturity. A payment that does not cover the accrued
    interest, or comes at maturity or later, cuts nothing: empty. Raises Overpayment; ValueError if the days run
    backwards.
    """
    if paid_on >= open_due.due_on:
        return ()
    balance = open_due.principal_yuan
    accrued = accrued_interest_yuan(balance, rate_pct, from_on, paid_on, basis)
    reach = open_due.paid_interest_yuan + amount_yuan - accrued
    if reach < 0:
        return ()
    if reach > balance:
        raise _overpayment(amount_yuan - (reach - balance))
    ended = PlannedInstalment(open_due.number, from_on, paid_on, reach, accrued)
    if reach == balance:
        return (ended,)
    rest = balance - reach
    interest = accrued_interest_yuan(rest, rate_pct, paid_on, open_due.due_on, basis)
    return (ended, PlannedInstalment(open_due.number + 1, paid_on, open_due.due_on, rest, interest))


def _overpayment(owed_yuan: Decimal) -> Overpayment:
    return Overpayment(
        f"还款金额超过当日应还本息合计 {format_yuan(owed_yuan)}，请核对。",
        fields={"amount_yuan": f"最多 {format_yuan(owed_yuan)}。"},
    )


def overdue_days(dues: Iterable[Due], on: date) -> int:
    """Days since the oldest instalment that is not fully paid fell due; 0 while none is late.

    The day after the due day is the first day overdue.
    """
    late = [due.due_on for due in dues if due.open_yuan > 0 and due.due_on < on]
    return (on - min(late)).days if late else 0


@dataclass(frozen=True, slots=True)
class RiskBands:
    """Days overdue from which a loan is at least of a class.

    Source: 商业银行金融资产风险分类办法 (2023-07-01); the figures are rows of `reference.PolicyFigure`, marked as
    recalled. Special mention counts from its figure on, the three non-performing classes beyond theirs (超过).
    """

    special_mention_from: int
    substandard_over: int
    doubtful_over: int
    loss_over: int

    @classmethod
    def of(cls, figures: Mapping[str, Decimal]) -> "RiskBands":
        """From the policy figures in force on a day. KeyError names a missing one."""
        keys = ("special_mention", "substandard", "doubtful", "loss")
        return cls(*(int(figures[f"{key}_overdue_days"]) for key in keys))


def risk_class(days: int, bands: RiskBands) -> str:
    """The class that the days overdue alone call for; a bank may class worse, never better, on other grounds."""
    if days > bands.loss_over:
        return "loss"
    if days > bands.doubtful_over:
        return "doubtful"
    if days > bands.substandard_over:
        return "substandard"
    return "special_mention" if days >= bands.special_mention_from else NORMAL


def offences(amount_yuan: Decimal, term_months: int, terms: Terms) -> dict[str, str]:
    """Field → sentence for each limit of the product that the wish breaks; empty when it fits."""
    found = {}
    if amount_yuan > terms.amount_max_yuan:
        found["amount_yuan"] = f"该产品最高可贷 {format_wan(terms.amount_max_yuan)}。"
    elif terms.amount_min_yuan is not None and amount_yuan < terms.amount_min_yuan:
        found["amount_yuan"] = f"该产品最低可贷 {format_wan(terms.amount_min_yuan)}。"
    if term_months > terms.term_max_months:
        found["term_months"] = f"该产品期限最长 {terms.term_max_months} 个月。"
    elif terms.term_min_months is not None and term_months < terms.term_min_months:
        found["term_months"] = f"该产品期限最短 {terms.term_min_months} 个月。"
    return found


def contact_due(submitted_on: date, workdays: int, calendar: WorkCalendar) -> DueDate:
    """The day by which the bank takes an application up: `workdays` working days after it came in."""
    return calendar.add_workdays(submitted_on, workdays)


def decide_due_on(complete_on: date, days: int) -> date:
    """The day by which the bank decides: calendar days after complete materials (金发〔2024〕32号: 30)."""
    return complete_on + timedelta(days=days)


def is_late(due_on: date | None, done_on: date | None, on: date) -> bool:
    """Whether a step was done after its day, or is not done and its day is past."""
    return due_on is not None and (done_on or on) > due_on


def is_finished(
    *, open_drawdowns: int, available_yuan: Decimal, is_revolving: bool, valid_to_on: date, on: date
) -> bool:
    """Whether nothing more can happen on a credit line: nothing is owed or reserved, and nothing can be drawn."""
    usable = on < valid_to_on and (is_revolving or available_yuan > 0)
    return not open_drawdowns and not usable
