"""Who may do what with a report, one sentence each."""

from apps.core.actor import Actor, OrganizationKind, Role
from apps.reports.models import ReportRequest
from apps.reports.workflow import ASKERS


def can_request(actor: Actor, subject_id: int) -> bool:
    """A firm's people ask for their own firm; a bank's for any firm, and the gate decides which."""
    if not actor.has(*ASKERS):
        return False
    return actor.organization_kind == OrganizationKind.BANK or actor.subject_id == subject_id


def can_download(actor: Actor, report: ReportRequest) -> bool:
    """The bank that asked, and the firm that the report is about; administrators see only that it exists."""
    if not actor.has(*ASKERS):
        return False
    return report.subject_id == actor.subject_id or report.organization_id in actor.organization_ids


def can_revoke(actor: Actor) -> bool:
    """The platform's administrator withdraws a report that should not have been issued."""
    return actor.has(Role.OPERATOR)
