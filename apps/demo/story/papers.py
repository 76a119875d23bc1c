"""Step 8: the credit profile as a PDF, and the day's statistics as the regulator sees them."""

from apps.core.models import Job
from apps.demo.people import MAIN_FIRM
from apps.demo.report import Step
from apps.demo.story.stage import Stage
from apps.reports import services as reports
from apps.reports.models import ReportFile
from apps.subjects.models import Subject


def print_the_report(stage: Stage) -> Step:
    """The bank's officer asks for the sample firm's report; the worker prints it."""
    officer = stage.actor("bank-officer")
    subject = Subject.objects.get(code=MAIN_FIRM)
    request = reports.request_report(
        actor=officer, subject_id=subject.pk, purpose=reports.STATED_PURPOSES[0], now=stage.now
    )
    stage.wait(Job.objects.get(kind="reports.render", key=request.number))
    printed = ReportFile.objects.select_related("stored").get(request=request)
    return Step(
        "信用报告 PDF",
        {
            "编号": request.number,
            "页数": printed.page_count,
            "字节": printed.stored.size_bytes,
            "SHA-256": printed.sha256,
        },
        links={"信用报告": f"/reports/{request.number}/", "真伪核验": f"/reports/verify/{request.number}/"},
    )
