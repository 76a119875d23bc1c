"""Products on offer, applications and loans at any stage, made through the services."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.loans import services
from apps.loans.models import Application, CreditLine, Drawdown
from apps.products.models import ProductVersion
from apps.products.services import draft_product, publish_version, submit_version
from apps.products.terms import Terms
from tests.consents.factories import give
from tests.support.cast import Cast, Person

TERMS = Terms(
    amount_min_yuan=Decimal("10000.00"),
    amount_max_yuan=Decimal("3000000.00"),
    term_min_months=1,
    term_max_months=36,
    lpr_tenor="1Y",
    bps_min=50,
    bps_max=150,
    guarantee_types=("credit",),
    repayment_types=("revolving", "equal_instalments", "monthly_interest", "bullet"),
    promised_days=1,
    first_loan="accepted",
    renewal="yes",
)
CRITERIA = [{"slug": "tax_grade_in", "value": ["A", "B", "M"]}]


def publish(
    officer: Person, approver: Person, now: datetime, name: str = "岐丰税信贷", **changes: Any
) -> ProductVersion:
    """A product of the bank, published from today on."""
    today = now.date()
    version = draft_product(
        actor=officer.actor,
        organization=officer.organization,
        name=name,
        terms=replace(TERMS, **changes),
        criteria=CRITERIA,
        business_date=today,
        now=now,
    )
    submit_version(actor=officer.actor, version=version, now=now)
    version.refresh_from_db()
    publish_version(actor=approver.actor, version=version, effective_from=today, business_date=today, now=now)
    version.refresh_from_db()
    return version


@dataclass
class Loans:
    """The cast with one product on offer; each method brings an application one step further."""

    cast: Cast
    now: datetime
    version: ProductVersion

    def draft(self, **changes: Any) -> Application:
        """An application of 宏远制造, by its accountant, for 500 000 yuan over 12 months."""
        return services.draft_application(
            actor=self.cast.accountant.actor,
            product_version=self.version,
            now=self.now,
            **({"amount_yuan": Decimal(500000), "term_months": 12, "purpose": "working_capital"} | changes),
        )

    def submit(self, **changes: Any) -> Application:
        """Submitted by the owner, who has consented."""
        give(self.cast.owner, now=self.now, grantee=self.cast.bank_officer)
        application = self.draft(**changes)
        return services.submit_application(actor=self.cast.owner.actor, application=application, now=self.now)

    def accept(self, **changes: Any) -> Application:
        """Accepted by the officer."""
        return services.accept_application(
            actor=self.cast.bank_officer.actor, application=self.submit(**changes), now=self.now
        )

    def approve(self, kind: str = "equal_instalments", **changes: Any) -> CreditLine:
        """Approved by the approver: the whole amount at 4.35 % for 12 months."""
        return services.approve_application(
            actor=self.cast.bank_approver.actor,
            application=self.accept(),
            approval=replace(
                services.Approval(
                    approved_yuan=Decimal(500000),
                    rate_pct=Decimal("4.35"),
                    repayment_kind=kind,
                    guarantee="credit",
                    valid_months=12,
                ),
                **changes,
            ),
            now=self.now,
        )

    def reserve(self, line: CreditLine, reference: str = "JJ-1", amount: str = "300000", **changes: Any) -> Drawdown:
        """Reserved by the officer."""
        return services.reserve_drawdown(
            actor=self.cast.bank_officer.actor,
            application=line.application,
            wanted=replace(order(reference, amount), **changes),
            now=self.now,
        )

    def post(self, line: CreditLine, reference: str = "JJ-1", amount: str = "300000", **changes: Any) -> Drawdown:
        """Paid out today."""
        drawdown = self.reserve(line, reference, amount, **changes)
        return services.post_drawdown(
            actor=self.cast.bank_officer.actor, drawdown=drawdown, disbursed_on=self.now.date(), now=self.now
        )

    def repay(
        self, drawdown: Drawdown, amount: str, on: date, reference: str = "HK-1", at: datetime | None = None
    ) -> Any:
        """A repayment reported on the day."""
        at = at or self.now.replace(year=on.year, month=on.month, day=on.day)
        return services.record_repayment(
            actor=self.cast.bank_officer.actor,
            drawdown=drawdown,
            bank_reference=reference,
            amount_yuan=Decimal(amount),
            paid_on=on,
            now=at,
        )


def order(reference: str = "JJ-1", amount: str = "300000") -> services.Disbursement:
    """300 000 yuan at 4.35 % over 12 months, a first loan."""
    return services.Disbursement(
        bank_reference=reference,
        amount_yuan=Decimal(amount),
        rate_pct=Decimal("4.35"),
        term_months=12,
        is_first_loan=True,
    )
