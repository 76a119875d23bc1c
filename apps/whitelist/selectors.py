"""Reads of the whitelist. What a single firm met or missed is protected data and needs a Permit."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Count, Q, QuerySet

from apps.accounts.models import Organization
from apps.consents.rules import Purpose
from apps.consents.selectors import live_consents, protected_among
from apps.core import files
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.clock import business_date
from apps.core.errors import NotVisible
from apps.core.permit import Permit
from apps.core.work import WorkItem
from apps.criteria.evaluation import evaluate
from apps.criteria.facts import fact_named
from apps.criteria.language import Node, facts_asked, read_criteria
from apps.criteria.selectors import snapshot
from apps.criteria.verdict import Evaluation
from apps.criteria.wording import finding_json, required
from apps.profiles.models import Profile
from apps.profiles.selectors import PROFILE_ITEMS, profiles_for_batch, require_profile_items
from apps.reference.selectors import figures, region_tree
from apps.whitelist import screening
from apps.whitelist.models import (
    DeclineReason,
    Feedback,
    Listing,
    Programme,
    Push,
    PushBatch,
    ScreeningOutcome,
    ScreeningRun,
)
from apps.whitelist.rules import CONSENT_LABEL, ListedFacts, default_criteria
from apps.whitelist.workflow import OPEN_PUSH_STATES


def programmes_visible_to(actor: Actor) -> QuerySet[Programme]:
    """Programmes with the number of firms on them, newest first."""
    active = Count("listings", filter=Q(listings__state="active"))
    return Programme.objects.visible_to(actor).select_related("authority").annotate(active_count=active).order_by("-pk")


def programme_visible_to(actor: Actor, programme_id: int) -> Programme:
    """One programme. Raises NotVisible."""
    found = programmes_visible_to(actor).filter(pk=programme_id).first()
    if found is None:
        raise NotVisible
    return found


def has_listings(programme: Programme) -> bool:
    """Whether any firm is on the list just now."""
    return Listing.objects.filter(programme=programme, state="active").exists()


def runs_of(programme: Programme) -> QuerySet[ScreeningRun]:
    """Runs of a programme, newest first."""
    return programme.runs.select_related("programme", "requested_by", "approved_by").order_by("-pk")


def run_visible_to(actor: Actor, run_id: int) -> ScreeningRun:
    """One run. Raises NotVisible."""
    runs = ScreeningRun.objects.visible_to(actor)
    found = runs.select_related("programme", "requested_by", "approved_by", "job").filter(pk=run_id).first()
    if found is None:
        raise NotVisible
    return found


@dataclass(frozen=True, slots=True)
class Rule:
    """Criteria and validity that a new programme starts from."""

    criteria: list[dict[str, Any]]
    valid_months: int


def platform_rule(on: date) -> Rule:
    """The platform's own rule with the policy figures of the day."""
    policy = figures(on)
    return Rule(default_criteria(policy), int(policy["whitelist_validity_months"]))


def regions_for(actor: Actor, on: date) -> list[tuple[str, str]]:
    """(code, name) of the regions in force within the actor's scope, for forms."""
    nodes = region_tree(on).nodes
    return [(code, f"{nodes[code].name} {code}") for code in sorted(nodes) if actor.sees_region(code)]


def nodes_of(run: ScreeningRun) -> tuple[Node, ...]:
    """The run's criteria as they were read on its day."""
    return read_criteria(run.criteria, snapshot(run.business_date))


def demands_of(criteria: list[dict[str, Any]], on: date) -> list[str]:
    """Criteria in words."""
    tables = snapshot(on)
    return [required(node, tables.names) for node in read_criteria(criteria, tables)]


def reason_rows(run: ScreeningRun) -> list[dict[str, Any]]:
    """Who fell out why: for each criterion in words how many did not meet it, are not known, fell out by it alone."""
    if not run.counts:
        return []
    tables = snapshot(run.business_date)
    words = [required(node, tables.names) for node in read_criteria(run.criteria, tables)] + [CONSENT_LABEL]
    return [row | {"label": label} for row, label in zip(run.counts["reasons"], words, strict=True)]


def listings_visible_to(actor: Actor) -> QuerySet[Listing]:
    """Listings, the ones in force first, by day of entry."""
    listings = Listing.objects.visible_to(actor).select_related("subject", "programme", "last_run")
    return listings.order_by("state", "-entered_on", "pk")


def listing_visible_to(actor: Actor, listing_id: int) -> Listing:
    """One listing. Raises NotVisible."""
    found = listings_visible_to(actor).filter(pk=listing_id).first()
    if found is None:
        raise NotVisible
    return found


def findings_of(listing: Listing, *, permit: Permit) -> list[dict[str, Any]]:
    """Why a firm came on the list: each criterion with what was found, in words. Raises NotPermitted."""
    permit.require(listing.subject_id)
    for item in sorted(protected_among(items_of(listing.run))):
        permit.require(listing.subject_id, item)
    names = snapshot(listing.run.business_date).names
    evaluation = _evaluation(listing.run, listing.facts)
    return [finding_json(finding, names) for finding in evaluation.findings]


def _evaluation(run: ScreeningRun, facts: dict[str, Any]) -> Evaluation:
    return evaluate(nodes_of(run), {name: screening.observed(name, value) for name, value in facts.items()})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the newest published run of a programme said of one firm."""

    run: ScreeningRun
    verdict: str
    findings: tuple[dict[str, str], ...]


def judgements_of(subject_id: int, *, permit: Permit) -> list[Judgement]:
    """For each programme what its newest published run said of a firm, criterion by criterion. Raises NotPermitted."""
    require_profile_items(subject_id, permit)
    newest = (
        ScreeningRun.objects.filter(state="published")
        .order_by("programme_id", "-published_at", "-pk")
        .distinct("programme_id")
        .values("pk")
    )
    outcomes = ScreeningOutcome.objects.filter(run__in=newest, subject_id=subject_id)
    words = {screening.MET: "met", screening.NOT_MET: "not_met", screening.UNKNOWN: "unknown"}
    judgements = []
    for outcome in outcomes.select_related("run__programme").order_by("-run_id"):
        labels = [row["label"] for row in reason_rows(outcome.run)]
        findings = tuple(
            {"label": label, "verdict": words[letter]} for label, letter in zip(labels, outcome.codes, strict=True)
        )
        judgements.append(Judgement(outcome.run, words[outcome.verdict], findings))
    return judgements


def pushes_visible_to(actor: Actor) -> QuerySet[Push]:
    """Recommendations, those that wait longest first."""
    pushes = Push.objects.visible_to(actor).select_related("listing__subject", "listing__programme", "bank", "reason")
    return pushes.order_by("contact_by_on", "pk")


def push_visible_to(actor: Actor, push_id: int) -> Push:
    """One recommendation. Raises NotVisible."""
    found = pushes_visible_to(actor).filter(pk=push_id).first()
    if found is None:
        raise NotVisible
    return found


def clocks(pushes: Iterable[Push]) -> list[tuple[Push, date | None]]:
    """Each push with the day by which the bank has to act, while it has to."""
    due = {
        "pushed": "contact_by_on",
        "received": "contact_by_on",
        "accepted": "decide_by_on",
        "examining": "decide_by_on",
    }
    return [(push, getattr(push, due[push.state]) if push.state in due else None) for push in pushes]


def items_of(run: ScreeningRun) -> set[str]:
    """The catalogue items behind the facts that a run's criteria read; what has no item of its own (score, coverage,
    lists) is made of everything in the portrait.
    """
    facts = [fact_named(name) for name in facts_asked(nodes_of(run))]
    items = {fact.item for fact in facts if fact.item}
    return items if all(fact.item for fact in facts) else items | PROFILE_ITEMS


def feedback_of(push: Push) -> QuerySet[Feedback]:
    """The answers to a push, newest first."""
    return push.feedback.select_related("reason").order_by("-given_at", "-pk")


def batches_of(programme: Programme) -> QuerySet[PushBatch]:
    """What was pushed to whom, newest first."""
    return programme.batches.select_related("bank").order_by("-pk")


def push_states_of(programme: Programme) -> list[dict[str, Any]]:
    """How the banks have come along: number of pushes by bank and state."""
    rows = Push.objects.filter(listing__programme=programme).values("bank__name", "state")
    counted = rows.annotate(count=Count("pk")).order_by("bank__name", "state")
    labels = dict(Push._meta.get_field("state").flatchoices)
    return [{"bank": row["bank__name"], "state": labels[row["state"]], "count": row["count"]} for row in counted]


def decline_reasons(on: date) -> list[tuple[str, str]]:
    """(code, label) of the reasons in force, for forms."""
    return list(DeclineReason.objects.in_force(on).order_by("pk").values_list("code", "label"))


def banks() -> QuerySet[Organization]:
    """The banks that can be pushed to."""
    return Organization.objects.banks()


def inputs_for_batch(run: ScreeningRun, nodes: Sequence[Node]) -> pl.DataFrame:
    """What a run looks at, from the newest profiles of its region and the consents of its day."""
    consented = live_consents(run.business_date, Purpose.WHITELIST).values_list("subject_id", flat=True).distinct()
    ids = pl.Series(sorted(consented.order_by("subject_id")), dtype=pl.Int64)
    return screening.inputs_of(profiles_for_batch(run.region_codes), nodes, ids)


def kept_inputs(run: ScreeningRun) -> pl.DataFrame | None:
    """What a run looked at, as it was kept; None once its retention has ended and the file was deleted."""
    if run.inputs is None:
        return None
    try:
        with files.open_file(run.inputs) as stream:
            return screening.unpack(stream.read())
    except FileNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Met:
    """A firm that met the rule, with the facts as the rule saw them."""

    subject_id: int
    facts: dict[str, Any]


def met_for_batch(run: ScreeningRun) -> list[Met]:
    """Every firm that met a run's rule, by credit code. Raises NotVisible when the inputs are gone."""
    inputs = kept_inputs(run)
    if inputs is None:
        raise NotVisible("这次筛选的输入已按保存期限删除，不能再发布。")
    names = sorted(facts_asked(nodes_of(run)))
    met = ScreeningOutcome.objects.filter(run=run, verdict=screening.MET).order_by("subject_id")
    ids = pl.Series(list(met.values_list("subject_id", flat=True)), dtype=pl.Int64)
    rows = inputs.filter(pl.col("subject_id").is_in(ids.implode())).select("subject_id", *names)
    return [Met(row.pop("subject_id"), row) for row in rows.iter_rows(named=True)]


@dataclass(frozen=True, slots=True)
class Replay:
    """A run done again on what it looked at: `answer` is same, different or inputs_deleted."""

    answer: str
    stored: dict[str, str]
    found: dict[str, str]


def replay(run: ScreeningRun) -> Replay:
    """Judge a run's kept inputs once more and compare every digest."""
    stored = {
        "rule": run.rule_digest,
        "inputs": run.input_digest,
        "outcomes": run.outcome_digest,
    }
    inputs = kept_inputs(run)
    if inputs is None:
        return Replay("inputs_deleted", stored, {})
    nodes = nodes_of(run)
    found = {
        "rule": screening.rule_digest(nodes, run.region_codes),
        "inputs": screening.input_digest(inputs),
        "outcomes": screening.outcome_digest(screening.outcomes_of(inputs, nodes)),
    }
    return Replay("same" if found == stored else "different", stored, found)


def run_for_replay(run_id: int) -> ScreeningRun | None:
    """A screened run by number, for the command."""
    return (
        ScreeningRun.objects.select_related("programme", "inputs").filter(pk=run_id).exclude(outcome_digest="").first()
    )


def active_listings_for_batch(on: date) -> Iterator[tuple[Listing, ListedFacts]]:
    """Every listing in force with what the daily re-check looks at."""
    consented = set(live_consents(on, Purpose.WHITELIST).values_list("subject_id", flat=True))
    listings = Listing.objects.filter(state="active").select_related("subject", "programme").order_by("pk")
    known = {
        subject_id: (status or None, blocked)
        for subject_id, status, blocked in Profile.objects.filter(
            subject_id__in=listings.order_by().values("subject_id")
        ).values_list("subject_id", "status", "has_block_whitelist")
    }
    for listing in listings.iterator(chunk_size=1_000):
        status, blocked = known.get(listing.subject_id, (None, None))
        yield listing, ListedFacts(listing.valid_to_on, status, blocked, listing.subject_id in consented)


def batch_for_job(batch_id: int) -> PushBatch:
    """The batch that a job pushes."""
    return PushBatch.objects.select_related("programme", "bank").get(pk=batch_id)


def unpushed_listings_for_batch(batch: PushBatch) -> list[Listing]:
    """Listings in force of the batch's programme that its bank has not got."""
    active = Listing.objects.filter(programme=batch.programme, state="active")
    return list(active.exclude(pushes__bank_id=batch.bank_id).select_related("subject").order_by("pk"))


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """What waits: runs to approve or publish for an authority, recommendations to answer for a bank officer."""
    if actor.has(Role.AUTHORITY):
        return _authority_items(actor)
    if actor.organization_kind == OrganizationKind.BANK and actor.has(Role.BANK_OFFICER):
        return _bank_items(actor, business_date(now))
    return []


def _authority_items(actor: Actor) -> list[WorkItem]:
    runs = ScreeningRun.objects.filter(
        programme__authority_id=actor.organization_id, state__in=["screened", "approved"]
    )
    items = []
    for run in runs.select_related("programme").order_by("pk"):
        if run.state == "approved":
            title = "白名单筛选待发布"
        elif run.requested_by_id == actor.user_id:
            continue  # it waits for a second person
        else:
            title = "白名单筛选待复核"
        detail = f"{run.programme}：{run.counts['listed']} 户符合条件"
        items.append(WorkItem(title, detail, "whitelist:run_detail", (run.pk,)))
    return items


def _bank_items(actor: Actor, today: date) -> list[WorkItem]:
    pushes = Push.objects.visible_to(actor).filter(state__in=OPEN_PUSH_STATES)
    uncontacted = pushes.filter(state__in=["pushed", "received"])
    undecided = pushes.filter(state__in=["accepted", "examining"])
    items = []
    if count := uncontacted.count():
        first = uncontacted.order_by("contact_by_on").values_list("contact_by_on", flat=True).first()
        late = uncontacted.filter(contact_by_on__lt=today).count()
        detail = f"其中 {late} 户已超过联系期限" if late else "请在期限内联系企业"
        items.append(WorkItem("推荐企业待联系", detail, "whitelist:push_list", due_on=first, count=count))
    if count := undecided.count():
        first = undecided.order_by("decide_by_on").values_list("decide_by_on", flat=True).first()
        items.append(
            WorkItem("推荐企业待授信决定", "请在期限内作出授信决定", "whitelist:push_list", due_on=first, count=count)
        )
    return items
