"""Listings go to a bank, and the bank answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.models import Organization
from apps.accounts.services import notify
from apps.consents.rules import Purpose, ReasonKind
from apps.consents.selectors import has_consent
from apps.consents.services import close_access_reason, open_access_reason
from apps.core import audit
from apps.core.actor import Actor, OrganizationKind
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotVisible, StateConflict
from apps.core.jobs import Lease, enqueue
from apps.core.models import Job
from apps.core.money import yuan
from apps.reference.selectors import figure, work_calendar
from apps.whitelist import policies
from apps.whitelist.models import DeclineReason, Feedback, Listing, Programme, Push, PushBatch
from apps.whitelist.rules import contact_by, decide_by_on
from apps.whitelist.workflow import PUSH

audit.register(
    "whitelist",
    {
        "request_push": "发起白名单推送：{target}",
        "push_listings": "推送白名单：{target}",
        "answer_push": "反馈推荐企业：{target}",
    },
)

JOB_KIND = "whitelist.push"
_BEAT_EVERY = 50
_CLOSING = frozenset({"declined", "firm_withdrew"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bank says with an answer; which parts are needed depends on the verb (`answer_push`)."""

    credit_yuan: Decimal | None = None
    credit_months: int | None = None
    credit_rate_pct: Decimal | None = None
    lent_yuan: Decimal | None = None
    lent_on: date | None = None
    reason_code: str = ""
    note: str = ""


def request_push(*, actor: Actor, programme: Programme, bank: Organization, now: datetime) -> Job:
    """Have a job push every listing of a programme that this bank has not got yet; see `push_listings`."""
    _check_pusher(actor, programme, bank)
    with transaction.atomic():
        batch = PushBatch.objects.create(programme=programme, bank=bank, pushed_by_name=actor.name, pushed_at=now)
        audit.record(actor=actor, verb="whitelist.request_push", target=batch, now=now)
        return enqueue(
            actor=actor,
            kind=JOB_KIND,
            key=f"batch-{batch.pk}",
            payload={"batch_id": batch.pk, "now": now.isoformat()},
            now=now,
            business_date=business_date(now),
        )


def push_listings(
    *, actor: Actor, batch: PushBatch, listings: Sequence[Listing], now: datetime, lease: Lease | None = None
) -> dict[str, int]:
    """Hand listings to the bank of a batch: consent is asked again at this moment, the right to look is opened, the
    firm is told. Each listing is a transaction of its own; one that went before is counted, not sent again.

    Returns and keeps the counts: pushed, no_consent, repeated, left (no longer on the list).
    """
    _check_pusher(actor, batch.programme, batch.bank)
    counts = {"pushed": 0, "no_consent": 0, "repeated": 0, "left": 0}
    for number, listing in enumerate(listings, start=1):
        counts[_push(actor, batch, listing, now)] += 1
        if lease is not None and number % _BEAT_EVERY == 0:
            lease.progress(number, len(listings))
    with transaction.atomic():
        # Counted from the rows: a job that was killed half way leaves pushes that this pass did not make.
        counts["pushed"] = Push.objects.filter(batch=batch).count()
        PushBatch.objects.filter(pk=batch.pk).update(counts=counts)
        audit.record(actor=actor, verb="whitelist.push_listings", target=batch, now=now, after=counts)
    return counts


def _check_pusher(actor: Actor, programme: Programme, bank: Organization) -> None:
    policies.require_manager(actor, programme)
    if bank.kind != OrganizationKind.BANK or not bank.is_active:
        raise InvalidInput(fields={"bank": "只能推送给已入驻的金融机构。"})


def _push(actor: Actor, batch: PushBatch, listing: Listing, now: datetime) -> str:
    today = business_date(now)
    if not has_consent(listing.subject_id, batch.bank_id, Purpose.WHITELIST, today):
        return "no_consent"
    due = contact_by(today, int(figure("contact_workdays", today)), work_calendar())
    with transaction.atomic():
        if not Listing.objects.select_for_update(no_key=True).filter(pk=listing.pk, state="active").exists():
            return "left"
        push, created = Push.objects.get_or_create(
            listing=listing,
            bank_id=batch.bank_id,
            defaults={"batch": batch, "pushed_at": now, "contact_by_on": due.on},
        )
        if not created:
            return "repeated"
        open_access_reason(
            actor=actor,
            subject_id=listing.subject_id,
            organization_id=batch.bank_id,
            kind=ReasonKind.LISTING,
            ref=str(push.pk),
            until_on=listing.valid_to_on,
            now=now,
        )
        _tell_firm(listing, batch, now)
    return "pushed"


def _tell_firm(listing: Listing, batch: PushBatch, now: datetime) -> None:
    organization = Organization.objects.filter(kind=OrganizationKind.FIRM, subject_id=listing.subject_id).first()
    if organization is not None:
        notify(
            organization_id=organization.pk,
            title=f"本企业已被推荐给{batch.bank}",
            body=f"依据白名单“{batch.programme}”，按本企业的授权推荐。可随时在白名单页面退出。",
            dedupe_key=f"push-{listing.pk}-{batch.bank_id}",
            now=now,
        )


def answer_push(*, actor: Actor, push: Push, verb: str, now: datetime, answer: Answer | None = None) -> Push:
    """An officer of the bank says how far it has come. Needed with the verb: credit: amount, months, rate; lend: amount
    and day; decline: a reason code, with `other` also a note.

    Raises NotVisible for another bank's push, NotPermitted for the wrong role, InvalidInput by field, StateConflict.
    """
    if not Push.objects.visible_to(actor).filter(pk=push.pk).exists():
        raise NotVisible
    move = PUSH.check(push.state, verb, actor.roles)
    given = answer or Answer()
    today = business_date(now)
    values = _values(push, verb, given, today, now)
    with transaction.atomic():
        if Push.objects.filter(pk=push.pk, state=push.state).update(state=move.target, **values) != 1:
            raise StateConflict
        figures = {name: str(value) for name, value in values.items() if name.startswith(("credit_", "lent_"))}
        Feedback.objects.create(
            push=push,
            verb=verb,
            state=move.target,
            figures=figures,
            reason=values.get("reason"),
            note=given.note.strip(),
            given_by_name=actor.name,
            given_at=now,
        )
        audit.record(
            actor=actor,
            verb="whitelist.answer_push",
            target=push,
            now=now,
            subject_id=push.listing.subject_id,
            before={"state": push.state},
            after={"state": move.target, **figures},
            reason=given.reason_code,
        )
        if move.target in _CLOSING:
            close_access_reason(
                actor=actor,
                subject_id=push.listing.subject_id,
                organization_id=push.bank_id,
                kind=ReasonKind.LISTING,
                ref=str(push.pk),
                now=now,
            )
    push.refresh_from_db()
    return push


def _values(push: Push, verb: str, given: Answer, today: date, now: datetime) -> dict[str, Any]:
    """The columns that an answer sets. Raises InvalidInput naming every part that is missing or wrong."""
    values: dict[str, Any] = {"note": given.note.strip()} if given.note.strip() else {}
    if verb == "contact":
        return values | {"contacted_at": now}
    if verb == "accept":
        return values | {"decide_by_on": decide_by_on(today, int(figure("decide_days", today)))}
    if verb == "credit":
        return values | {"decided_at": now} | _credit(given)
    if verb == "lend":
        return values | _lent(push, given, today)
    if verb == "decline":
        return values | {"decided_at": now, "reason": decline_reason(given.reason_code, given.note, today)}
    return values


def _credit(given: Answer) -> dict[str, Any]:
    faults = {}
    if given.credit_yuan is None or given.credit_yuan <= 0:
        faults["credit_yuan"] = "请填写大于零的授信额度。"
    if given.credit_months is None or not 1 <= given.credit_months <= 600:
        faults["credit_months"] = "请填写 1 至 600 个月的期限。"
    if given.credit_rate_pct is None or not 0 <= given.credit_rate_pct <= 36:
        faults["credit_rate_pct"] = "请填写 0 至 36 之间的年利率。"
    if faults or given.credit_yuan is None:
        raise InvalidInput(fields=faults)
    return {
        "credit_yuan": yuan(given.credit_yuan),
        "credit_months": given.credit_months,
        "credit_rate_pct": given.credit_rate_pct,
    }


def _lent(push: Push, given: Answer, today: date) -> dict[str, Any]:
    faults = {}
    if given.lent_yuan is None or not 0 < given.lent_yuan <= (push.credit_yuan or 0):
        faults["lent_yuan"] = "放款金额应大于零，且不超过授信额度。"
    if given.lent_on is None or given.lent_on > today:
        faults["lent_on"] = "请填写不晚于今天的放款日期。"
    if faults or given.lent_yuan is None:
        raise InvalidInput(fields=faults)
    return {"lent_yuan": yuan(given.lent_yuan), "lent_on": given.lent_on}


def decline_reason(code: str, note: str, on: date) -> DeclineReason:
    """The coded reason of a refusal on the day. Raises InvalidInput for none, an unknown one, or `other` without a
    note."""
    reason: DeclineReason | None = DeclineReason.objects.in_force(on).filter(code=code).first()
    if reason is None:
        raise InvalidInput(fields={"reason_code": "请选择拒绝原因。"})
    if reason.code == "other" and not note.strip():
        raise InvalidInput(fields={"note": "选择“其他”时请写明原因。"})
    return reason
