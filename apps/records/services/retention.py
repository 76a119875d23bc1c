"""The end of keeping: what is over is deleted or closed, a chunk a transaction, each with its proof and audit event.

`records_retire` (a function of the database that runs as its owner) is the only door through which facts go, and it
writes the proof in the same statement. A run that dies between two chunks leaves nothing half done; the next one goes
on, and the proofs of both add up.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.core.files.storage import default_storage
from django.db import connection, transaction

from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date as day_of
from apps.core.jobs import Lease
from apps.records.models import DeletionProof, Delivery, RetentionRule
from apps.records.retention import Retention
from apps.records.selectors import files_over_for_batch, publicity_months, retention_plan

CHUNK_ROWS: Final = 10_000


def load_retention_rules(*, actor: Actor, path: Path, now: datetime) -> int:
    """Bring the rules to the state of a fixture file; returns how many were new or changed. Others are left alone."""
    document = json.loads(path.read_text(encoding="utf-8"))
    wanted = [
        RetentionRule(
            **dict(zip(document["columns"], row, strict=True)),
            source_document=group["source_document"],
            certainty=group["certainty"],
        )
        for group in document["groups"]
        for row in group["rows"]
    ]
    told = ("counts_from", "months", "effective_to", "source_document", "certainty")
    with transaction.atomic():
        known = {
            (rule.item_code, rule.action, rule.effective_from.isoformat()): rule
            for rule in RetentionRule.objects.order_by("pk")
        }
        changed = []
        for rule in wanted:
            stored = known.get((rule.item_code, rule.action, str(rule.effective_from)))
            if stored is None or any(str(getattr(stored, name)) != str(getattr(rule, name)) for name in told):
                changed.append(rule)
        RetentionRule.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["item_code", "action", "effective_from"],
            update_fields=list(told),
        )
        if changed:
            first = RetentionRule.objects.get(
                item_code=changed[0].item_code, action=changed[0].action, effective_from=changed[0].effective_from
            )
            after = {"rules": [f"{rule.item_code} {rule.action}" for rule in changed]}
            audit.record(actor=actor, verb="records.load_retention_rules", target=first, now=now, after=after)
    return len(changed)


def retire_records(*, lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    """The nightly job: everything whose keeping is over by `business_date`. Returns rows by kind. Raises LeaseLost."""
    total: Counter[str] = Counter()
    plan, publicity = retention_plan(business_date), publicity_months(business_date)
    for done, rule in enumerate(plan):
        if rule.kept == "file":
            for delivery in files_over_for_batch(rule, business_date):
                with transaction.atomic():
                    lease.guard()
                    total["file"] += _retire_file(rule, delivery, business_date, lease.actor, now)
            continue
        more = True
        while more:
            with transaction.atomic():
                lease.guard()
                proof = _retire_chunk(rule, publicity, business_date, lease.actor, now)
            more = proof is not None
            total[rule.kept] += proof.rows if proof else 0
        lease.progress(done + 1, len(plan), rule.item_code)
    return dict(+total)


def rehearse(*, actor: Actor, business_date: date, now: datetime) -> Iterator[tuple[Retention, int, date, date]]:
    """What `retire_records` would do: (rule, rows, first day, last day). It is done and taken back, rule by rule, so
    that there is no second definition; nobody sees any of it.
    """
    publicity = publicity_months(business_date)
    for rule in retention_plan(business_date):
        if rule.kept == "file":
            days = [day_of(delivery.received_at) for delivery in files_over_for_batch(rule, business_date)]
            if days:
                yield rule, len(days), min(days), max(days)
            continue
        proofs = []
        with transaction.atomic():
            while proof := _retire_chunk(rule, publicity, business_date, actor, now):
                proofs.append(proof)
            transaction.set_rollback(True)
        if proofs:
            rows = sum(proof.rows for proof in proofs)
            yield rule, rows, min(proof.first_on for proof in proofs), max(proof.last_on for proof in proofs)


def _retire_chunk(
    rule: Retention, publicity: dict[str, int], business_date: date, actor: Actor, now: datetime
) -> DeletionProof | None:
    """At most `CHUNK_ROWS` rows of a rule, inside the caller's transaction; None when nothing is over. `publicity` are
    the months for which kinds of penalties are published.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT records_retire(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                rule.kept,
                rule.item_code,
                rule.action,
                rule.counts_from,
                rule.months,
                json.dumps(publicity, ensure_ascii=False),
                business_date,
                now,
                actor.name,
                CHUNK_ROWS,
            ],
        )
        proof_id = cursor.fetchone()[0]
    if proof_id is None:
        return None
    proof = DeletionProof.objects.get(pk=proof_id)
    _put_on_record(proof, actor, now)
    return proof


def _retire_file(rule: Retention, delivery: Delivery, business_date: date, actor: Actor, now: datetime) -> int:
    """The bytes of a file go before its proof is committed: whoever dies in between finds the file again."""
    received_on = day_of(delivery.received_at)
    proof = DeletionProof.objects.create(
        kept=rule.kept,
        item_code=rule.item_code,
        action=rule.action,
        counts_from=rule.counts_from,
        months=rule.months,
        business_date=business_date,
        first_on=received_on,
        last_on=received_on,
        rows=1,
        digest=delivery.file.sha256,
        delivery_id=delivery.pk,
        at=now,
        actor_name=actor.name,
    )
    _put_on_record(proof, actor, now)
    default_storage.delete(delivery.file.path)
    return proof.rows


def _put_on_record(proof: DeletionProof, actor: Actor, now: datetime) -> None:
    after = {
        "kept": proof.kept,
        "item": proof.item_code,
        "action": proof.action,
        "rows": proof.rows,
        "first_on": proof.first_on,
        "last_on": proof.last_on,
        "digest": proof.digest,
    }
    audit.record(actor=actor, verb="records.retire", target=proof, now=now, after=after)
