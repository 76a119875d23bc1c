"""A need sent to a bank, and the bank's answer. While a dispatch stands, the bank has a reason to look at the firm."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.services import notify
from apps.consents.rules import ReasonKind
from apps.consents.services import close_access_reason, open_access_reason
from apps.core import audit
from apps.core.actor import Actor, OrganizationKind
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, StateConflict
from apps.criteria.verdict import Verdict
from apps.matching import policies
from apps.matching.models import Dispatch, FinancingNeed, Match, MatchRun
from apps.matching.workflow import ACCEPTED, DECLINED, DISPATCH, OPEN, RECALLED
from apps.products.models import ProductVersion
from apps.products.workflow import PUBLISHED
from apps.reference.selectors import figure


def send_need(*, actor: Actor, need: FinancingNeed, product_version: ProductVersion, now: datetime) -> Dispatch:
    """Send a need to the bank of a product that the newest run did not find unfit.

    Opens the bank's access reason (match) for the days of policy figure `match_reason_days`. Raises StateConflict for
    a need that is over, a product not on offer or a dispatch already open, InvalidInput for a product not matched.
    """
    policies.require_own_need(actor, need)
    if need.state != OPEN:
        raise StateConflict("该需求已经结束，不能再发送。")
    if product_version.state != PUBLISHED:
        raise StateConflict("该产品目前不受理申请。")
    match = _newest_match(need, product_version)
    today = business_date(now)
    until_on = today + timedelta(days=int(figure("match_reason_days", today)))
    try:
        with transaction.atomic():
            dispatch = Dispatch.objects.create(
                need=need,
                product_version=product_version,
                organization_id=product_version.product.organization_id,
                match=match,
                sent_at=now,
                sent_by_name=actor.name,
                reason_until_on=until_on,
            )
            open_access_reason(
                actor=actor,
                subject_id=need.subject_id,
                organization_id=dispatch.organization_id,
                kind=ReasonKind.MATCH,
                ref=_ref(dispatch),
                until_on=until_on,
                now=now,
            )
            audit.record(
                actor=actor,
                verb="matching.send_need",
                target=dispatch,
                now=now,
                subject_id=need.subject_id,
                after={"product_version": product_version.pk, "until_on": until_on},
            )
            notify(
                title=f"收到{need.subject.name}的融资需求",
                body=f"意向产品：{product_version.product.name}",
                url=reverse("matching:dispatch_list"),
                organization_id=dispatch.organization_id,
                dedupe_key=f"matching.dispatch:{dispatch.pk}",
                now=now,
            )
    except IntegrityError as error:
        raise StateConflict("该需求已经发送给这一产品的银行。") from error
    return dispatch


def _newest_match(need: FinancingNeed, version: ProductVersion) -> Match:
    run = MatchRun.objects.filter(need=need).order_by("-pk").first()
    match = run.matches.filter(product_version=version).first() if run else None
    if match is None:
        raise InvalidInput("最近一次匹配不包含该产品，请重新匹配后再发送。")
    if match.verdict == Verdict.NOT_MET:
        raise InvalidInput("该产品有条件不符合，不能发送；请先看理由和最小改动。")
    return match


def answer_dispatch(*, actor: Actor, dispatch: Dispatch, verb: str, now: datetime, reason: str = "") -> None:
    """`accept` or `decline` (with a reason that the firm sees). Declining ends the bank's access reason."""
    policies.require_received(actor, dispatch)
    move = DISPATCH.check(dispatch.state, verb, actor.roles)
    reason = reason.strip()
    if move.target == DECLINED and not 0 < len(reason) <= 300:
        raise InvalidInput("请写明不接收的原因（不超过 300 字）。", fields={"reason": "请写明原因（不超过 300 字）。"})
    with transaction.atomic():
        _move(actor, dispatch, move.target, now, answered_at=now, answered_by_name=actor.name, answer_reason=reason)
        _record(actor, dispatch, f"matching.{verb}_dispatch", now, reason)
        accepted = move.target == ACCEPTED
        notify(
            title=f"{dispatch.organization.name}{'已接收' if accepted else '未接收'}您的融资需求",
            body=reason,
            url=reverse("matching:need_detail", args=[dispatch.need_id]),
            organization_id=_firm_organization(dispatch),
            dedupe_key=f"matching.dispatch:{dispatch.pk}:{move.target}",
            now=now,
        )


def recall_dispatch(*, actor: Actor, dispatch: Dispatch, now: datetime) -> None:
    """Take a need back from a bank; its access reason ends."""
    policies.require_own_need(actor, dispatch.need)
    move = DISPATCH.check(dispatch.state, "recall", actor.roles)
    with transaction.atomic():
        _move(actor, dispatch, move.target, now)
        _record(actor, dispatch, "matching.recall_dispatch", now, "")


def _move(actor: Actor, dispatch: Dispatch, target: str, now: datetime, **columns: object) -> None:
    if Dispatch.objects.filter(pk=dispatch.pk, state=dispatch.state).update(state=target, **columns) != 1:
        raise StateConflict("该需求刚刚被他人处理，请刷新后再试。")
    if target in {DECLINED, RECALLED}:
        close_access_reason(
            actor=actor,
            subject_id=dispatch.need.subject_id,
            organization_id=dispatch.organization_id,
            kind=ReasonKind.MATCH,
            ref=_ref(dispatch),
            now=now,
        )
    dispatch.refresh_from_db()


def _record(actor: Actor, dispatch: Dispatch, verb: str, now: datetime, reason: str) -> None:
    audit.record(
        actor=actor,
        verb=verb,
        target=dispatch,
        now=now,
        subject_id=dispatch.need.subject_id,
        after={"state": dispatch.state},
        reason=reason,
    )


def _ref(dispatch: Dispatch) -> str:
    return f"matching.dispatch:{dispatch.pk}"


def _firm_organization(dispatch: Dispatch) -> int | None:
    organization = dispatch.need.subject.organizations.filter(kind=OrganizationKind.FIRM, is_active=True).first()
    return organization.pk if organization else None
