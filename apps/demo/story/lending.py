"""Step 7: one application from submission to the first repayment, each step by its role and refused for others."""

from collections.abc import Callable
from decimal import Decimal

from apps.accounts.models import Organization
from apps.core.actor import Actor
from apps.core.errors import NotPermitted
from apps.demo.people import BANKS, MAIN_FIRM
from apps.demo.report import Step
from apps.demo.story.stage import Stage
from apps.loans import services as loans
from apps.loans.models import Application, Instalment
from apps.matching import services as matching
from apps.matching.models import Match


def lend(stage: Stage) -> Step:
    """The sample firm applies for the best product of the first bank that its need matched."""
    owner, accountant = stage.actor("firm-owner"), stage.actor("firm-accountant")
    officer, approver = stage.actor("bank-officer"), stage.actor("bank-approver")
    match = _best_match(stage.banks[BANKS[0]])
    need, version = match.run.need, match.product_version
    matching.send_need(actor=owner, need=need, product_version=version, now=stage.now)
    application = loans.draft_application(
        actor=accountant,
        product_version=version,
        amount_yuan=need.amount_yuan,
        term_months=need.term_months,
        purpose=need.purpose,
        need=need,
        now=stage.now,
    )
    refused = [
        _refused("财务人员提交", loans.submit_application, actor=accountant, application=application, now=stage.now)
    ]
    application = loans.submit_application(actor=owner, application=application, now=stage.now)
    refused.append(
        _refused("审批人受理", loans.accept_application, actor=approver, application=application, now=stage.now)
    )
    application = loans.accept_application(actor=officer, application=application, now=stage.now)
    approval = loans.Approval(
        approved_yuan=need.amount_yuan,
        rate_pct=match.low_rate_pct,
        repayment_kind=version.repayment_types[0],
        guarantee=version.guarantee_types[0],
        valid_months=need.term_months,
    )
    refused.append(
        _refused(
            "客户经理审批",
            loans.approve_application,
            actor=officer,
            application=application,
            approval=approval,
            now=stage.now,
        )
    )
    loans.approve_application(actor=approver, application=application, approval=approval, now=stage.now)
    application.refresh_from_db()
    first = _draw_and_repay(stage, officer, application, match.low_rate_pct)
    application.refresh_from_db()
    return Step(
        "贷款：申请、受理、审批、放款、首期还款",
        {
            "企业": f"{application.subject}（{MAIN_FIRM}）",
            "产品": f"{version.product}",
            "金额": f"{need.amount_yuan} 元，{need.term_months} 个月，年利率 {match.low_rate_pct}%",
            "首期": first,
            "状态": application.get_state_display(),
            "越权操作均被拒绝": "、".join(refused),
        },
        links={"贷款申请": f"/loans/applications/{application.pk}/"},
    )


def _best_match(bank: Organization) -> Match:
    """The sample firm's first-ranked product of the bank that is not unfit."""
    return (
        Match.objects.filter(
            run__need__subject__code=MAIN_FIRM,
            product_version__product__organization=bank,
            verdict__in=["met", "unknown"],
        )
        .select_related("run__need__subject", "product_version__product__organization")
        .order_by("-run_id", "rank")[0]
    )


def _refused(label: str, act: Callable[..., object], **arguments: object) -> str:
    try:
        act(**arguments)
    except NotPermitted:
        return label
    raise AssertionError(f"a wrong role could do it: {label}")


def _draw_and_repay(stage: Stage, officer: Actor, application: Application, rate_pct: Decimal) -> str:
    wanted = loans.Disbursement(
        bank_reference="QF20261115000001",
        amount_yuan=application.amount_yuan,
        rate_pct=rate_pct,
        term_months=application.term_months,
        is_first_loan=True,
    )
    drawdown = loans.reserve_drawdown(actor=officer, application=application, wanted=wanted, now=stage.now)
    drawdown = loans.post_drawdown(actor=officer, drawdown=drawdown, disbursed_on=stage.today, now=stage.now)
    first = Instalment.objects.filter(drawdown=drawdown).order_by("number")[0]
    due_yuan = first.principal_yuan + first.interest_yuan
    loans.record_repayment(
        actor=officer,
        drawdown=drawdown,
        bank_reference="QF20261115000002",
        amount_yuan=due_yuan,
        paid_on=stage.today,
        now=stage.now,
    )
    return f"第 1 期 {due_yuan} 元（{first.due_on} 到期）已提前归还"
