"""What two departments say differently of one subject: found set-based, listed, ended when it is gone.

Nobody's row is overwritten; the list says who says what, and whoever errs corrects (domain §1.3: 谁提供、谁负责).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.core import audit
from apps.core.actor import Actor
from apps.core.audit import Target
from apps.records.models import DeliveredName, Delivery
from apps.reference.selectors import figures
from apps.subjects.naming import name_key

# What the register says: the live row of 登记注册 with its sender.
_REGISTER: Final = """
register AS (
    SELECT f.subject_id, d.source_id, d.item_id, f.extra, f.from_on
    FROM records_holdingrecord f JOIN records_delivery d ON d.id = f.delivery_id
    WHERE f.item_code = 'registration' AND f.superseded_at IS NULL)
"""
# The newest month of every subject in the payments of each sender.
_NEWEST: Final = """
newest AS (
    SELECT DISTINCT ON (f.subject_id, f.item_code, d.source_id)
           f.subject_id, f.item_code, d.source_id, d.item_id, f.period_on, f.period_end_on, f.headcount,
           coalesce(f.due_yuan, 0) AS due_yuan
    FROM records_paymentrecord f JOIN records_delivery d ON d.id = f.delivery_id
    WHERE f.superseded_at IS NULL AND f.item_code IN ('social_insurance', 'housing_fund', 'tax_payment')
    ORDER BY f.subject_id, f.item_code, d.source_id, f.period_end_on DESC, f.id DESC)
"""
# As `quality.headcounts_differ`; the annual report is of the year before, so the newest month stands for the firm.
_HEADCOUNT: Final = """
SELECT r.subject_id, 'headcount', r.source_id, r.item_id, (r.extra ->> 'headcount') || '人',
       n.source_id, n.item_id, n.headcount || '人'
FROM register r JOIN newest n ON n.subject_id = r.subject_id AND n.item_code = 'social_insurance'
WHERE r.extra ->> 'headcount' IS NOT NULL AND n.headcount IS NOT NULL AND r.source_id <> n.source_id
  AND abs((r.extra ->> 'headcount')::bigint - n.headcount) > %(tolerance_persons)s
  AND abs((r.extra ->> 'headcount')::bigint - n.headcount) * 100
      > %(tolerance_pct)s * greatest((r.extra ->> 'headcount')::bigint, n.headcount)
"""
_STATUS: Final = """
SELECT r.subject_id, 'status', r.source_id, r.item_id,
       CASE r.extra ->> 'status' WHEN 'cancelled' THEN '注销 ' ELSE '吊销 ' END || (r.extra ->> 'status_on'),
       n.source_id, n.item_id, to_char(n.period_on, 'YYYY-MM') || '仍在缴费'
FROM register r JOIN newest n ON n.subject_id = r.subject_id
WHERE r.extra ->> 'status' IN ('cancelled', 'revoked') AND r.extra ->> 'status_on' IS NOT NULL
  AND n.due_yuan > 0 AND n.period_on > (r.extra ->> 'status_on')::date AND r.source_id <> n.source_id
"""
_LEGAL_REPRESENTATIVE: Final = """
SELECT r.subject_id, 'legal_representative', r.source_id, r.item_id, r.extra ->> 'legal_representative',
       e.source_id, e.item_id, e.person
FROM register r JOIN (
    SELECT DISTINCT ON (f.subject_id, f.item_code, d.source_id)
           f.subject_id, d.source_id, d.item_id, f.occurred_on, f.extra ->> 'legal_representative' AS person
    FROM records_eventrecord f JOIN records_delivery d ON d.id = f.delivery_id
    WHERE f.superseded_at IS NULL AND f.item_code IN ('licence', 'penalty')
      AND coalesce(f.extra ->> 'legal_representative', '') <> '' AND f.occurred_on IS NOT NULL
    ORDER BY f.subject_id, f.item_code, d.source_id, f.occurred_on DESC, f.id DESC
) e ON e.subject_id = r.subject_id
WHERE e.person <> r.extra ->> 'legal_representative' AND r.source_id <> e.source_id
  AND e.occurred_on >= coalesce((r.extra ->> 'approved_on')::date, r.from_on)
"""
_NAME: Final = """
SELECT r.subject_id, 'name', r.source_id, r.item_id, s.name, n.source_id, n.item_id, n.name
FROM register r JOIN subjects_subject s ON s.id = r.subject_id
JOIN records_deliveredname n ON n.subject_id = r.subject_id
WHERE n.name <> s.name AND r.source_id <> n.source_id
"""
_FOUND: Final = f"""
CREATE TEMPORARY TABLE found ON COMMIT DROP AS
WITH {_REGISTER}, {_NEWEST}
SELECT subject_id, kind, first_source_id, first_item_id, left(first_value, 200) AS first_value,
       second_source_id, second_item_id, left(second_value, 200) AS second_value
FROM ({_HEADCOUNT} UNION ALL {_STATUS} UNION ALL {_LEGAL_REPRESENTATIVE} UNION ALL {_NAME})
AS all_kinds (subject_id, kind, first_source_id, first_item_id, first_value,
              second_source_id, second_item_id, second_value)
"""
_SAME: Final = """
c.ended_on IS NULL AND c.subject_id = f.subject_id AND c.kind = f.kind AND c.first_source_id = f.first_source_id
AND c.first_item_id = f.first_item_id AND c.second_source_id = f.second_source_id
AND c.second_item_id = f.second_item_id
"""
_END: Final = f"""
UPDATE records_contradiction c SET ended_on = %(today)s
WHERE c.ended_on IS NULL AND NOT EXISTS (SELECT 1 FROM found f WHERE {_SAME})
"""
_RENEW: Final = f"""
UPDATE records_contradiction c SET first_value = f.first_value, second_value = f.second_value
FROM found f WHERE {_SAME} AND (c.first_value, c.second_value) IS DISTINCT FROM (f.first_value, f.second_value)
"""
_BEGIN: Final = f"""
INSERT INTO records_contradiction (subject_id, kind, first_source_id, first_item_id, first_value,
                                   second_source_id, second_item_id, second_value, found_on)
SELECT f.*, %(today)s FROM found f WHERE NOT EXISTS (SELECT 1 FROM records_contradiction c WHERE {_SAME})
"""


def find_contradictions(*, actor: Actor, business_date: date, now: datetime) -> int:
    """Bring the list to what the live rows say; returns how many are new. May run twice."""
    policy = figures(business_date)
    params: dict[str, Any] = {
        "today": business_date,
        "tolerance_pct": policy["headcount_tolerance_pct"],
        "tolerance_persons": int(policy["headcount_tolerance_persons"]),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.found")
        cursor.execute(_FOUND, params)
        cursor.execute(_END, params)
        ended = cursor.rowcount
        cursor.execute(_RENEW)
        cursor.execute(_BEGIN, params)
        begun: int = cursor.rowcount
        if begun or ended:
            target = Target("records.contradiction", str(business_date), f"{begun}处新发现、{ended}处已消除")
            audit.record(actor=actor, verb="records.find_contradictions", target=target, now=now)
    return begun


def subjects_with_other_names(delivery: Delivery) -> frozenset[int]:
    """The subjects of whom the source of a delivery last gave a name that is not the registered one, in this item."""
    remembered = DeliveredName.objects.filter(source=delivery.source_id, item=delivery.item_id).order_by()
    return frozenset(remembered.values_list("subject_id", flat=True))


def remember_names(*, delivery_id: int, names: Mapping[int, str], now: datetime) -> None:
    """Keep under which names a delivery speaks of subjects (`names`: subject id → name), where they are not the
    registered ones; a name that has become right is forgotten. Called by intake, in the transaction of the chunk.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.source_id, d.item_id, s.id, s.name_key FROM records_delivery d, subjects_subject s
            WHERE d.id = %s AND s.id = ANY(%s)
            """,
            [delivery_id, list(names)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    right = [subject for _, _, subject, key in rows if name_key(names[subject]) == key]
    wrong = [row for row in rows if row[2] not in set(right)]
    if rows:
        source, item = rows[0][:2]
        DeliveredName.objects.filter(source_id=source, item_id=item, subject_id__in=right).delete()
    DeliveredName.objects.bulk_create(
        [
            DeliveredName(subject_id=subject, source_id=source, item_id=item, name=names[subject][:200], seen_at=now)
            for source, item, subject, _ in wrong
        ],
        update_conflicts=True,
        unique_fields=["subject", "source", "item"],
        update_fields=["name", "seen_at"],
    )
