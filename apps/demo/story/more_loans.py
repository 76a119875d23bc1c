"""Step 9: other firms apply too and are at different points with their banks, so that no work list is empty."""

from decimal import Decimal

from apps.accounts.models import Membership
from apps.core.actor import Actor, Role
from apps.demo.people import MAIN_FIRM
from apps.demo.report import Step
from apps.demo.story.stage import Stage
from apps.loans import services as loans
from apps.loans.models import Application
from apps.loans.rules import offences
from apps.matching.models import Match

DRAWN, APPROVED, ACCEPTED, SUBMITTED = 9, 2, 3, 4


def lend_to_others(stage: Stage) -> Step:
    """Take one application each of further consenting firms as far as its place in the row says."""
    reached: dict[str, int] = {}
    for number, match in enumerate(_matches()[: DRAWN + APPROVED + ACCEPTED + SUBMITTED]):
        application = _apply(stage, match, number)
        label = application.get_state_display()
        reached[label] = reached.get(label, 0) + 1
    return Step("更多企业的贷款申请", reached, links={"贷款申请": "/loans/"})


def _matches() -> list[Match]:
    """For each firm with consent its best product that asks for nothing beyond its terms, in order of code."""
    best: dict[int, Match] = {}
    rows = (
        Match.objects.filter(verdict__in=["met", "unknown"], run__need__subject__consents__withdrawn_at=None)
        .exclude(run__need__subject__code=MAIN_FIRM)
        .exclude(run__need__subject__consents=None)
        .select_related("run__need__subject", "product_version__product__organization")
        .order_by("run__need__subject__code", "rank")
    )
    for match in rows:
        need = match.run.need
        if not offences(need.amount_yuan, need.term_months, match.product_version.terms):
            best.setdefault(need.subject_id, match)
    return list(best.values())


def _apply(stage: Stage, match: Match, number: int) -> Application:
    need, version = match.run.need, match.product_version
    owner = _member(stage, Role.FIRM_OWNER, subject_id=need.subject_id)
    bank = version.product.organization_id
    officer = _member(stage, Role.BANK_OFFICER, pk=bank)
    approver = _member(stage, Role.BANK_APPROVER, pk=bank)
    application = loans.draft_application(
        actor=owner,
        product_version=version,
        amount_yuan=need.amount_yuan,
        term_months=need.term_months,
        purpose=need.purpose,
        need=need,
        now=stage.now,
    )
    application = loans.submit_application(actor=owner, application=application, now=stage.now)
    if number >= DRAWN + APPROVED + ACCEPTED:
        return application
    application = loans.accept_application(actor=officer, application=application, now=stage.now)
    if number >= DRAWN + APPROVED:
        return application
    rate_pct = match.low_rate_pct + Decimal("0.05") * (number % 4)
    approval = loans.Approval(
        approved_yuan=need.amount_yuan,
        rate_pct=rate_pct,
        repayment_kind=version.repayment_types[0],
        guarantee=version.guarantee_types[0],
        valid_months=need.term_months,
    )
    loans.approve_application(actor=approver, application=application, approval=approval, now=stage.now)
    application.refresh_from_db()
    if number >= DRAWN:
        return application
    wanted = loans.Disbursement(
        bank_reference=f"HT20261115{number:06d}",
        amount_yuan=need.amount_yuan,
        rate_pct=rate_pct,
        term_months=need.term_months,
        is_first_loan=number % 3 == 0,
    )
    drawdown = loans.reserve_drawdown(actor=officer, application=application, wanted=wanted, now=stage.now)
    loans.post_drawdown(actor=officer, drawdown=drawdown, disbursed_on=stage.today, now=stage.now)
    application.refresh_from_db()
    return application


def _member(stage: Stage, role: str, **organization: int) -> Actor:
    where = {f"organization__{name}": value for name, value in organization.items()}
    found = Membership.objects.filter(role=role, is_active=True, **where).select_related("user").order_by("pk")
    return stage.actor_of(found[0])
