"""Celery shells of reports."""

from apps.core import clock
from apps.core.jobs import Lease, job
from apps.reports import services


@job("reports.render", label="生成报告", seen_at=("reports:list",))
def render(lease: Lease) -> dict[str, object]:
    """Print one requested report."""
    return services.render_report(actor=lease.actor, report_id=lease.payload["report_id"], now=clock.now())
