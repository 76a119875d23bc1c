"""Reads of needs, runs and dispatches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.errors import NotVisible
from apps.core.permit import RunPermit
from apps.core.work import WorkItem
from apps.matching.models import Dispatch, FinancingNeed, Match, MatchRun
from apps.matching.workflow import OPEN, SENT
from apps.profiles.models import Profile
from apps.profiles.selectors.profiles import PROFILE_ITEMS


def needs_visible_to(actor: Actor) -> QuerySet[FinancingNeed]:
    """Needs, newest first."""
    return FinancingNeed.objects.visible_to(actor).select_related("subject").order_by("-submitted_on", "-id")


def needs_with_newest_run(actor: Actor) -> QuerySet[FinancingNeed]:
    """Needs with `newest_met` and `newest_unknown`, the counts of their newest run (None: not matched yet)."""
    newest = MatchRun.objects.filter(need=OuterRef("pk")).order_by("-pk")
    return needs_visible_to(actor).annotate(
        newest_met=Subquery(newest.values("met_count")[:1]),
        newest_unknown=Subquery(newest.values("unknown_count")[:1]),
    )


def need_visible_to(actor: Actor, need_id: int) -> FinancingNeed:
    """One need. Raises NotVisible when it is missing or foreign."""
    need = needs_visible_to(actor).filter(pk=need_id).first()
    if need is None:
        raise NotVisible
    return need


def newest_run_of(need: FinancingNeed) -> MatchRun | None:
    """The newest judgement of a need; callers hold a need that is visible to their actor."""
    return MatchRun.objects.filter(need=need).order_by("-pk").first()


def matches_of(run: MatchRun) -> QuerySet[Match]:
    """All products of a run by rank, with the dispatches that stand for the need."""
    sent = Dispatch.objects.filter(need_id=run.need_id).order_by("pk")
    return (
        run.matches.select_related("product_version__product__organization")
        .prefetch_related(Prefetch("product_version__dispatches", queryset=sent, to_attr="sent"))
        .order_by("rank")
    )


def profiles_for_batch(subject_ids: Iterable[int], *, permit: RunPermit) -> dict[int, dict[str, Any]]:
    """Columns of the newest profile by subject, for a calculation on record; a subject without one is left out."""
    rows = Profile.objects.filter(subject_id__in=subject_ids).order_by("subject_id").values()
    return {row["subject_id"]: dict(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a bank may read of the reasons: the findings, or why the gate stays shut."""

    findings: list[dict[str, Any]]
    refusal: str = ""


def disclosure_to_bank(actor: Actor, dispatch: Dispatch, now: datetime) -> Disclosure:
    """Why the need fits, told to the bank that received it. The reasons carry figures of the firm's profile, so they
    pass the gate like any reading; the need itself was sent by the firm and needs no consent.
    """
    try:
        with transaction.atomic():
            gate.open(
                actor=actor,
                subject_id=dispatch.need.subject_id,
                purpose=Purpose.MATCHING,
                items=PROFILE_ITEMS,
                now=now,
            )
            return Disclosure(dispatch.match.verdicts)
    except gate.AccessRefused as refused:
        return Disclosure([], refused.message)


@dataclass(frozen=True, slots=True)
class Received:
    """A dispatch with what its bank may read of the reasons."""

    dispatch: Dispatch
    disclosure: Disclosure


def received_of(actor: Actor, need: FinancingNeed, now: datetime) -> list[Received]:
    """What a bank received of a need, each disclosure by the gate; nothing for anybody else."""
    if actor.organization_kind != OrganizationKind.BANK:
        return []
    sent = dispatches_visible_to(actor).filter(need=need)
    return [Received(dispatch, disclosure_to_bank(actor, dispatch, now)) for dispatch in sent]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The products of one verdict, as the page shows them."""

    verdict: str
    title: str
    matches: list[Match]


def shelves_of(run: MatchRun) -> list[Shelf]:
    """Matched, cannot tell, not met, each in rank order."""
    titles = {"met": "符合条件的产品", "unknown": "有条件无法判断的产品", "not_met": "有条件不符合的产品"}
    found = list(matches_of(run))
    return [Shelf(value, title, [one for one in found if one.verdict == value]) for value, title in titles.items()]


def dispatches_visible_to(actor: Actor) -> QuerySet[Dispatch]:
    """Dispatches, newest first."""
    return (
        Dispatch.objects.visible_to(actor)
        .select_related("need__subject", "product_version__product", "organization", "match__run")
        .order_by("-id")
    )


def dispatch_visible_to(actor: Actor, dispatch_id: int) -> Dispatch:
    """One dispatch. Raises NotVisible when it is missing or foreign."""
    dispatch = dispatches_visible_to(actor).filter(pk=dispatch_id).first()
    if dispatch is None:
        raise NotVisible
    return dispatch


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """For a firm its needs without a run, for a bank what it received and has not answered."""
    if actor.organization_kind == OrganizationKind.FIRM:
        waiting = needs_visible_to(actor).filter(state=OPEN, runs=None).count()
        if waiting:
            return [WorkItem("融资需求待匹配", "查看适合的产品", "matching:need_list", count=waiting)]
    if actor.has(Role.BANK_OFFICER):
        received = Dispatch.objects.visible_to(actor).filter(state=SENT).order_by("pk").values_list("pk", flat=True)
        title, detail = "收到融资需求", "请接收或说明不接收的原因"
        if len(received) == 1:
            return [WorkItem(title, detail, "matching:dispatch_detail", (received[0],))]
        if received:
            return [WorkItem(title, detail, "matching:dispatch_list", count=len(received))]
    return []
