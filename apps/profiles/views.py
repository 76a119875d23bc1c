"""The portrait of a firm, and the records behind it. Every look at somebody else's data passes the gate."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.consents import gate
from apps.consents.rules import PURPOSE_LABELS, Purpose
from apps.core import clock
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.profiles import selectors
from apps.profiles.explaining import DISCLAIMER
from apps.records.selectors import items_in_force, progress_of, verifiable_items, verification_requests_visible_to
from apps.records.services import ask_source
from apps.subjects.models import Subject
from apps.subjects.selectors import subject_visible_to

PAGE_ROWS = 50
OWN = "own"
_FIRM = (Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT)
_READERS = (*_FIRM, Role.BANK_OFFICER, Role.BANK_APPROVER, Role.AUTHORITY)
# The platform's administrators and auditors see what came when, and no record of a single firm.
_OVERSEERS = (Role.OPERATOR, Role.AUDITOR)


@require_GET
@actor_required(*_FIRM)
def own_profile(request: ActorRequest) -> HttpResponse:
    """To the firm's own portrait."""
    return redirect("profiles:profile_detail", code=selectors.own_subject(request.actor).code)


@require_GET
@actor_required(*_READERS)
def profile_detail(request: ActorRequest, code: str) -> HttpResponse:
    """Score, reasons, figures, lists, freshness of one firm."""
    subject = subject_visible_to(request.actor, code)
    purpose = _purpose(request)
    with transaction.atomic():
        permit = gate.open(
            actor=request.actor,
            subject_id=subject.pk,
            purpose=purpose,
            items=selectors.PROFILE_ITEMS,
            now=clock.now(),
        )
        profile = selectors.latest_profile_of(subject.pk, permit=permit)
        told = selectors.profile_page_of(profile, permit=permit) if profile else None
    return render(request, "profiles/profile_detail.html", _context(request.actor, subject, purpose) | {"told": told})


@require_GET
@actor_required(*_READERS, *_OVERSEERS)
def record_overview(request: ActorRequest, code: str) -> HttpResponse:
    """Every item about one subject with source, period, received at and age; the records lie one click behind.

    It opens the gate for nothing protected and leaves no access record: whose records are read is asked at the click.
    """
    subject = subject_visible_to(request.actor, code)
    purpose, now = _purpose(request), clock.now()
    with transaction.atomic():
        permit = gate.open(actor=request.actor, subject_id=subject.pk, purpose=purpose, items=(), now=now)
        lines = selectors.overview_of(subject.pk, permit=permit, now=now)
    return render(
        request, "profiles/record_overview.html", _context(request.actor, subject, purpose) | {"lines": lines}
    )


@require_GET
@actor_required(*_READERS)
def record_list(request: ActorRequest, code: str, item: str) -> HttpResponse:
    """The records of one item of a subject."""
    subject = subject_visible_to(request.actor, code)
    purpose = _purpose(request)
    if not items_in_force().filter(code=item).exists():
        raise NotVisible
    now = clock.now()
    with transaction.atomic():
        items = {item, *selectors.REPAIR_ITEMS}
        permit = gate.open(actor=request.actor, subject_id=subject.pk, purpose=purpose, items=items, now=now)
        table = selectors.record_table_of(subject.pk, item, on=clock.business_date(now), permit=permit)
    return render(request, "profiles/record_list.html", _context(request.actor, subject, purpose) | {"table": table})


@require_GET
@actor_required(*_READERS)
def verification(request: ActorRequest, code: str) -> HttpResponse:
    """What can be asked of sources about a subject, and what was: by one's own people, of a firm itself by anybody.

    It shows no answer: those are records like any other, behind the gate.
    """
    subject = subject_visible_to(request.actor, code)
    purpose = _purpose(request)
    asked = verification_requests_visible_to(request.actor).filter(question__subject_id=subject.pk)
    page = Paginator(asked, PAGE_ROWS).get_page(request.GET.get("page"))
    labels = PURPOSE_LABELS | {OWN: "本企业自查"}
    context = {
        "items": verifiable_items(),
        "page": page,
        "rows": [(one, labels[one.purpose], progress_of(one)) for one in page],
    }
    return render(request, "profiles/verification.html", _context(request.actor, subject, purpose) | context)


@require_POST
@actor_required(*_READERS)
def verification_ask(request: ActorRequest, code: str, item: str) -> HttpResponse:
    """Ask a source about a subject; the gate is opened in the transaction that puts the question on record."""
    subject = subject_visible_to(request.actor, code)
    purpose = _purpose(request)
    if not verifiable_items().filter(code=item).exists():
        raise NotVisible
    is_own, now = request.actor.subject_id == subject.pk, clock.now()
    with transaction.atomic():
        permit = gate.open(
            actor=request.actor, subject_id=subject.pk, purpose=OWN if is_own else purpose, items={item}, now=now
        )
        asked = ask_source(actor=request.actor, subject_id=subject.pk, item_code=item, permit=permit, now=now)
    messages.success(request, "近期已有答复，未重复提问。" if asked.from_store else "已提问，答复到达后显示在下面。")
    return redirect(f"{reverse('profiles:verification', args=[subject.code])}?purpose={purpose}")


def _purpose(request: ActorRequest) -> str:
    """What the look is for: as said in the address, else what the kind of organisation mostly looks for."""
    given = request.GET.get("purpose", "")
    if given and given not in PURPOSE_LABELS:
        raise InvalidInput("没有这种查询用途。")
    if request.actor.organization_kind == OrganizationKind.AUTHORITY:
        return given or Purpose.WHITELIST
    return given or Purpose.PRE_LOAN_REVIEW


def _context(actor: Actor, subject: Subject, purpose: str) -> dict[str, object]:
    return {
        "subject": subject,
        "is_own": actor.subject_id == subject.pk,
        "may_ask": actor.has(*_READERS),
        "is_authority": actor.organization_kind == OrganizationKind.AUTHORITY,
        "purpose": purpose,
        "purpose_label": PURPOSE_LABELS[purpose],
        "disclaimer": DISCLAIMER,
    }
