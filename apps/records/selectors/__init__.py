"""Reads of records. Facts of one subject need a permit; `…_for_batch` is for job code only (design §2)."""

from apps.records.selectors.batch import (
    as_known,
    events_for_batch,
    events_of,
    holdings_for_batch,
    holdings_of,
    payments_for_batch,
    payments_of,
)
from apps.records.selectors.catalogue import (
    deliverable_items,
    delivering_organization,
    delivering_organizations,
    item_freshness,
    item_specs,
    items_delivered_by,
    items_in_force,
    spec_of,
)
from apps.records.selectors.deliveries import (
    deliveries_visible_to,
    delivery_visible_to,
    held_row_visible_to,
    held_rows_visible_to,
    rejected_rows_of,
    sources_visible_to,
    work_items,
)
from apps.records.selectors.facts import records_of

__all__ = [
    "as_known",
    "deliverable_items",
    "deliveries_visible_to",
    "delivering_organization",
    "delivering_organizations",
    "delivery_visible_to",
    "events_for_batch",
    "events_of",
    "held_row_visible_to",
    "held_rows_visible_to",
    "holdings_for_batch",
    "holdings_of",
    "item_freshness",
    "item_specs",
    "items_delivered_by",
    "items_in_force",
    "payments_for_batch",
    "payments_of",
    "records_of",
    "rejected_rows_of",
    "sources_visible_to",
    "spec_of",
    "work_items",
]
