"""Writes on products: drafting, publication, import of the banks' catalogue."""

from apps.products.services.cataloguing import ImportReport, import_catalogue
from apps.products.services.drafting import draft_product, draft_version, edit_draft
from apps.products.services.publishing import (
    discard_draft,
    publish_version,
    resume_version,
    return_version,
    submit_version,
    suspend_version,
    take_back_version,
    withdraw_version,
)

__all__ = [
    "ImportReport",
    "discard_draft",
    "draft_product",
    "draft_version",
    "edit_draft",
    "import_catalogue",
    "publish_version",
    "resume_version",
    "return_version",
    "submit_version",
    "suspend_version",
    "take_back_version",
    "withdraw_version",
]
