"""A screening run: asked for by one person, judged by a job, approved by another person, published."""

from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import IntegrityError, connection, transaction

from apps.consents.gate import open_for_run
from apps.consents.rules import Purpose
from apps.core import audit, files
from apps.core.actor import Actor
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.jobs import Lease, enqueue
from apps.core.months import add_months
from apps.criteria.language import read_criteria
from apps.criteria.selectors import snapshot
from apps.reference.selectors import codes_within
from apps.whitelist import policies, screening, selectors
from apps.whitelist.models import Listing, Programme, ScreeningOutcome, ScreeningRun
from apps.whitelist.workflow import RUN

audit.register(
    "whitelist",
    {
        "request_screening": "发起白名单筛选：{target}",
        "screen": "完成白名单筛选：{target}",
        "approve_screening": "复核通过白名单筛选：{target}",
        "publish_screening": "发布白名单：{target}",
        "discard_screening": "作废白名单筛选：{target}",
    },
)

JOB_KIND = "whitelist.screen"
_CHUNK = 1_000


class SecondPersonNeeded(NotPermitted):
    """The one who started a run may not approve it."""

    code = "second-person-needed"
    title = "须由他人复核"
    default_message = "发起筛选的人不能复核自己的结果，请由本单位另一位同事复核。"


def request_screening(*, actor: Actor, programme: Programme, business_date: date, now: datetime) -> ScreeningRun:
    """Ask for a run over every firm of the region; a job does it.

    Raises StateConflict unless the programme is open, and while another run of it is neither published nor discarded.
    """
    policies.require_manager(actor, programme)
    if programme.state != "open":
        raise StateConflict(f"白名单状态为“{programme.get_state_display()}”，不能筛选。")
    try:
        with transaction.atomic():
            run = ScreeningRun.objects.create(
                programme=programme,
                business_date=business_date,
                requested_by_id=actor.user_id,
                requested_at=now,
                criteria=programme.criteria,
                region_codes=sorted(codes_within(programme.region_code, business_date)),
            )
            job = enqueue(
                actor=actor,
                kind=JOB_KIND,
                key=f"run-{run.pk}",
                payload={"run_id": run.pk, "now": now.isoformat()},
                now=now,
                business_date=business_date,
            )
            ScreeningRun.objects.filter(pk=run.pk).update(job=job)
            audit.record(actor=actor, verb="whitelist.request_screening", target=run, now=now)
    except IntegrityError as error:
        raise StateConflict("该白名单还有一次筛选没有发布或作废。") from error
    run.refresh_from_db()
    return run


def screen(*, lease: Lease, run_id: int, now: datetime) -> dict[str, Any]:
    """Judge every firm of the region and keep each verdict; job code, may run twice. Returns the counts."""
    run = ScreeningRun.objects.select_related("programme").get(pk=run_id)
    if run.state != RUN.initial:
        return dict(run.counts)
    nodes = read_criteria(run.criteria, snapshot(run.business_date))
    inputs = selectors.inputs_for_batch(run, nodes)
    lease.progress(0, inputs.height, "正在逐条核对准入条件")
    outcomes = screening.outcomes_of(inputs, nodes)
    slugs = screening.slugs_of(nodes)
    counts = screening.counts_of(outcomes, slugs)
    with transaction.atomic():
        lease.guard()
        open_for_run(
            actor=lease.actor,
            purpose=Purpose.WHITELIST,
            items=selectors.items_of(run),
            run_label=f"白名单筛选：{run}",
            subjects=inputs.height,
            now=now,
        )
        _copy_outcomes(run, outcomes)
        kept = files.store(
            screening.pack(inputs),
            name=f"screening-{run.pk}.parquet",
            content_type="application/vnd.apache.parquet",
            now=now,
        )
        _advance(
            lease.actor,
            run,
            "finish",
            "screen",
            now,
            screened_at=now,
            inputs=kept,
            slugs=slugs,
            counts=counts,
            rule_digest=screening.rule_digest(nodes, run.region_codes),
            input_digest=screening.input_digest(inputs),
            outcome_digest=screening.outcome_digest(outcomes),
        )
        lease.progress(inputs.height, inputs.height)
    return counts


def _copy_outcomes(run: ScreeningRun, outcomes: pl.DataFrame) -> None:
    ScreeningOutcome.objects.filter(run=run).delete()
    rows = outcomes.select(pl.lit(run.pk).alias("run_id"), "subject_id", "verdict", "codes")
    with connection.cursor() as cursor:
        command = "COPY whitelist_screeningoutcome (run_id, subject_id, verdict, codes) FROM STDIN (FORMAT csv)"
        with cursor.copy(command) as copy:
            copy.write(rows.write_csv(include_header=False))


def approve_screening(*, actor: Actor, run: ScreeningRun, now: datetime) -> ScreeningRun:
    """A second person of the authority stands for the result. Raises SecondPersonNeeded."""
    policies.require_manager(actor, run.programme)
    RUN.check(run.state, "approve", actor.roles)
    if actor.user_id is None or actor.user_id == run.requested_by_id:
        raise SecondPersonNeeded
    with transaction.atomic():
        _advance(actor, run, "approve", "approve_screening", now, approved_by_id=actor.user_id, approved_at=now)
    return run


def discard_screening(*, actor: Actor, run: ScreeningRun, reason: str, now: datetime) -> ScreeningRun:
    """Throw a run away before it is published, saying why; its digests and verdicts stay as proof."""
    policies.require_manager(actor, run.programme)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "请写明作废原因。"})
    with transaction.atomic():
        _advance(actor, run, "discard", "discard_screening", now, reason=reason.strip(), discarded_at=now)
    return run


def publish_screening(*, actor: Actor, run: ScreeningRun, now: datetime) -> int:
    """Put every firm that met the rule on the list; returns how many stand on it through this run.

    A firm that is on the list already stays under its entry and gains the new validity.
    """
    policies.require_manager(actor, run.programme)
    with transaction.atomic():
        _advance(actor, run, "publish", "publish_screening", now, published_at=now)
        valid_to_on = add_months(run.business_date, run.programme.valid_months)
        active = Listing.objects.filter(programme=run.programme, state="active")
        listed = dict(active.values_list("subject_id", "pk"))
        rows = selectors.met_for_batch(run)
        confirmed = [listed[row.subject_id] for row in rows if row.subject_id in listed]
        Listing.objects.filter(pk__in=confirmed).update(last_run=run, valid_to_on=valid_to_on)
        Listing.objects.bulk_create(
            (
                Listing(
                    programme=run.programme,
                    run=run,
                    last_run=run,
                    subject_id=row.subject_id,
                    entered_on=run.business_date,
                    valid_to_on=valid_to_on,
                    facts=row.facts,
                )
                for row in rows
                if row.subject_id not in listed
            ),
            batch_size=_CHUNK,
        )
    return len(rows)


def _advance(
    actor: Actor, run: ScreeningRun, verb: str, audit_verb: str, now: datetime, *, reason: str = "", **values: Any
) -> None:
    """Move the run if it is still where we saw it, and put that on record; inside the caller's transaction."""
    move = RUN.check(run.state, verb, actor.roles)
    before = run.state
    if ScreeningRun.objects.filter(pk=run.pk, state=before).update(state=move.target, **values) != 1:
        raise StateConflict
    run.refresh_from_db()
    after = {"state": move.target, "counts": run.counts.get("listed"), "outcome_digest": run.outcome_digest}
    audit.record(
        actor=actor,
        verb=f"whitelist.{audit_verb}",
        target=run,
        now=now,
        before={"state": before},
        after=after,
        reason=reason,
    )
