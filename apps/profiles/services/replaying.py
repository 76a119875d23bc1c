"""A stored portrait computed again from what it rested on, and compared to the last digit."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import NotPermitted, NotVisible
from apps.profiles import policies, selectors
from apps.profiles.comparing import Difference, differences
from apps.profiles.indicators import INDICATOR_VERSION
from apps.profiles.models import ProfileHistory
from apps.profiles.portrait import portray
from apps.records.models import DeletionProof
from apps.records.selectors import deleted_for
from apps.subjects.models import Subject

audit.register("profiles", {"replay": "核对历史画像：{target}"})

SAME, DIFFERENT, INPUTS_DELETED = "same", "different", "inputs_deleted"


@dataclass(frozen=True, slots=True)
class Replay:
    """`answer` is same, different or inputs_deleted; `proofs` say what retention took of the inputs since."""

    stored: ProfileHistory
    answer: str
    differences: tuple[Difference, ...]
    proofs: tuple[DeletionProof, ...]


def replay_profile(*, actor: Actor, subject: Subject, at: datetime, now: datetime) -> Replay:
    """Compute again the portrait of a subject that stood at an instant. Raises NotVisible where none stood yet."""
    stored = selectors.history_for_replay(subject.pk, at)
    if stored is None:
        raise NotVisible(f"{subject.name}在该时刻还没有信用画像。")
    return replay_stored(actor=actor, stored=stored, now=now)


@transaction.atomic
def replay_stored(*, actor: Actor, stored: ProfileHistory, now: datetime) -> Replay:
    """Compute again one row of the history, by the scorecard that it names. A calculation on record.

    Raises NotPermitted.
    """
    if not policies.can_refresh(actor):
        raise NotPermitted("只有平台管理员可以核对历史画像。")
    subject = Subject.objects.get(pk=stored.subject_id)
    card = selectors.card_of(stored.scorecard_version)
    basis = selectors.basis_of(stored.as_of_on, stored.as_known_at, card=card)
    gate.open_for_run(
        actor=actor,
        purpose=Purpose.MATCHING,
        items=basis.items,
        run_label=f"核对历史画像 {subject.code}",
        subjects=1,
        now=now,
    )
    inputs = selectors.inputs_for_batch(subject.pk, subject.pk, basis.items, stored.as_known_at)
    row = portray(inputs, basis.setting, basis.rules).frame.row(0, named=True)
    proofs = tuple(deleted_for(subject.pk, basis.items, stored.as_known_at).filter(at__gte=stored.computed_at))
    found = _found(stored, row["payload"], row["payload_digest"], row["input_digest"])
    answer = SAME if not found else INPUTS_DELETED if proofs else DIFFERENT
    audit.record(
        actor=actor,
        verb="profiles.replay",
        target=subject,
        now=now,
        subject_id=subject.pk,
        after={"computed_at": stored.computed_at, "answer": answer},
    )
    return Replay(stored, answer, found, proofs)


def _found(stored: ProfileHistory, payload: str, payload_digest: str, input_digest: str) -> tuple[Difference, ...]:
    """Versions first: they explain the rest."""
    whole = [
        Difference("indicator_version", stored.indicator_version, INDICATOR_VERSION),
        Difference("input_digest", stored.input_digest, input_digest),
        Difference("payload_digest", stored.payload_digest, payload_digest),
    ]
    told = [each for each in whole if each.before != each.after]
    return (*told, *differences(stored.payload, json.loads(payload)))
