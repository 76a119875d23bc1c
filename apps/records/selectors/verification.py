"""Reads of 数据核验: adapters, questions, who asked, what was not taken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from apps.accounts.models import Organization
from apps.core.actor import Actor
from apps.core.errors import NotVisible
from apps.records.models import (
    CatalogueItem,
    RefusedAnswer,
    Source,
    VerificationAdapter,
    VerificationQuestion,
    VerificationRequest,
)
from apps.records.models.verification import breaker_label
from apps.records.verification.adapters import Question


@dataclass(frozen=True, slots=True)
class AdapterState:
    """An adapter as a page shows it; `state` is that of the breaker, or `paused`."""

    adapter: VerificationAdapter
    state: str
    label: str
    items: tuple[str, ...]

    @property
    def tone(self) -> str:
        """Of its badge."""
        return {"closed": "success", "half_open": "info", "open": "danger"}.get(self.state, "warning")


def question_of(question: VerificationQuestion) -> Question:
    """A stored question as adapters put it; its item must be loaded."""
    return Question(
        question.request_no,
        question.item.code,
        question.code,
        question.name,
        question.parameters,
        question.purpose,
        question.asked_at,
    )


def verifiable_items() -> QuerySet[CatalogueItem]:
    """The items that some source answers questions about, in the order of the published list."""
    items = CatalogueItem.objects.filter(is_active=True, sharing_mode="verification")
    return items.filter(sources__verification__isnull=False).distinct().order_by("catalogue_no", "code")


def verifying_sources(actor: Actor) -> QuerySet[Source]:
    """The sources with items to verify that an actor sees, those without an adapter among them."""
    asked = Source.objects.visible_to(actor).filter(items__sharing_mode="verification", items__is_active=True)
    return asked.select_related("organization", "verification").distinct().order_by("organization__name", "pk")


def adapters_visible_to(actor: Actor, machine_now: datetime) -> list[AdapterState]:
    """Adapters with state and counts (`waiting_count`, `sent_count`, `failed_count`), by name of the source."""
    rows = (
        VerificationAdapter.objects.visible_to(actor)
        .select_related("source__organization")
        .prefetch_related("source__items")
        .annotate(
            waiting_count=Count("questions", filter=Q(questions__state="waiting")),
            sent_count=Count("questions", filter=Q(questions__state="sent")),
            failed_count=Count("questions", filter=Q(questions__state="failed")),
        )
    )
    return [_state_of(adapter, machine_now) for adapter in rows.order_by("source__organization__name", "pk")]


def adapter_visible_to(actor: Actor, adapter_id: int, machine_now: datetime) -> AdapterState:
    """One of them. Raises NotVisible."""
    found = next((one for one in adapters_visible_to(actor, machine_now) if one.adapter.pk == adapter_id), None)
    if found is None:
        raise NotVisible("没有这个核验通道。")
    return found


def _state_of(adapter: VerificationAdapter, machine_now: datetime) -> AdapterState:
    state = adapter.breaker.state(machine_now, adapter.cool_down)
    names = sorted(item.name for item in adapter.source.items.all() if item.sharing_mode == "verification")
    return AdapterState(adapter, "paused" if adapter.is_paused else state, breaker_label(adapter, state), tuple(names))


def adapter_of(organization: Organization) -> VerificationAdapter | None:
    """How an organisation is asked; None where that is not set yet."""
    return VerificationAdapter.objects.filter(source__organization=organization).first()


def items_asked_of(adapter: VerificationAdapter) -> QuerySet[CatalogueItem]:
    """The items that a source answers questions about."""
    items = adapter.source.items.filter(is_active=True, sharing_mode="verification")
    return items.order_by("catalogue_no", "code")


def questions_visible_to(actor: Actor, adapter: VerificationAdapter) -> QuerySet[VerificationQuestion]:
    """What a source was asked, newest first."""
    rows = VerificationQuestion.objects.visible_to(actor).filter(adapter=adapter)
    return rows.select_related("item", "delivery").order_by("-asked_at", "-pk")


def refused_answers_of(actor: Actor, adapter: VerificationAdapter) -> QuerySet[RefusedAnswer]:
    """Answers that were not taken, newest first. Raises NotVisible for an adapter that is not the actor's to see."""
    if not VerificationAdapter.objects.visible_to(actor).filter(pk=adapter.pk).exists():
        raise NotVisible("没有这个核验通道。")
    return RefusedAnswer.objects.filter(adapter=adapter).order_by("-at", "-pk")


def verification_requests_visible_to(actor: Actor) -> QuerySet[VerificationRequest]:
    """Who asked what: a firm all about itself, others what their organisation asked; newest first."""
    rows = VerificationRequest.objects.visible_to(actor)
    return rows.select_related("question__item", "question__job").order_by("-at", "-pk")


def verification_request_visible_to(actor: Actor, request_id: int) -> VerificationRequest:
    """One of them. Raises NotVisible."""
    found = verification_requests_visible_to(actor).filter(pk=request_id).first()
    if found is None:
        raise NotVisible("没有这次核验。")
    return found


def progress_of(asked: VerificationRequest) -> dict[str, Any]:
    """A request as the component `progress` shows it; its question, item and job must be loaded."""
    question = asked.question
    # By file an answer may take days: nothing to watch while no worker has it.
    works = question.state == "received" or (question.job is not None and not question.job.is_over)
    return {
        "id": f"verification-{asked.pk}",
        "label": f"{question.item.name} {question.request_no}",
        "state": question.state,
        "state_label": question.get_state_display(),
        "running": question.is_open and works,
        "text": question.message or (question.job.progress_note if question.is_open and question.job else ""),
        "poll_url": reverse("records:verification_progress", args=[asked.pk]),
    }
