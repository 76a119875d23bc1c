"""Writes of consents and of reasons to look."""

from datetime import date, datetime

from django.db import transaction

from apps.accounts.services import notify
from apps.consents.models import AccessReason, AccessRecord, Consent
from apps.consents.rules import REASON_LABELS
from apps.consents.selectors import Draft, draft_consent
from apps.core import audit
from apps.core.actor import Actor, Role
from apps.core.errors import NotPermitted, NotVisible, StateConflict
from apps.records.services import cancel_requests

__all__ = ["Draft", "close_access_reason", "draft_consent", "give_consent", "open_access_reason", "withdraw_consent"]

audit.register(
    "consents",
    {
        "give": "签署授权：{target}",
        "withdraw": "撤回授权：{target}",
        "open_reason": "产生查询事由：{target}",
        "close_reason": "结束查询事由：{target}",
    },
)


def give_consent(*, actor: Actor, draft: Draft, agreed_digest: str, now: datetime, channel: str = "web") -> Consent:
    """Sign a draft; the same text again returns the consent in force.

    `agreed_digest` is that of the text the signer read. Raises StateConflict when it is another one by now.
    """
    if not actor.has(Role.FIRM_OWNER) or actor.subject_id != draft.subject.pk:
        raise NotPermitted("只有企业负责人可以签署或撤回授权。")
    if agreed_digest != draft.document.digest:
        raise StateConflict("授权书内容已更新，请重新阅读后再签署。")
    with transaction.atomic():
        consent, created = Consent.objects.get_or_create(
            subject=draft.subject,
            text_digest=draft.document.digest,
            withdrawn_at=None,
            defaults={
                "grantee": draft.grantee,
                "purposes": list(draft.purposes),
                "items": list(draft.items),
                "scopes": list(draft.scopes),
                "valid_from_on": draft.valid_from_on,
                "valid_to_on": draft.valid_to_on,
                "use_max": draft.use_max,
                "signer_name": actor.name,
                "signer_role": "legal_representative" if actor.name == draft.subject.legal_representative else "agent",
                "given_by": actor.user_id,
                "given_at": now,
                "channel": channel,
                "document_version": draft.document.version,
                "text": draft.document.text,
            },
        )
        if created:
            audit.record(
                actor=actor,
                verb="consents.give",
                target=consent,
                now=now,
                subject_id=consent.subject_id,
                after={"purposes": consent.purposes, "items": consent.items, "valid_to_on": consent.valid_to_on},
            )
    return consent


def withdraw_consent(*, actor: Actor, consent_id: int, now: datetime, reason: str = "") -> Consent:
    """Stop all future reading under a consent at once; what was done and its evidence stay. Questions to sources that
    only wait under it are cancelled.

    Raises NotVisible for another firm's consent, StateConflict when it was withdrawn before.
    """
    if not actor.has(Role.FIRM_OWNER):
        raise NotPermitted("只有企业负责人可以签署或撤回授权。")
    consent = Consent.objects.visible_to(actor).select_related("subject", "grantee").filter(pk=consent_id).first()
    if consent is None:
        raise NotVisible
    with transaction.atomic():
        live = Consent.objects.filter(pk=consent.pk, withdrawn_at=None)
        if live.update(withdrawn_at=now, withdrawn_by_name=actor.name) != 1:
            raise StateConflict("该授权已经撤回。")
        audit.record(
            actor=actor,
            verb="consents.withdraw",
            target=consent,
            now=now,
            subject_id=consent.subject_id,
            reason=reason.strip(),
        )
        readings = list(AccessRecord.objects.filter(consent=consent).order_by().values_list("pk", flat=True))
        cancel_requests(actor=actor, access_record_ids=readings, now=now)
        if consent.grantee is not None:
            notify(
                title=f"{consent.subject.name}已撤回对本机构的信息查询授权",
                body="自撤回时起不得再查询该企业的授权信息；此前的查询记录不受影响。",
                organization_id=consent.grantee_id,
                dedupe_key=f"consent-withdrawn-{consent.pk}",
                now=now,
            )
    consent.refresh_from_db()
    return consent


def open_access_reason(
    *, actor: Actor, subject_id: int, organization_id: int, kind: str, ref: str, until_on: date | None, now: datetime
) -> AccessReason:
    """Say why an organisation may look at a firm, until (not on) `until_on` or until closed. Called by higher apps.

    The same reason again returns the open one and extends it where `until_on` is later.
    """
    if kind not in REASON_LABELS:
        raise ValueError(f"no reason of kind {kind!r}")
    with transaction.atomic():
        reason, created = AccessReason.objects.get_or_create(
            subject_id=subject_id,
            organization_id=organization_id,
            kind=kind,
            ref=ref,
            closed_at=None,
            defaults={"opened_at": now, "until_on": until_on},
        )
        extended = not created and reason.until_on is not None and (until_on is None or until_on > reason.until_on)
        if extended:
            AccessReason.objects.filter(pk=reason.pk).update(until_on=until_on)
        if created or extended:
            reason.until_on = until_on
            audit.record(
                actor=actor,
                verb="consents.open_reason",
                target=reason,
                now=now,
                subject_id=subject_id,
                after={"kind": kind, "ref": ref, "until_on": until_on},
            )
    return reason


def close_access_reason(
    *, actor: Actor, subject_id: int, organization_id: int, kind: str, ref: str, now: datetime
) -> bool:
    """End a reason; False when none was open (running it again changes nothing)."""
    with transaction.atomic():
        reason = (
            AccessReason.objects.select_for_update(of=("self",), no_key=True)
            .filter(subject_id=subject_id, organization_id=organization_id, kind=kind, ref=ref, closed_at=None)
            .first()
        )
        if reason is None:
            return False
        AccessReason.objects.filter(pk=reason.pk).update(closed_at=now)
        audit.record(actor=actor, verb="consents.close_reason", target=reason, now=now, subject_id=subject_id)
    return True
