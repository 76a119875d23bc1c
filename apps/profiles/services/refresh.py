"""The night's portraits: ranges of subjects, each computed in frames and saved by COPY in one transaction.

Only those are computed whose portrait may differ from the stored one (`selectors.due`). A run that was cut off goes on
where it stopped: what it has stored is not due any more.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime

import polars as pl
from django.db import transaction

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import NotPermitted
from apps.core.jobs import Lease, enqueue, target_of
from apps.core.models import Job
from apps.profiles import policies, selectors
from apps.profiles.models import ProfileRun
from apps.profiles.portrait import portray
from apps.profiles.rows import table_rows
from apps.profiles.selectors import Basis
from apps.profiles.services.saving import save
from apps.records.selectors import known_until
from apps.subjects.models import Subject

JOB_KIND = "profiles.refresh"
SUBJECTS_A_RANGE = 20_000

audit.register("profiles", {"refresh": "计算信用画像：{target}"})


def refresh_profiles(
    *,
    actor: Actor,
    business_date: date,
    as_known: datetime,
    now: datetime,
    subject_ids: Iterable[int] | None = None,
    whole: bool = False,
) -> Job:
    """Have the portraits of a day computed from what was known at an instant; the same again returns the same job.

    `subject_ids` None: everybody. `whole`: also those that cannot have changed.
    """
    if not policies.can_refresh(actor):
        raise NotPermitted("只有平台管理员可以发起画像计算。")
    chosen = None if subject_ids is None else sorted(subject_ids)
    key = (
        f"{business_date} {as_known.isoformat()}"
        + (" whole" if whole else "")
        + ("" if chosen is None else f" {chosen}")
    )
    with transaction.atomic():
        job = enqueue(
            actor=actor,
            kind=JOB_KIND,
            key=key[:200],
            payload={
                "business_date": business_date.isoformat(),
                "as_known": as_known.isoformat(),
                "now": now.isoformat(),
                "subject_ids": chosen,
                "whole": whole,
            },
            now=now,
            business_date=business_date,
        )
        audit.record(
            actor=actor,
            verb="profiles.refresh",
            target=target_of(job),
            now=now,
            after={"business_date": business_date, "as_known": as_known},
        )
    return job


def compute_profiles(
    *,
    lease: Lease,
    business_date: date,
    as_known: datetime,
    now: datetime,
    subject_ids: list[int] | None = None,
    whole: bool = False,
) -> dict[str, int]:
    """Do the job. May run twice: a range computed again upserts the same rows and adds no history.

    An instant about which something is still being written has no final answer yet: the newest one before it is taken.
    """
    as_known = known_until(as_known)
    basis = selectors.basis_of(business_date, as_known)
    if whole:
        due = selectors.undone_in_run_for_batch(basis, now, among=subject_ids)
    else:
        due = selectors.subjects_due_for_batch(basis, as_known, among=subject_ids)
    total = Subject.objects.count() if subject_ids is None else len(subject_ids)
    with transaction.atomic():
        lease.guard()
        gate.open_for_run(
            actor=lease.actor,
            purpose=Purpose.MATCHING,
            items=basis.items,
            run_label=f"信用画像计算 {business_date}",
            subjects=len(due),
            now=now,
        )
    ranges = selectors.subject_ranges_for_batch(SUBJECTS_A_RANGE, due)
    done = changed = 0
    for first, last in ranges:
        mine = due[bisect_left(due, first) : bisect_right(due, last)]
        portraits = _portraits(basis, as_known, mine)
        rows = table_rows(portraits, basis.setting, basis.rules, as_known=as_known, now=now)
        with transaction.atomic():
            lease.guard()
            changed += save(rows)
        done += rows.height
        lease.progress(done, len(due), f"已计算 {done} 户，另有 {total - len(due)} 户没有变化")
    result = {"subjects": total, "computed": done, "changed": changed, "ranges": len(ranges)}
    if subject_ids is None:
        _finish(lease, business_date, as_known, now, result)
    return result


def _portraits(basis: Basis, as_known: datetime, subject_ids: list[int]) -> pl.DataFrame:
    """Portraits with the identity of each subject; ids ascending."""
    first, last = subject_ids[0], subject_ids[-1]
    # So many in a row that the range holds nobody else are read as a range: the database need not look for each.
    is_dense = last - first + 1 == len(subject_ids)
    inputs = selectors.inputs_for_batch(
        first, last, basis.items, as_known, subject_ids=None if is_dense else subject_ids
    )
    identities = selectors.identities_for_batch(first, last)
    return portray(inputs, basis.setting, basis.rules).frame.join(identities, on="subject_id", how="inner")


def _finish(lease: Lease, day: date, as_known: datetime, now: datetime, result: Mapping[str, int]) -> None:
    counts = {name: result[name] for name in ("subjects", "computed", "changed")}
    with transaction.atomic():
        lease.guard()
        ProfileRun.objects.get_or_create(as_of_on=day, as_known_at=as_known, computed_at=now, defaults=counts)
