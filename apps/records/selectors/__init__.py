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
    held_rows_of,
    rejected_rows_of,
    sources_visible_to,
    work_items,
)
from apps.records.selectors.facts import records_of
from apps.records.selectors.held import (
    HeldFilter,
    HeldGroup,
    held_groups_page,
    held_items,
    held_row_visible_to,
    held_rows_found,
    held_rows_visible_to,
    overtaken_row_ids,
)
from apps.records.selectors.order import Gap, missing_sequences, observations_of, sequence_gaps, with_order

__all__ = [
    "HeldFilter",
    "HeldGroup",
    "Gap",
    "as_known",
    "deliverable_items",
    "deliveries_visible_to",
    "delivering_organization",
    "delivering_organizations",
    "delivery_visible_to",
    "events_for_batch",
    "events_of",
    "held_groups_page",
    "held_items",
    "held_row_visible_to",
    "held_rows_of",
    "held_rows_found",
    "held_rows_visible_to",
    "holdings_for_batch",
    "holdings_of",
    "item_freshness",
    "item_specs",
    "items_delivered_by",
    "items_in_force",
    "missing_sequences",
    "observations_of",
    "payments_for_batch",
    "overtaken_row_ids",
    "payments_of",
    "records_of",
    "rejected_rows_of",
    "sequence_gaps",
    "sources_visible_to",
    "spec_of",
    "with_order",
    "work_items",
]
