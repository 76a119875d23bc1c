"""Repayment plans: what falls due when, in principal and in interest, to the fen.

Pure. Every interest figure is rounded half up to the fen; the last instalment takes what rounding left over, so that
the principal of a plan always adds up to the amount lent.

Basis of interest:
- MONTH: annual rate / 12 for each month, whatever its days. The custom for 等额本息 and 等额本金.
- ACT_360: actual days × annual rate / 360, the custom for everything that is counted by days.
- ACT_365: actual days × annual rate / 365.
The loan contract decides; the defaults below are this platform's and each plan names the basis it was made on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final

from apps.core.money import round_yuan
from apps.core.months import add_months

LONGEST_MONTHS: Final = 600
_ZERO: Final = Decimal("0.00")


class RepaymentKind(StrEnum):
    """How a loan is paid back; the codes and Chinese names are those of `products.terms.REPAYMENTS`."""

    EQUAL_INSTALMENTS = "equal_instalments"
    EQUAL_PRINCIPAL = "equal_principal"
    MONTHLY_INTEREST = "monthly_interest"
    QUARTERLY_INTEREST = "quarterly_interest"
    BULLET = "bullet"
    REVOLVING = "revolving"


class InterestBasis(StrEnum):
    """How time is turned into interest; see the head of this module."""

    MONTH = "month"
    ACT_360 = "act_360"
    ACT_365 = "act_365"


DEFAULT_BASIS: Final = {
    RepaymentKind.EQUAL_INSTALMENTS: InterestBasis.MONTH,
    RepaymentKind.EQUAL_PRINCIPAL: InterestBasis.MONTH,
    RepaymentKind.MONTHLY_INTEREST: InterestBasis.ACT_360,
    RepaymentKind.QUARTERLY_INTEREST: InterestBasis.ACT_360,
    RepaymentKind.BULLET: InterestBasis.ACT_360,
    RepaymentKind.REVOLVING: InterestBasis.ACT_360,
}
_DAYS_PER_YEAR: Final = {InterestBasis.ACT_360: 360, InterestBasis.ACT_365: 365}
_MONTHS_PER_PERIOD: Final = {
    RepaymentKind.EQUAL_INSTALMENTS: 1,
    RepaymentKind.EQUAL_PRINCIPAL: 1,
    RepaymentKind.MONTHLY_INTEREST: 1,
    RepaymentKind.QUARTERLY_INTEREST: 3,
}


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """What is lent: yuan > 0 to the fen, annual rate in percent ≥ 0, whole months. ValueError otherwise."""

    kind: RepaymentKind
    amount_yuan: Decimal
    rate_pct: Decimal
    term_months: int
    disbursed_on: date
    basis: InterestBasis

    def __post_init__(self) -> None:
        if self.amount_yuan <= 0 or self.amount_yuan != round_yuan(self.amount_yuan):
            raise ValueError(f"amount must be positive and whole fen: {self.amount_yuan}")
        if self.rate_pct < 0:
            raise ValueError(f"rate must not be negative: {self.rate_pct}")
        if not 1 <= self.term_months <= LONGEST_MONTHS:
            raise ValueError(f"term must be 1 to {LONGEST_MONTHS} months: {self.term_months}")
        if self.kind == RepaymentKind.EQUAL_INSTALMENTS and self.basis != InterestBasis.MONTH:
            raise ValueError("level payments need interest by whole months")
        if self.kind == RepaymentKind.REVOLVING and self.basis == InterestBasis.MONTH:
            raise ValueError("a revolving loan needs interest by days")

    @property
    def matures_on(self) -> date:
        """The day of the last payment."""
        return add_months(self.disbursed_on, self.term_months)


@dataclass(frozen=True, slots=True)
class PlannedInstalment:
    """One payment: interest runs over [from_on, due_on)."""

    number: int
    from_on: date
    due_on: date
    principal_yuan: Decimal
    interest_yuan: Decimal

    @property
    def total_yuan(self) -> Decimal:
        """Principal and interest together."""
        return self.principal_yuan + self.interest_yuan


def plan(terms: LoanTerms) -> tuple[PlannedInstalment, ...]:
    """The instalments of a loan, oldest first. Due days are those of disbursement, at month ends the last day.

    按季付息 counts its quarters from disbursement, and a term that is no multiple of three months ends with a short
    period. 随借随还 is planned as if nothing were paid before maturity; `apps.loans.rules.split_revolving` re-plans it
    at each repayment.
    """
    instalments = tuple(_instalments(terms))
    repaid = sum((instalment.principal_yuan for instalment in instalments), _ZERO)
    if repaid != terms.amount_yuan or any(min(row.principal_yuan, row.interest_yuan) < 0 for row in instalments):
        raise AssertionError(f"plan of {terms} repays {repaid}")
    return instalments


def _instalments(terms: LoanTerms) -> Iterator[PlannedInstalment]:
    step = _MONTHS_PER_PERIOD.get(terms.kind, terms.term_months)
    ends = (*range(step, terms.term_months, step), terms.term_months)
    regular = _regular_yuan(terms, len(ends))
    balance, begun = round_yuan(terms.amount_yuan), 0
    for number, months in enumerate(ends, start=1):
        start, end = add_months(terms.disbursed_on, begun), add_months(terms.disbursed_on, months)
        interest = _interest_yuan(balance, terms, start, end, months - begun)
        wanted = regular - interest if terms.kind == RepaymentKind.EQUAL_INSTALMENTS else regular
        # Fen rounded up early can pay a tiny loan off before its last instalment.
        principal = balance if number == len(ends) else min(balance, max(_ZERO, wanted))
        yield PlannedInstalment(number, start, end, principal, interest)
        balance, begun = balance - principal, months


def _regular_yuan(terms: LoanTerms, count: int) -> Decimal:
    if terms.kind == RepaymentKind.EQUAL_INSTALMENTS:
        return equal_instalment_yuan(terms.amount_yuan, terms.rate_pct, count)
    return round_yuan(terms.amount_yuan / count) if terms.kind == RepaymentKind.EQUAL_PRINCIPAL else _ZERO


def _interest_yuan(balance: Decimal, terms: LoanTerms, start: date, end: date, months: int) -> Decimal:
    if terms.basis == InterestBasis.MONTH:
        return round_yuan(balance * terms.rate_pct * months / 1200)
    return accrued_interest_yuan(balance, terms.rate_pct, start, end, terms.basis)


def equal_instalment_yuan(amount_yuan: Decimal, rate_pct: Decimal, count: int) -> Decimal:
    """The level monthly payment of 等额本息: A·r·(1+r)ⁿ / ((1+r)ⁿ − 1), r the monthly rate; A / n at a rate of zero."""
    with localcontext(prec=60):
        rate = rate_pct / 1200
        growth = (1 + rate) ** count
        payment = amount_yuan * rate * growth / (growth - 1) if growth != 1 else amount_yuan / count
    return round_yuan(payment)


def accrued_interest_yuan(
    balance_yuan: Decimal, rate_pct: Decimal, start: date, end: date, basis: InterestBasis
) -> Decimal:
    """Interest in yuan by actual days over [start, end). ValueError on basis MONTH or days that run backwards."""
    if basis == InterestBasis.MONTH or end < start:
        raise ValueError(f"no daily interest on basis {basis} from {start} to {end}")
    return round_yuan(balance_yuan * rate_pct * (end - start).days / (100 * _DAYS_PER_YEAR[basis]))
