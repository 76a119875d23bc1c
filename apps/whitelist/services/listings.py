"""A firm leaves the list: by a person's decision, at its own wish, or by the daily re-check."""

from datetime import date, datetime

from django.db import transaction

from apps.accounts.services import notify
from apps.consents.rules import ReasonKind
from apps.consents.services import close_access_reason
from apps.core import audit
from apps.core.actor import Actor, Role
from apps.core.clock import business_date as day_of
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.whitelist import selectors
from apps.whitelist.models import Listing, Push
from apps.whitelist.rules import EXIT_LABELS, RECALLING_REASONS, ExitReason, exit_reason
from apps.whitelist.workflow import LISTING, OPEN_PUSH_STATES, PUSH

audit.register(
    "whitelist",
    {"exit_listing": "退出白名单：{target}", "recall_push": "撤回推荐：{target}"},
)


def exit_listing(*, actor: Actor, listing: Listing, now: datetime, note: str = "") -> Listing:
    """Take a firm off: the firm itself opts out, or the authority removes it and says why.

    Open recommendations are recalled and the banks told. Raises NotVisible for a foreign listing.
    """
    if not Listing.objects.visible_to(actor).filter(pk=listing.pk).exists():
        raise NotVisible
    LISTING.check(listing.state, "exit", actor.roles)
    if actor.has(Role.FIRM_OWNER):
        reason = ExitReason.OPTED_OUT
    else:
        reason = ExitReason.REMOVED
        if listing.programme.authority_id != actor.organization_id:
            raise NotPermitted("只有设立该白名单的单位可以移出企业。")
        if not note.strip():
            raise InvalidInput(fields={"note": "请写明移出原因。"})
    _exit(actor, listing, reason, day_of(now), now, note.strip())
    listing.refresh_from_db()
    return listing


def expire_listings(*, actor: Actor, business_date: date, now: datetime) -> dict[str, int]:
    """The daily re-check of every active listing; returns how many left, by reason. May run twice."""
    left: dict[str, int] = {}
    for listing, facts in selectors.active_listings_for_batch(business_date):
        reason = exit_reason(facts, business_date)
        if reason is None:
            continue
        try:
            _exit(actor, listing, reason, business_date, now)
        except StateConflict:
            continue  # somebody else took it off meanwhile
        left[reason] = left.get(reason, 0) + 1
    return left


def _exit(actor: Actor, listing: Listing, reason: ExitReason, on: date, now: datetime, note: str = "") -> None:
    move = LISTING.check(listing.state, "exit", actor.roles)
    with transaction.atomic():
        active = Listing.objects.filter(pk=listing.pk, state="active")
        if active.update(state=move.target, exited_on=on, exit_reason=reason, exit_note=note) != 1:
            raise StateConflict
        audit.record(
            actor=actor,
            verb="whitelist.exit_listing",
            target=listing,
            now=now,
            subject_id=listing.subject_id,
            before={"state": listing.state},
            after={"state": move.target, "reason": reason},
            reason=note or EXIT_LABELS[reason],
        )
        if reason in RECALLING_REASONS:
            _recall(actor, listing, reason, now)


def _recall(actor: Actor, listing: Listing, reason: ExitReason, now: datetime) -> None:
    """Tell every bank that holds the recommendation; one that is still open ends and with it the right to look."""
    for push in Push.objects.filter(listing=listing).order_by("pk"):
        recalled = push.state in OPEN_PUSH_STATES
        if recalled:
            move = PUSH.check(push.state, "recall", actor.roles)
            if Push.objects.filter(pk=push.pk, state=push.state).update(state=move.target) != 1:
                raise StateConflict
            audit.record(
                actor=actor,
                verb="whitelist.recall_push",
                target=push,
                now=now,
                subject_id=listing.subject_id,
                before={"state": push.state},
                after={"state": move.target},
                reason=EXIT_LABELS[reason],
            )
            close_access_reason(
                actor=actor,
                subject_id=listing.subject_id,
                organization_id=push.bank_id,
                kind=ReasonKind.LISTING,
                ref=str(push.pk),
                now=now,
            )
        notify(
            organization_id=push.bank_id,
            title=f"{listing.subject}已退出白名单",
            body=f"原因：{EXIT_LABELS[reason]}。" + ("推荐已撤回，请停止办理。" if recalled else ""),
            dedupe_key=f"listing-exit-{listing.pk}-{push.pk}",
            now=now,
        )
