"""Reads of reports, and of everything that a report shows."""

from apps.reports.selectors.bulletins import bulletin
from apps.reports.selectors.material import ITEMS, material_of
from apps.reports.selectors.requests import (
    askable_subjects,
    file_of,
    firm_organization_ids,
    issued_report,
    issuer_name,
    report_visible_to,
    reports_visible_to,
    work_items,
)

__all__ = [
    "ITEMS",
    "askable_subjects",
    "bulletin",
    "file_of",
    "firm_organization_ids",
    "issued_report",
    "issuer_name",
    "material_of",
    "report_visible_to",
    "reports_visible_to",
    "work_items",
]
