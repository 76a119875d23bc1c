"""Pages of records."""

from apps.records.views.catalogue import (
    catalogue_add,
    catalogue_alias_add,
    catalogue_detail,
    catalogue_field_add,
    catalogue_list,
)
from apps.records.views.deliveries import (
    delivery_create,
    delivery_detail,
    delivery_list,
    delivery_progress,
    rejected_row_download,
    rejected_row_list,
    source_edit,
    source_list,
)
from apps.records.views.held import held_row_decide, held_row_list
from apps.records.views.quality import (
    bulletin_detail,
    bulletin_download,
    bulletin_list,
    bulletin_publish,
    code_fault_export,
    code_fault_import,
    code_fault_list,
    contradiction_list,
    correction_round_open,
    quality,
    quality_count,
    quality_detail,
)
from apps.records.views.retention import proof_list

__all__ = [
    "bulletin_detail",
    "bulletin_download",
    "bulletin_list",
    "bulletin_publish",
    "catalogue_add",
    "catalogue_alias_add",
    "catalogue_detail",
    "catalogue_field_add",
    "catalogue_list",
    "code_fault_export",
    "code_fault_import",
    "code_fault_list",
    "contradiction_list",
    "correction_round_open",
    "delivery_create",
    "delivery_detail",
    "delivery_list",
    "delivery_progress",
    "held_row_decide",
    "held_row_list",
    "quality",
    "quality_count",
    "quality_detail",
    "proof_list",
    "rejected_row_download",
    "rejected_row_list",
    "source_edit",
    "source_list",
]
