"""One firm's portrait computed anew from the records, as of a day and as known at an instant."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import NotPermitted
from apps.profiles import policies, selectors
from apps.profiles.indicators import INDICATORS, source_rows
from apps.profiles.models import Profile
from apps.profiles.portrait import portray
from apps.profiles.rows import table_rows
from apps.subjects.models import Subject

audit.register("profiles", {"recompute": "重算信用画像：{target}"})

_JSON_COLUMNS = ("blocks", "lists_checked", "points", "reasons", "qualifications")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A portrait that is not stored, and how many records each indicator looked at."""

    profile: Profile
    source_rows: dict[str, int]


@transaction.atomic
def recompute_profile(*, actor: Actor, subject: Subject, as_of: date, as_known: datetime, now: datetime) -> Recomputed:
    """The very expressions of the night on a frame of one row. A calculation on record; raises NotPermitted."""
    if not policies.can_refresh(actor):
        raise NotPermitted("只有平台管理员可以重算画像。")
    basis = selectors.basis_of(as_of, as_known)
    gate.open_for_run(
        actor=actor,
        purpose=Purpose.MATCHING,
        items=basis.items,
        run_label=f"重算信用画像 {subject.code}",
        subjects=1,
        now=now,
    )
    audit.record(
        actor=actor,
        verb="profiles.recompute",
        target=subject,
        now=now,
        subject_id=subject.pk,
        after={"as_of": as_of, "as_known": as_known},
    )
    inputs = selectors.inputs_for_batch(subject.pk, subject.pk, basis.items, as_known)
    portraits = portray(inputs, basis.setting, basis.rules)
    identity = selectors.identities_for_batch(subject.pk, subject.pk)
    rows = table_rows(
        portraits.frame.join(identity, on="subject_id"), basis.setting, basis.rules, as_known=as_known, now=now
    )
    counts = {indicator.slug: source_rows(portraits.computed, indicator) for indicator in INDICATORS}
    return Recomputed(
        _unsaved(rows.row(0, named=True), as_known, now),
        {slug: int(frame["source_rows"].sum()) for slug, frame in counts.items()},
    )


def _unsaved(row: dict[str, Any], as_known: datetime, now: datetime) -> Profile:
    names = [field.attname for field in Profile._meta.concrete_fields]
    values = {name: row[name] for name in names} | {"as_known_at": as_known, "computed_at": now}
    return Profile(**values | {name: json.loads(row[name]) for name in _JSON_COLUMNS if row[name] is not None})
