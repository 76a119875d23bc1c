"""Facts as frames, for many subjects and for one: the same columns, so that the same expressions read both (design §6).

Money is whole fen (`_fen`), quantities are ten-thousandths (`quantity_e4`); null stands for «no value». Rows come
sorted by subject, item, period and key.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import polars as pl

from apps.core.permit import Permit
from apps.records.frames import frame_of, instant
from apps.records.models import DeletionProof, EventRecord, HoldingRecord, PaymentRecord
from apps.records.selectors.knowing import changed_sql, known_sql

_PAYMENTS = """
SELECT id, subject_id, item_code, period_on, period_end_on, key_text,
       (due_yuan * 100)::bigint AS due_fen, (paid_yuan * 100)::bigint AS paid_fen,
       (arrears_yuan * 100)::bigint AS arrears_fen, (base_yuan * 100)::bigint AS base_fen,
       (quantity * 10000)::bigint AS quantity_e4, headcount, due_on, paid_on
FROM records_paymentrecord
"""
_EVENTS = """
SELECT id, subject_id, item_code, key_text, occurred_on, authority, class_text,
       (amount_yuan * 100)::bigint AS amount_fen, valid_from_on, valid_to_on, repaired_on, title,
       extra ->> 'score' AS score_text, extra ->> 'penalty_no' AS penalty_no
FROM records_eventrecord
"""
_HOLDINGS = """
SELECT id, subject_id, item_code, key_text, count, (value_yuan * 100)::bigint AS value_fen, from_on, to_on, encumbered,
       extra ->> 'legal_form' AS legal_form, extra ->> 'legal_representative' AS legal_representative,
       extra ->> 'status' AS status, (extra ->> 'status_on')::date AS status_on,
       extra ->> 'industry_code' AS industry_code, (extra ->> 'annual_report_year')::integer AS annual_report_year,
       (extra ->> 'headcount')::integer AS headcount,
       ((extra ->> 'revenue_yuan')::numeric * 100)::bigint AS revenue_fen,
       ((extra ->> 'assets_yuan')::numeric * 100)::bigint AS assets_fen,
       ((extra ->> 'paid_in_capital_yuan')::numeric * 100)::bigint AS paid_in_capital_fen,
       (extra ->> 'inventions')::integer AS inventions, (extra ->> 'utility_models')::integer AS utility_models,
       (extra ->> 'designs')::integer AS designs, (extra ->> 'statistics_year')::integer AS statistics_year,
       ((extra ->> 'planted_mu')::numeric * 10000)::bigint AS planted_e4
FROM records_holdingrecord
"""


def payments_for_batch(
    first_id: int,
    last_id: int,
    item_codes: Collection[str],
    as_known: datetime | None = None,
    *,
    subject_ids: Collection[int] | None = None,
) -> pl.DataFrame:
    """Payments of subjects with ids from `first_id` to `last_id`, or of those given among them: id, subject_id,
    item_code, period_on, period_end_on, key_text, due_fen, paid_fen, arrears_fen, base_fen, quantity_e4, headcount,
    due_on, paid_on.
    """
    rows = _read(_PAYMENTS, first_id, last_id, item_codes, as_known, subject_ids)
    return rows.sort("subject_id", "item_code", "period_on", "key_text")


def events_for_batch(
    first_id: int,
    last_id: int,
    item_codes: Collection[str],
    as_known: datetime | None = None,
    *,
    subject_ids: Collection[int] | None = None,
) -> pl.DataFrame:
    """Events of a range: id, subject_id, item_code, key_text, occurred_on, authority, class_text, amount_fen,
    valid_from_on, valid_to_on, repaired_on, title, score_text (tax_grade), penalty_no (credit_repair).
    """
    return _read(_EVENTS, first_id, last_id, item_codes, as_known, subject_ids).sort(
        "subject_id", "item_code", "key_text"
    )


def holdings_for_batch(
    first_id: int,
    last_id: int,
    item_codes: Collection[str],
    as_known: datetime | None = None,
    *,
    subject_ids: Collection[int] | None = None,
) -> pl.DataFrame:
    """Holdings of a range: id, subject_id, item_code, key_text, count, value_fen, from_on, to_on, encumbered,
    and of 登记注册: legal_form, legal_representative, status, status_on, industry_code, annual_report_year, headcount,
    revenue_fen, assets_fen, paid_in_capital_fen; of 专利商标统计: inventions, utility_models, designs; of 种养殖规模:
    statistics_year, planted_e4 (ten-thousandths of a mu).
    """
    return _read(_HOLDINGS, first_id, last_id, item_codes, as_known, subject_ids).sort(
        "subject_id", "item_code", "key_text"
    )


def payments_of(
    subject_id: int, *, permit: Permit, item_codes: Collection[str], as_known: datetime | None = None
) -> pl.DataFrame:
    """`payments_for_batch` of one subject. Raises NotPermitted for an item outside the permit."""
    _require(permit, subject_id, item_codes)
    return payments_for_batch(subject_id, subject_id, item_codes, as_known)


def events_of(
    subject_id: int, *, permit: Permit, item_codes: Collection[str], as_known: datetime | None = None
) -> pl.DataFrame:
    """`events_for_batch` of one subject. Raises NotPermitted for an item outside the permit."""
    _require(permit, subject_id, item_codes)
    return events_for_batch(subject_id, subject_id, item_codes, as_known)


def holdings_of(
    subject_id: int, *, permit: Permit, item_codes: Collection[str], as_known: datetime | None = None
) -> pl.DataFrame:
    """`holdings_for_batch` of one subject. Raises NotPermitted for an item outside the permit."""
    _require(permit, subject_id, item_codes)
    return holdings_for_batch(subject_id, subject_id, item_codes, as_known)


def _require(permit: Permit, subject_id: int, item_codes: Collection[str]) -> None:
    permit.require(subject_id)
    for item in item_codes:
        permit.require(subject_id, item)


def changed_subjects_for_batch(item_codes: Collection[str], since: datetime, until: datetime) -> pl.DataFrame:
    """(subject_id, changed_at, deleted_at): whose facts of these items are not the same as known at the two instants.

    `changed_at`: the newest instant in between at which a row came or was closed; `deleted_at`: at which retention
    deleted any, whenever since the first one; each may be null. One pass over the tables.
    """
    items = sorted(item_codes)
    changed_at, until_then, is_changed, instants = changed_sql(since, until)
    parts = [
        f"SELECT subject_id, {changed_at} AS changed_at, NULL::timestamptz AS deleted_at"
        f" FROM {table._meta.db_table} WHERE item_code = ANY(%s) AND {is_changed}"
        for table in (PaymentRecord, EventRecord, HoldingRecord)
    ]
    parts.append(
        f"SELECT unnest(subject_ids), NULL, at FROM {DeletionProof._meta.db_table}"
        " WHERE action = 'delete' AND item_code = ANY(%s) AND at >= %s"
    )
    params: list[Any] = [*until_then, items, *instants] * 3 + [items, since]
    newest = ", ".join(
        f"(extract(epoch FROM max({name})) * 1000000)::bigint AS {name}" for name in ("changed_at", "deleted_at")
    )
    frame = frame_of(
        f"SELECT subject_id, {newest} FROM ({' UNION ALL '.join(parts)}) AS changes"
        " GROUP BY subject_id ORDER BY subject_id",
        params,
    )
    return frame.with_columns(instant(name) for name in ("changed_at", "deleted_at"))


def _read(
    select: str,
    first_id: int,
    last_id: int,
    item_codes: Collection[str],
    at: datetime | None,
    subject_ids: Collection[int] | None = None,
) -> pl.DataFrame:
    known, instants = known_sql(at)
    where = f"WHERE subject_id BETWEEN %s AND %s AND item_code = ANY(%s) AND {known}"
    params: list[Any] = [first_id, last_id, sorted(item_codes), *instants]
    if subject_ids is not None:
        where += " AND subject_id = ANY(%s)"
        params.append(sorted(subject_ids))
    return frame_of(select + where, params)
