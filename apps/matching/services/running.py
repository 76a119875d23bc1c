"""Match runs: one need judged against every product in force, kept with everything that went into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.digests import canonical_json, plain, sha256_of
from apps.core.errors import StateConflict
from apps.core.jobs import Lease, enqueue, target_of
from apps.core.models import Job
from apps.criteria.facts import FACTS, fact_named
from apps.criteria.selectors import snapshot
from apps.criteria.values import Names
from apps.criteria.verdict import Verdict
from apps.criteria.wording import finding_json
from apps.matching import policies, rules, selectors
from apps.matching.facts import firm_facts, need_facts
from apps.matching.models import FinancingNeed, Match, MatchRun
from apps.matching.workflow import OPEN
from apps.products import selectors as products
from apps.profiles import selectors as profiles
from apps.profiles.selectors.profiles import PROFILE_ITEMS

JOB_KIND = "matching.match_needs"


@dataclass(frozen=True, slots=True)
class Board:
    """The products in force on a day, read once for any number of needs."""

    on: date
    offers: tuple[rules.Offer, ...]
    lpr: Mapping[str, Decimal]
    names: Names


def read_board(on: date) -> Board:
    """Every version in force with its criteria resolved as of the day."""
    lpr, tables = products.rates(on), snapshot(on)
    offers = []
    for version in products.published_versions(on).order_by("pk"):
        cost = products.cost_of(version, lpr)
        offers.append(
            rules.Offer(
                version_id=version.pk,
                product_name=version.product.name,
                bank_name=version.product.organization.name,
                low_rate_pct=cost.low_pct,
                high_rate_pct=cost.high_pct,
                promised_days=version.promised_days,
                criteria=products.criteria_of(version, lpr, tables),
            )
        )
    return Board(on, tuple(offers), lpr, tables.names)


def run_match(*, actor: Actor, need: FinancingNeed, now: datetime) -> MatchRun:
    """Judge the actor's own open need against every product in force, with the firm's own profile.

    Raises StateConflict for a need that is over, NotPermitted, NotVisible.
    """
    policies.require_own_need(actor, need)
    if need.state != OPEN:
        raise StateConflict("该需求已经结束，不再匹配。")
    board = read_board(business_date(now))
    with transaction.atomic():
        permit = gate.open(
            actor=actor, subject_id=need.subject_id, purpose=Purpose.MATCHING, items=PROFILE_ITEMS, now=now
        )
        profile = profiles.latest_profile_of(need.subject_id, permit=permit)
        run = _run(actor, need, board, _columns_of(profile), now)
        audit.record(
            actor=actor,
            verb="matching.run_match",
            target=run,
            now=now,
            subject_id=need.subject_id,
            after={"digest": run.digest, "met": run.met_count, "unknown": run.unknown_count},
        )
    return run


def start_matching(*, actor: Actor, business_date: date, now: datetime) -> Job:
    """Have every open need matched; the same day again returns the day's job."""
    policies.require_can_match_all(actor)
    with transaction.atomic():
        job = enqueue(
            actor=actor,
            kind=JOB_KIND,
            key=business_date.isoformat(),
            payload={"business_date": business_date.isoformat(), "now": now.isoformat()},
            now=now,
            business_date=business_date,
        )
        audit.record(actor=actor, verb="matching.start_matching", target=target_of(job), now=now)
    return job


def match_open_needs(*, lease: Lease, business_date: date, now: datetime) -> dict[str, int]:
    """Match every open need; may run twice, since unchanged inputs add no run."""
    board = read_board(business_date)
    needs = list(FinancingNeed.objects.filter(state=OPEN).select_related("subject").order_by("pk"))
    subject_ids = {need.subject_id for need in needs}
    with transaction.atomic():
        lease.guard()
        permit = gate.open_for_run(
            actor=lease.actor,
            purpose=Purpose.MATCHING,
            items=PROFILE_ITEMS,
            run_label=f"融资需求匹配 {business_date}",
            subjects=len(subject_ids),
            now=now,
        )
        columns = selectors.profiles_for_batch(subject_ids, permit=permit)
    for done, need in enumerate(needs, 1):
        with transaction.atomic():
            lease.guard()
            _run(lease.actor, need, board, columns.get(need.subject_id), now)
        lease.progress(done, len(needs), f"已匹配 {done} 条需求")
    return {"needs": len(needs), "products": len(board.offers), "judged": len(needs) * len(board.offers)}


def _columns_of(profile: Any) -> dict[str, Any] | None:
    if profile is None:
        return None
    return {field.attname: getattr(profile, field.attname) for field in profile._meta.concrete_fields}


def _run(actor: Actor, need: FinancingNeed, board: Board, profile: Mapping[str, Any] | None, now: datetime) -> MatchRun:
    """Judge and store; the same inputs as the need's newest run return that run unchanged."""
    facts = (firm_facts(profile) if profile else {}) | need_facts(need)
    judged = rules.judge_offers(board.offers, facts)
    values = {
        "need_id": need.pk,
        "business_date": board.on,
        "facts": _stored_facts(facts),
        "profile_digest": profile["payload_digest"] if profile else "",
        "profile_as_of_on": profile["as_of_on"] if profile else None,
        "version_ids": sorted(offer.version_id for offer in board.offers),
        "lpr": plain(board.lpr),
    }
    matches = [_match(rank, one, board.names) for rank, one in enumerate(judged, 1)]
    digest = _digest(values, matches)
    newest = MatchRun.objects.filter(need=need).order_by("-pk").first()
    if newest is not None and newest.digest == digest:
        return newest
    verdicts = [one.evaluation.verdict for one in judged]
    run = MatchRun.objects.create(
        digest=digest,
        met_count=verdicts.count(Verdict.MET),
        unknown_count=verdicts.count(Verdict.UNKNOWN),
        not_met_count=verdicts.count(Verdict.NOT_MET),
        run_by_name=actor.name,
        created_at=now,
        **values,
    )
    for match in matches:
        match.run = run
    Match.objects.bulk_create(matches)
    return run


def _stored_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(fact_named(name).type.write(value)) for name, value in sorted(facts.items())}


def _match(rank: int, judged: rules.Judged, names: Names) -> Match:
    change = judged.change
    return Match(
        product_version_id=judged.offer.version_id,
        rank=rank,
        verdict=judged.evaluation.verdict.value,
        unmet_count=len(judged.evaluation.unmet),
        low_rate_pct=judged.offer.low_rate_pct,
        high_rate_pct=judged.offer.high_rate_pct,
        verdicts=[finding_json(finding, names) for finding in judged.evaluation.findings],
        change=None
        if change is None
        else {
            "fact": change.fact,
            "before": FACTS[change.fact].type.write(change.before),
            "after": FACTS[change.fact].type.write(change.after),
            "verdict": change.verdict.value,
            "text": rules.change_text(change, names),
        },
    )


def _digest(values: Mapping[str, Any], matches: Sequence[Match]) -> str:
    outcome = [
        [match.product_version_id, match.rank, match.verdict, match.verdicts, match.change, match.low_rate_pct]
        for match in matches
    ]
    return sha256_of(canonical_json({**values, "outcome": outcome}))
