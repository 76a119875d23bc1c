"""The way of a version from draft to the public and off it again; each move is one compare-and-set."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import InvalidInput, StateConflict
from apps.products import policies
from apps.products.models import Product, ProductVersion
from apps.products.workflow import VERSION


def submit_version(*, actor: Actor, version: ProductVersion, now: datetime) -> None:
    """Hand a draft to a second person."""
    with transaction.atomic():
        _move(
            actor,
            version,
            "submit",
            now,
            submitted_by_id=actor.user_id,
            submitted_by_name=actor.name,
            submitted_at=now,
            return_reason="",
        )


def take_back_version(*, actor: Actor, version: ProductVersion, now: datetime) -> None:
    """Go on editing what was submitted."""
    with transaction.atomic():
        _move(actor, version, "take_back", now)


def return_version(*, actor: Actor, version: ProductVersion, reason: str, now: datetime) -> None:
    """Send a submitted version back with the reason."""
    reason = _reason(reason)
    with transaction.atomic():
        _move(actor, version, "return", now, reason=reason, return_reason=reason)


def publish_version(
    *, actor: Actor, version: ProductVersion, effective_from: date, business_date: date, now: datetime
) -> None:
    """Publish from a day on, today or later; the version in force until then ends on that day.

    Raises NotPermitted for whoever drafted or submitted it, StateConflict where a version already begins on or after
    that day.
    """
    if effective_from < business_date:
        raise InvalidInput("生效日期不能早于今天。", fields={"effective_from": "生效日期不能早于今天。"})
    policies.require_own(actor, version.product)
    VERSION.check(version.state, "publish", actor.roles)
    policies.require_second_person(actor, version)
    with transaction.atomic():
        Product.objects.select_for_update(of=("self",), no_key=True).get(pk=version.product_id)
        others = ProductVersion.objects.filter(product_id=version.product_id, effective_from__isnull=False)
        standing = others.filter(Q(effective_to__isnull=True) | Q(effective_to__gt=effective_from))
        if standing.filter(effective_from__gte=effective_from).exists():
            raise StateConflict("该产品已有版本在这一天或之后生效，请选择更晚的生效日期。")
        standing.update(effective_to=effective_from, updated_at=now)
        _move(
            actor,
            version,
            "publish",
            now,
            effective_from=effective_from,
            published_by_id=actor.user_id,
            published_by_name=actor.name,
            published_at=now,
        )


def suspend_version(*, actor: Actor, version: ProductVersion, reason: str, now: datetime) -> None:
    """Take no new applications for the time being."""
    reason = _reason(reason)
    with transaction.atomic():
        _move(actor, version, "suspend", now, reason=reason)


def resume_version(*, actor: Actor, version: ProductVersion, now: datetime) -> None:
    """Take applications again."""
    with transaction.atomic():
        _move(actor, version, "resume", now)


def discard_draft(*, actor: Actor, version: ProductVersion, now: datetime) -> None:
    """Give a draft up."""
    with transaction.atomic():
        _move(actor, version, "discard", now, verb_name="discard_draft")


def withdraw_version(*, actor: Actor, version: ProductVersion, reason: str, business_date: date, now: datetime) -> None:
    """Take a version off the market from today on; one that has not begun never does."""
    reason = _reason(reason)
    ends = max(version.effective_from or business_date, business_date)
    if version.effective_to is not None:
        ends = min(ends, version.effective_to)
    with transaction.atomic():
        _move(actor, version, "withdraw", now, reason=reason, effective_to=ends)


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= 300:
        raise InvalidInput("请写明原因（不超过 300 字）。", fields={"reason": "请写明原因（不超过 300 字）。"})
    return reason


def _move(
    actor: Actor,
    version: ProductVersion,
    verb: str,
    now: datetime,
    *,
    reason: str = "",
    verb_name: str = "",
    **columns: Any,
) -> None:
    policies.require_own(actor, version.product)
    move = VERSION.check(version.state, verb, actor.roles)
    mine = ProductVersion.objects.filter(pk=version.pk, state=version.state, revision=version.revision)
    changed = mine.update(state=move.target, revision=F("revision") + 1, updated_at=now, **columns)
    if changed != 1:
        raise StateConflict("该版本刚刚被他人处理，请刷新后再试。")
    before = version.state
    version.refresh_from_db()
    audit.record(
        actor=actor,
        verb=f"products.{verb_name or f'{verb}_version'}",
        target=version,
        now=now,
        before={"state": before},
        after={"state": version.state, "effective_from": version.effective_from, "effective_to": version.effective_to},
        reason=reason,
    )
