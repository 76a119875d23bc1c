"""What the figures of data quality are counted from: a handful of aggregates over all sources at once, for job code.

Each bulk table is read once; what comes back is one line a source, item and period, never a line a row.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection

from apps.core.clock import CHINA
from apps.core.months import add_months
from apps.core.workdays import WorkCalendar
from apps.records.catalogue import EXTRA, TYPED_COLUMNS
from apps.records.models import CatalogueItem, Duty
from apps.records.quality import Expected, expected

Pair = tuple[int, str]  # source id, item code

_RECEIVED: Final = "(d.received_at AT TIME ZONE 'Asia/Shanghai')::date"
_DELIVERIES: Final = f"""
SELECT d.source_id, i.code, {_RECEIVED} AS received_on, count(*),
       sum(d.read - d.not_data), sum(d.accepted), sum(d.rejected), sum(d.held), sum(d.duplicate),
       sum(coalesce((d.tallies -> 'rejected' ->> 'missing')::bigint, 0))
FROM records_delivery d JOIN records_catalogueitem i ON i.id = d.item_id
WHERE d.state = 'applied' AND (%(source)s::bigint IS NULL OR d.source_id = %(source)s)
GROUP BY 1, 2, 3
"""
_PERIODS: Final = f"""
SELECT d.source_id, f.item_code, date_trunc('month', f.period_end_on)::date, min({_RECEIVED})
FROM records_paymentrecord f JOIN records_delivery d ON d.id = f.delivery_id
WHERE %(source)s::bigint IS NULL OR d.source_id = %(source)s
GROUP BY 1, 2, 3
"""
_DECISIONS: Final = f"""
SELECT d.source_id, f.item_code, f.occurred_on, {_RECEIVED} AS received_on, count(*)
FROM records_eventrecord f JOIN records_delivery d ON d.id = f.delivery_id
WHERE f.item_code = ANY(%(items)s) AND f.occurred_on IS NOT NULL
  AND d.received_at >= %(start)s AND d.received_at < %(end)s
  AND (%(source)s::bigint IS NULL OR d.source_id = %(source)s)
  AND NOT EXISTS (
      SELECT 1 FROM records_eventrecord e
      WHERE e.superseded_at = f.recorded_at AND e.subject_id = f.subject_id
        AND e.item_code = f.item_code AND e.key_text = f.key_text)
GROUP BY 1, 2, 3, 4
"""
# Brackets and spaces of document numbers are written in several ways; they never tell two decisions apart.
_NUMBER: Final = "translate({}, '〔〕[]［］（） ', '()()()()')"
_REPAIRED_BUT_NEVER_DELIVERED: Final = f"""
SELECT r.extra ->> 'penalty_no', r.delivery_id, r.row_number
FROM records_eventrecord r
WHERE r.item_code = 'credit_repair' AND r.superseded_at IS NULL AND coalesce(r.extra ->> 'penalty_no', '') <> ''
  AND r.recorded_at >= %(start)s AND r.recorded_at < %(end)s
  AND NOT EXISTS (
      SELECT 1 FROM records_eventrecord p
      WHERE p.item_code = 'penalty' AND p.subject_id = r.subject_id
        AND {_NUMBER.format("p.key_text")} = {_NUMBER.format("r.extra ->> 'penalty_no'")})
ORDER BY r.delivery_id, r.row_number
"""
_FACTS: Final = """
SELECT d.source_id, f.item_code, count(DISTINCT f.subject_id),
       count(DISTINCT f.subject_id) FILTER (WHERE s.status = 'active' AND s.merged_into_id IS NULL),
       count(*) FILTER (WHERE f.recorded_at >= %(start)s AND f.recorded_at < %(end)s),
       coalesce(sum({filled}) FILTER (WHERE f.recorded_at >= %(start)s AND f.recorded_at < %(end)s), 0)
FROM {table} f JOIN records_delivery d ON d.id = f.delivery_id JOIN subjects_subject s ON s.id = f.subject_id
WHERE f.superseded_at IS NULL AND (%(source)s::bigint IS NULL OR d.source_id = %(source)s)
GROUP BY 1, 2
"""
_TABLES: Final = {
    "payment": "records_paymentrecord",
    "event": "records_eventrecord",
    "holding": "records_holdingrecord",
}


@dataclass(slots=True)
class Received:
    """What came of one item from one source on one day, added up over its deliveries."""

    on: date
    deliveries: int
    rows: int
    accepted: int
    rejected: int
    held: int
    duplicate: int
    incomplete: int


@dataclass(slots=True)
class Facts:
    """Live rows of one source and item: subjects, the active ones, what was recorded in the month."""

    subjects: int
    covered_subjects: int
    recorded: int
    optional_filled: int


@dataclass(slots=True)
class Evidence:
    """All that a month's figures are judged from. `first_received` maps the month of a payment to the day on which its
    first row came; `decisions` are (decided on, received on, how many) of the month.
    """

    received: dict[Pair, list[Received]] = field(default_factory=lambda: defaultdict(list))
    first_received: dict[Pair, dict[date, date]] = field(default_factory=lambda: defaultdict(dict))
    decisions: dict[Pair, list[tuple[date, date, int]]] = field(default_factory=lambda: defaultdict(list))
    facts: dict[Pair, Facts] = field(default_factory=dict)
    never_delivered: int = 0
    active_subjects: int = 0


def month_span(month_on: date) -> tuple[datetime, datetime]:
    """The first instant of a month and of the next one, Asia/Shanghai."""
    start = datetime.combine(month_on, time.min, CHINA)
    return start, datetime.combine(add_months(month_on, 1), time.min, CHINA)


def optional_stores(item: CatalogueItem) -> list[str]:
    """Where the optional fields that are kept go: typed columns of the shape, and `extra.<key>`."""
    stores = [spec["store"] for spec in item.fields if spec.get("store") and not spec.get("required")]
    return [store for store in stores if store.startswith(EXTRA) or store in TYPED_COLUMNS[item.shape]]


def evidence_for_batch(month_on: date, items: Iterable[CatalogueItem], source_id: int | None) -> Evidence:
    """Everything that the figures of a month need, of one source or (None) of all."""
    found, items = Evidence(), list(items)
    start, end = month_span(month_on)
    params: dict[str, Any] = {"source": source_id, "start": start, "end": end}
    for source, item, *values in _rows(_DELIVERIES, params):
        found.received[source, item].append(Received(values[0], *(int(value) for value in values[1:])))
    for source, item, month, first in _rows(_PERIODS, params):
        found.first_received[source, item][month] = first
    decided = [item.code for item in items if item.cadence == "decision"]
    for source, item, decided_on, received_on, count in _rows(_DECISIONS, params | {"items": decided}):
        found.decisions[source, item].append((decided_on, received_on, count))
    for shape, table in _TABLES.items():
        shaped = dict(params)
        sql = _FACTS.format(table=table, filled=_filled(shape, items, shaped))
        for source, item, subjects, covered, recorded, filled in _rows(sql, shaped):
            found.facts[source, item] = Facts(subjects, covered, recorded, int(filled))
    found.never_delivered = len(repaired_but_never_delivered(month_on))
    found.active_subjects = _rows(
        "SELECT count(*) FROM subjects_subject WHERE status = 'active' AND merged_into_id IS NULL", {}
    )[0][0]
    return found


def expected_of(duty: Duty, evidence: Evidence, as_of_on: date, calendar: WorkCalendar) -> list[Expected]:
    """What a duty owed by a day, and when it came."""
    pair = (duty.source_id, duty.item.code)
    return expected(
        cadence=duty.item.cadence,
        is_payment=duty.item.shape == "payment",
        due_workdays=duty.item.due_workdays,
        since_on=duty.since_on,
        as_of_on=as_of_on,
        calendar=calendar,
        months=evidence.first_received.get(pair, {}),
        days=sorted(day.on for day in evidence.received.get(pair, [])),
    )


def newest_on_of(duty: Duty, evidence: Evidence, as_of_on: date) -> date | None:
    """The newest day that the data of a duty spoke of by a day: the end of the newest month of payments, else the day
    of the newest delivery.
    """
    pair = (duty.source_id, duty.item.code)
    if duty.item.shape == "payment":
        months = [month for month, on in evidence.first_received.get(pair, {}).items() if on <= as_of_on]
        return add_months(max(months), 1) - timedelta(days=1) if months else None
    return max((day.on for day in evidence.received.get(pair, []) if day.on <= as_of_on), default=None)


def periods_received_for_batch() -> Evidence:
    """Only what tells which periods have come: the first day of every month of payments, and the days of delivery."""
    found = Evidence()
    for source, item, *values in _rows(_DELIVERIES, {"source": None}):
        found.received[source, item].append(Received(values[0], *(int(value) for value in values[1:])))
    for source, item, month, first in _rows(_PERIODS, {"source": None}):
        found.first_received[source, item][month] = first
    return found


def repaired_but_never_delivered(month_on: date) -> list[tuple[str, int, int]]:
    """Penalties that only their repair tells of: penalty number, delivery and row of the repair (公开公示)."""
    start, end = month_span(month_on)
    return _rows(_REPAIRED_BUT_NEVER_DELIVERED, {"start": start, "end": end})


def _filled(shape: str, items: Iterable[CatalogueItem], params: dict[str, Any]) -> str:
    """How many optional cells of a row are filled. Keys of the catalogue go in as parameters: people type them."""
    whens = []
    for item in items:
        stores = optional_stores(item) if item.shape == shape else []
        if stores:
            columns = ", ".join(_cell(store, shape, params) for store in stores)
            whens.append(f"WHEN {_named(item.code, params)} THEN num_nonnulls({columns})")
    return f"CASE f.item_code {' '.join(whens)} ELSE 0 END" if whens else "0"


def _cell(store: str, shape: str, params: dict[str, Any]) -> str:
    if store.startswith(EXTRA):
        return f"f.extra ->> {_named(store.removeprefix(EXTRA), params)}"
    return f"nullif(f.{store}, '')" if TYPED_COLUMNS[shape][store] == "text" else f"f.{store}"


def _named(value: str, params: dict[str, Any]) -> str:
    name = f"text_{len(params)}"
    params[name] = value
    return f"%({name})s::text"


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
