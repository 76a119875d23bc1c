"""What the firm does: draft, revise, submit, withdraw."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Organization
from apps.accounts.services import notify
from apps.consents.rules import Purpose, ReasonKind
from apps.consents.selectors import has_consent
from apps.consents.services import open_access_reason
from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.money import yuan
from apps.criteria.facts import PURPOSES
from apps.loans import policies, selectors
from apps.loans.models import Application
from apps.loans.rules import contact_due, offences
from apps.loans.services.moves import move_application
from apps.loans.workflow import APPLICATION
from apps.matching.models import FinancingNeed
from apps.products.models import ProductVersion
from apps.reference.selectors import figure, work_calendar


class ConsentNeeded(StateConflict):
    """The bank may not look at the firm's information, so it cannot judge the application."""

    code = "consent-needed"
    title = "需要先签署授权"


def draft_application(
    *,
    actor: Actor,
    product_version: ProductVersion,
    amount_yuan: Decimal,
    term_months: int,
    purpose: str,
    now: datetime,
    purpose_note: str = "",
    branch: Organization | None = None,
    need: FinancingNeed | None = None,
) -> Application:
    """Draft an application for a product on offer, at its bank or one of its branches, for a need of the firm if given.

    Raises InvalidInput by field, StateConflict when the product is not on offer today or the firm has an open
    application for it, NotPermitted for anybody but the firm's own people.
    """
    if not policies.can_draft(actor) or actor.subject_id is None:
        raise NotPermitted("只有企业人员可以填写融资申请。")
    version = _on_offer(product_version.pk, business_date(now))
    wish = _wish(version, amount_yuan, term_months, purpose, purpose_note)
    bank = version.product.organization
    if branch is not None and branch != bank and branch.parent_id != bank.pk:
        raise InvalidInput(fields={"branch": "所选网点不属于该产品的银行。"})
    if need is not None and need.subject_id != actor.subject_id:
        raise NotVisible
    try:
        with transaction.atomic():
            application = Application.objects.create(
                subject_id=actor.subject_id,
                product=version.product,
                product_version=version,
                bank=branch or bank,
                need=need,
                drafted_at=now,
                **wish,
            )
            audit.record(
                actor=actor,
                verb="loans.draft_application",
                target=application,
                now=now,
                subject_id=application.subject_id,
                after=wish,
            )
    except IntegrityError as error:
        raise StateConflict("本企业已有一笔该产品的申请尚未办结。") from error
    return application


def revise_application(
    *,
    actor: Actor,
    application: Application,
    amount_yuan: Decimal,
    term_months: int,
    purpose: str,
    now: datetime,
    purpose_note: str = "",
) -> Application:
    """Change what a draft or a returned application asks for. Raises as `draft_application` does."""
    policies.require_sight(actor, application)
    verb = "revise_returned" if application.state == "returned" else "revise"
    APPLICATION.check(application.state, verb, actor.roles)
    wish = _wish(application.product_version, amount_yuan, term_months, purpose, purpose_note)
    with transaction.atomic():
        move_application(actor, application, verb, now, **wish)
    return application


def submit_application(*, actor: Actor, application: Application, now: datetime) -> Application:
    """Send an application to the bank, which from now on may look at the firm as far as the firm consented.

    The product's criteria are judged once more for information; they stop nothing. Raises ConsentNeeded, StateConflict
    when the product is no longer on offer, InvalidInput when the wish no longer fits its terms.
    """
    policies.require_sight(actor, application)
    APPLICATION.check(application.state, "submit", actor.roles)
    today = business_date(now)
    version = _on_offer(application.product_version_id, today)
    faults = offences(application.amount_yuan, application.term_months, version.terms)
    if faults:
        raise InvalidInput(fields=faults)
    if not has_consent(application.subject_id, application.bank_id, Purpose.PRE_LOAN_REVIEW, today):
        raise ConsentNeeded(f"请先授权{application.bank}查询本企业信息（用途含贷前审查），再提交申请。")
    due = contact_due(today, int(figure("contact_workdays", today)), work_calendar())
    with transaction.atomic():
        move_application(
            actor,
            application,
            "submit",
            now,
            submitted_at=now,
            contact_by_on=due.on,
            eligibility=selectors.eligibility_of(actor, application, version, now),
        )
        open_access_reason(
            actor=actor,
            subject_id=application.subject_id,
            organization_id=application.bank_id,
            kind=ReasonKind.APPLICATION,
            ref=str(application.pk),
            until_on=None,
            now=now,
        )
        notify(
            organization_id=application.bank_id,
            title=f"收到融资申请：{application.subject}",
            body=f"{application.product}，请在 {due.on} 前受理。",
            dedupe_key=f"application-submitted-{application.pk}-{application.version}",
            now=now,
        )
    return application


def withdraw_application(*, actor: Actor, application: Application, now: datetime, reason: str = "") -> Application:
    """The firm takes its application back before the bank has decided."""
    policies.require_sight(actor, application)
    was_sent = application.submitted_at is not None
    with transaction.atomic():
        move_application(actor, application, "withdraw", now, reason=reason.strip())
        if was_sent:
            notify(
                organization_id=application.bank_id,
                title=f"企业撤回申请：{application.subject}",
                body=f"{application.product}",
                dedupe_key=f"application-withdrawn-{application.pk}",
                now=now,
            )
    return application


def _on_offer(version_id: int, on: date) -> ProductVersion:
    version = ProductVersion.objects.in_force(on).select_related("product__organization").filter(pk=version_id).first()
    if version is None:
        raise StateConflict("该产品目前不受理申请，或已有新版本，请重新选择产品。")
    return version


def _wish(
    version: ProductVersion, amount_yuan: Decimal, term_months: int, purpose: str, purpose_note: str
) -> dict[str, Any]:
    """The columns that say what is asked for. Raises InvalidInput naming every fault."""
    amount = yuan(amount_yuan)
    faults = offences(amount, term_months, version.terms)
    if amount <= 0:
        faults["amount_yuan"] = "申请金额应大于零。"
    if term_months < 1:
        faults["term_months"] = "申请期限至少 1 个月。"
    if purpose not in PURPOSES:
        faults["purpose"] = "请选择资金用途。"
    if len(purpose_note) > 500:
        faults["purpose_note"] = "用途说明不超过 500 字。"
    if faults:
        raise InvalidInput(fields=faults)
    return {
        "amount_yuan": amount,
        "term_months": term_months,
        "purpose": purpose,
        "purpose_note": purpose_note.strip(),
    }
