"""The night's portraits: ranges of subjects, each computed in frames and saved by COPY in one transaction."""

from collections.abc import Iterable
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
from apps.profiles.frames import narrowed
from apps.profiles.portrait import portray
from apps.profiles.rows import table_rows
from apps.profiles.selectors import Basis
from apps.profiles.services.saving import save
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
) -> Job:
    """Have the portraits of a day computed from what was known at an instant; the same again returns the same job.

    `subject_ids` None: everybody.
    """
    if not policies.can_refresh(actor):
        raise NotPermitted("只有平台管理员可以发起画像计算。")
    chosen = None if subject_ids is None else sorted(subject_ids)
    key = f"{business_date} {as_known.isoformat()}" + ("" if chosen is None else f" {chosen}")
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
    *, lease: Lease, business_date: date, as_known: datetime, now: datetime, subject_ids: list[int] | None
) -> dict[str, int]:
    """Do the job. May run twice: a range computed again upserts the same rows and adds no history."""
    basis = selectors.basis_of(business_date, as_known)
    ranges = selectors.subject_ranges_for_batch(SUBJECTS_A_RANGE, subject_ids)
    total = Subject.objects.count() if subject_ids is None else len(subject_ids)
    with transaction.atomic():
        lease.guard()
        gate.open_for_run(
            actor=lease.actor,
            purpose=Purpose.MATCHING,
            items=basis.items,
            run_label=f"信用画像计算 {business_date}",
            subjects=total,
            now=now,
        )
    done = changed = 0
    for first, last in ranges:
        portraits = _portraits(basis, first, last, as_known, subject_ids)
        rows = table_rows(portraits, basis.setting, basis.rules, as_known=as_known, now=now)
        with transaction.atomic():
            lease.guard()
            changed += save(rows)
        done += rows.height
        lease.progress(done, total, f"已计算 {done} 户")
    return {"subjects": done, "changed": changed, "ranges": len(ranges)}


def _portraits(
    basis: Basis, first_id: int, last_id: int, as_known: datetime, subject_ids: list[int] | None
) -> pl.DataFrame:
    """Portraits of a range with the identity of each subject."""
    identities = selectors.identities_for_batch(first_id, last_id)
    inputs = selectors.inputs_for_batch(first_id, last_id, basis.items, as_known)
    if subject_ids is not None:
        inputs = narrowed(inputs, subject_ids)
    return portray(inputs, basis.setting, basis.rules).frame.join(identities, on="subject_id", how="inner")
