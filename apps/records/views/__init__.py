"""Pages of records."""

from apps.records.views.deliveries import (
    delivery_create,
    delivery_detail,
    delivery_list,
    delivery_progress,
    held_row_dismiss,
    held_row_list,
    rejected_row_download,
    rejected_row_list,
    source_edit,
    source_list,
)

__all__ = [
    "delivery_create",
    "delivery_detail",
    "delivery_list",
    "delivery_progress",
    "held_row_dismiss",
    "held_row_list",
    "rejected_row_download",
    "rejected_row_list",
    "source_edit",
    "source_list",
]
