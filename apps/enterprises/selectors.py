"""Reads of registrations and declarations."""

from datetime import datetime

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core.actor import Actor, Role
from apps.core.clock import business_date
from apps.core.errors import NotVisible
from apps.core.permit import Permit
from apps.core.work import WorkItem
from apps.enterprises.models import Declaration, Registration
from apps.enterprises.rules import Identity
from apps.subjects.selectors import subject_by_code


def registered_identity(code: str) -> Identity | None:
    """How 登记注册 names the firm under a code; None when there is no such firm."""
    subject = subject_by_code(code)
    if subject is None:
        return None
    return Identity(subject.name, subject.legal_representative, subject.status, subject.get_status_display())


def registrations_visible_to(actor: Actor) -> QuerySet[Registration]:
    """Registrations, newest first."""
    return Registration.objects.visible_to(actor).select_related("applicant", "organization").order_by("-pk")


def registrations_waiting(actor: Actor) -> QuerySet[Registration]:
    """Those that wait for verification, longest waiting first."""
    return registrations_visible_to(actor).filter(state="submitted").order_by("submitted_at", "pk")


def registration_visible_to(actor: Actor, registration_id: int) -> Registration:
    """One registration. Raises NotVisible."""
    found = registrations_visible_to(actor).filter(pk=registration_id).first()
    if found is None:
        raise NotVisible
    return found


def registration_of(user: User) -> Registration | None:
    """A person's own registration."""
    return Registration.objects.filter(applicant=user).first()


def declarations_visible_to(actor: Actor) -> QuerySet[Declaration]:
    """Declarations, newest first."""
    return Declaration.objects.visible_to(actor).order_by("-declared_at", "-pk")


def latest_declaration_of(subject_id: int, *, permit: Permit) -> Declaration | None:
    """What the firm last said of itself (自报). Raises NotPermitted for a permit of another subject."""
    permit.require(subject_id)
    return Declaration.objects.filter(subject_id=subject_id).order_by("-declared_at", "-pk").first()


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """Operator: registrations to verify. Firm: the declaration of last year that is missing."""
    if actor.has(Role.OPERATOR):
        waiting = registrations_waiting(actor).count()
        if waiting:
            text = "核对企业名称、代码与法定代表人后通过或退回"
            return [WorkItem("待核验的企业注册", text, "enterprises:registration_list", count=waiting)]
    if actor.has(Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT):
        year = business_date(now).year - 1
        if not declarations_visible_to(actor).filter(year__gte=year).exists():
            text = "从业人数、营业收入和资产总额用于划型和匹配产品"
            return [WorkItem(f"填报{year}年度自报信息", text, "enterprises:declaration")]
    return []
