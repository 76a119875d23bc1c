"""The one gate to protected data: consent and reason are checked in the transaction that writes the record and that
reads the data (pitfalls F3, F4). Nothing else in the project constructs a Permit.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import F, Q

from apps.consents.models import AccessReason, AccessRecord, Consent
from apps.consents.rules import (
    NO_REASON,
    PURPOSE_LABELS,
    PURPOSES_OF_KIND,
    Purpose,
    ReasonKind,
    Request,
    Verdict,
    judge,
    nearest,
)
from apps.consents.selectors import PUBLIC, SHARED, disclosures_of, grantees_of, item_names, live_reasons
from apps.core import audit
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.clock import business_date
from apps.core.errors import NotPermitted, NotVisible
from apps.core.permit import Permit, RunPermit
from apps.records.models import Source
from apps.subjects.models import Subject

audit.register("consents", {"read": "{target}", "run": "{target}"})

# Whose calculations may run over many firms; the result of a run shows nothing to anybody by itself.
_RUN_ROLES = (Role.SYSTEM, Role.OPERATOR, Role.AUTHORITY, Role.BANK_OFFICER, Role.BANK_APPROVER)


class AccessRefused(NotPermitted):
    """The gate stays shut; the sentence names what is missing."""

    code = "access-refused"
    title = "不能查看企业信息"


def open(*, actor: Actor, subject_id: int, purpose: str, items: Iterable[str], now: datetime) -> Permit:  # noqa: A001
    """Permit to read `items` (catalogue codes) of a subject for a purpose, with its line in the subject's own record.

    Call it inside the transaction that also does the reading; RuntimeError otherwise. The subject's own people leave
    no record. Items that are 公开公示 need neither consent nor reason; those of 政务共享 are opened to authorities in
    whose region the subject lies, without consent, and to nobody else. Raises NotVisible for a subject that is not
    the actor's to know, AccessRefused naming what is missing.
    """
    _require_transaction()
    wanted = frozenset(items)
    if actor.organization_kind == OrganizationKind.FIRM:
        if actor.subject_id is None or actor.subject_id != subject_id:
            raise NotVisible
        return Permit(subject_id, purpose, wanted, None, actor.organization_id, now, own=True)
    subject = _subject(actor, subject_id)
    closed = {code: each for code, each in disclosures_of(wanted).items() if each[1] != PUBLIC}
    if not closed:
        return Permit(subject_id, purpose, wanted, None, actor.organization_id, now)
    shared = [name for name, disclosure in closed.values() if disclosure == SHARED]
    if shared and actor.organization_kind != OrganizationKind.AUTHORITY:
        raise AccessRefused(f"只在政务部门之间共享，不提供查询：{'、'.join(shared)}。")
    if purpose not in PURPOSES_OF_KIND.get(actor.organization_kind, frozenset()):
        raise AccessRefused(_foreign_purpose(actor, purpose))
    protected = {code: name for code, (name, disclosure) in closed.items() if disclosure != SHARED}
    told: dict[str, Any] = {"subject": subject, "purpose": purpose, "items": sorted(wanted)}
    if not protected:
        record = _record(actor, now, reason_kind=ReasonKind.DUTY, **told)
        return Permit(subject_id, purpose, wanted, record.pk, actor.organization_id, now)
    request = Request(purpose, protected, business_date(now))
    grantees = grantees_of(actor)
    consent, verdict = _take_consent(subject_id, grantees, request)
    reason = _reason(actor, subject_id, grantees, request.on)
    if actor.organization_kind == OrganizationKind.BANK and reason is None:
        verdict = Verdict((*verdict.gaps, NO_REASON))
    if consent is None or not verdict.allowed:
        raise AccessRefused(f"不能查看该企业的授权信息：{verdict.sentence}")
    record = _record(
        actor,
        now,
        consent=consent,
        reason_kind=reason.kind if reason else "",
        reason_ref=reason.ref if reason else "",
        **told,
    )
    return Permit(subject_id, purpose, wanted, record.pk, actor.organization_id, now)


def open_as_source(*, actor: Actor, subject_id: int, items: Iterable[str], now: datetime) -> Permit:
    """Permit for a department to read back, within its region, the items that it delivers itself; leaves no record."""
    _require_transaction()
    wanted = frozenset(items)
    if not actor.has(Role.DEPARTMENT):
        raise AccessRefused("只有数据报送部门可以回看本部门报送的信息。")
    _subject(actor, subject_id)
    own = Source.objects.visible_to(actor).filter(is_active=True).values_list("items__code", flat=True)
    foreign = wanted - set(own)
    if foreign:
        raise AccessRefused(f"不是本部门报送的信息项：{'、'.join(item_names(foreign).values())}。")
    return Permit(subject_id, "source", wanted, None, actor.organization_id, now)


def open_for_run(
    *, actor: Actor, purpose: str, items: Iterable[str], run_label: str, subjects: int, now: datetime
) -> RunPermit:
    """Permit for a calculation over many subjects (their number in `subjects`): processing, one record a run."""
    _require_transaction()
    kinds = PURPOSES_OF_KIND.get(actor.organization_kind, frozenset(Purpose))
    if not actor.has(*_RUN_ROLES) or purpose not in kinds:
        raise AccessRefused("您的角色不能发起这项批量运算。")
    wanted = frozenset(items)
    record = _record(actor, now, purpose=purpose, items=sorted(wanted), run_label=run_label, subjects_count=subjects)
    return RunPermit(purpose, wanted, record.pk, now)


def _subject(actor: Actor, subject_id: int) -> Subject:
    subject = Subject.objects.visible_to(actor).filter(pk=subject_id).first()
    if subject is None:
        raise NotVisible
    return subject


def _require_transaction() -> None:
    # A test case's own wrapping does not count, so that a page which forgets the transaction fails in its tests.
    if not any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("the gate was called outside a transaction: check, record and reading could part")


def _foreign_purpose(actor: Actor, purpose: str) -> str:
    if actor.organization_kind in PURPOSES_OF_KIND:
        return f"本单位不能以“{PURPOSE_LABELS[purpose]}”为由查看企业的授权信息。"
    return "本单位不能查看单个企业的授权信息，只能使用汇总数据。"


def _take_consent(subject_id: int, grantees: frozenset[int], request: Request) -> tuple[Consent | None, Verdict]:
    """The consent that covers the request, held until commit; None and the nearest verdict where there is none."""
    given = list(
        Consent.objects.filter(Q(grantee_id__in=grantees) | Q(grantee=None), subject_id=subject_id).order_by(
            F("grantee").asc(nulls_last=True), "-given_at", "-pk"
        )
    )
    judged = [(consent, judge(consent.terms, request)) for consent in given]
    for consent, verdict in judged:
        if verdict.allowed and _hold(consent):
            return consent, verdict
    if any(verdict.allowed for _, verdict in judged):
        # Somebody withdrew it or used it up between the look and the lock.
        fresh = Consent.objects.filter(pk__in=[consent.pk for consent in given]).order_by("pk")
        return None, nearest(judge(consent.terms, request) for consent in fresh)
    return None, nearest(verdict for _, verdict in judged)


def _hold(consent: Consent) -> bool:
    """Keep a withdrawal waiting until this transaction ends; a limited consent is counted up. False if it is gone.

    Readers share the lock of an unlimited consent, so that they do not queue; the terms cannot change (trigger), so
    withdrawal and count are all there is to check again.
    """
    if consent.use_max is not None:
        usable = Consent.objects.filter(pk=consent.pk, withdrawn_at=None, use_count__lt=F("use_max"))
        return usable.update(use_count=F("use_count") + 1) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM consents_consent WHERE id = %s AND withdrawn_at IS NULL FOR SHARE", [consent.pk])
        return cursor.fetchone() is not None


def _reason(actor: Actor, subject_id: int, grantees: frozenset[int], on: date) -> AccessReason | None:
    if actor.organization_kind != OrganizationKind.BANK:
        return None
    return live_reasons(grantees | actor.organization_ids, on).filter(subject_id=subject_id).order_by("-pk").first()


def _record(actor: Actor, now: datetime, *, subject: Subject | None = None, **values: Any) -> AccessRecord:
    record = AccessRecord.objects.create(
        at=now,
        actor_id=actor.user_id,
        actor_name=actor.name,
        organization_id=actor.organization_id,
        organization_name=actor.organization_name,
        request_id=actor.request_id,
        subject=subject,
        **values,
    )
    audit.record(
        actor=actor,
        verb="consents.run" if subject is None else "consents.read",
        target=record,
        now=now,
        subject_id=subject.pk if subject else None,
        after={"purpose": record.purpose, "items": record.items},
    )
    return record
