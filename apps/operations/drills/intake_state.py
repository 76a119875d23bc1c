"""What an intake left behind, without what differs from run to run: to be compared with an undisturbed one."""

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from django.core.files.storage import default_storage
from django.db import connection

from apps.core.models import Job, Outbox, StoredFile
from apps.records.models import Delivery
from apps.records.services.intake import counts_of

_PLAIN: Final = """
SELECT %s || (SELECT jsonb_object_agg(key, value ORDER BY key) FROM jsonb_each(to_jsonb(r))
              WHERE key NOT IN ('id') AND key NOT LIKE '%%\\_id' AND key NOT LIKE '%%\\_at')::text {more}
FROM {table} r {joins}
"""
_FACT: Final = {
    "more": "|| s.code || d.file_name || CASE WHEN r.superseded_at IS NULL THEN ' live' ELSE ' closed' END",
    "joins": "JOIN subjects_subject s ON s.id = r.subject_id JOIN records_delivery d ON d.id = r.delivery_id",
}
_ROW: Final = {"more": "|| d.file_name", "joins": "JOIN records_delivery d ON d.id = r.delivery_id"}
_SUBJECT: Final = {"more": "|| s.code", "joins": "JOIN subjects_subject s ON s.id = r.subject_id"}
_TABLES: Final[dict[str, dict[str, str]]] = {
    "records_paymentrecord": _FACT,
    "records_eventrecord": _FACT,
    "records_holdingrecord": _FACT,
    "records_rejectedrow": _ROW,
    "records_heldrow": _ROW,
    "subjects_subject": {"more": "", "joins": ""},
    "subjects_subjectname": _SUBJECT,
    "subjects_subjectcode": _SUBJECT,
}
# A delivery's rows become known at one instant, the rows that waited at another: neither chunks nor a change of worker
# make a third.
_INSTANTS: Final = """
SELECT d.file_name, count(DISTINCT r.recorded_at), count(DISTINCT r.superseded_at)
FROM records_paymentrecord r JOIN records_delivery d ON d.id = r.delivery_id GROUP BY 1 ORDER BY 1
"""
_EVENTS: Final = "SELECT verb, count(*) FROM core_auditevent WHERE verb ~ '^(records|subjects)' GROUP BY 1 ORDER BY 1"


@dataclass(frozen=True, slots=True)
class State:
    """`rows` are canonical lines with how often each is there; `told` what is said once, by name."""

    rows: Counter[str]
    told: dict[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 over the sorted lines."""
        lines = "\n".join(sorted(self.rows.elements()))
        return sha256(lines.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    """What a disturbed intake has less, more, or otherwise than an undisturbed one."""

    lost: int
    doubled: int
    faults: list[str]

    @property
    def is_none(self) -> bool:
        """Whether both came to the same."""
        return not (self.lost or self.doubled or self.faults)


def state() -> State:
    """Everything that the deliveries of this database came to."""
    rows: Counter[str] = Counter()
    with connection.cursor() as cursor:
        for table, parts in _TABLES.items():
            cursor.execute(_PLAIN.format(table=table, **parts), [f"{table} "])
            rows.update(line for (line,) in cursor.fetchall())
        cursor.execute(_INSTANTS)
        instants = cursor.fetchall()
        cursor.execute(_EVENTS)
        events = cursor.fetchall()
    told: dict[str, Any] = {"instants": instants, "events": events}
    names = {}
    for delivery in Delivery.objects.order_by("pk"):
        names[str(delivery.pk)] = delivery.file_name  # numbers differ after an upload that was rolled back
        rest = (delivery.tallies, delivery.form, delivery.notes, delivery.chunks_done, delivery.chunks_total)
        told[f"delivery {delivery.file_name}"] = [counts_of(delivery), *rest]
    jobs = Job.objects.values_list("kind", "key", "state")
    told["jobs"] = sorted((kind, names[key], job_state) for kind, key, job_state in jobs)
    told["outbox"] = Outbox.objects.count()
    told["files"] = sorted(_file_fault(stored) for stored in StoredFile.objects.all())
    return State(rows, json.loads(json.dumps(told, ensure_ascii=False, default=str)))


def _file_fault(stored: StoredFile) -> str:
    whole = default_storage.exists(stored.path) and default_storage.size(stored.path) == stored.size_bytes
    return f"{stored.name} {'whole' if whole else 'not whole'}"


def difference(undisturbed: State, disturbed: State) -> Difference:
    """Rows lost and doubled, and what is told otherwise."""
    lost, doubled = undisturbed.rows - disturbed.rows, disturbed.rows - undisturbed.rows
    faults = [f"缺 {line[:160]}" for line in list(lost)[:2]] + [f"多 {line[:160]}" for line in list(doubled)[:2]]
    names = sorted(undisturbed.told.keys() | disturbed.told.keys())
    for name in names:
        was, is_now = undisturbed.told.get(name), disturbed.told.get(name)
        if was != is_now:
            faults.append(f"{name}：{was} → {is_now}"[:600])
    return Difference(lost.total(), doubled.total(), faults)
