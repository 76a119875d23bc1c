"""Step 8: the credit profile as a PDF, and the day's statistics as the regulator sees them."""

from apps.core.errors import DomainError
from apps.core.models import Job
from apps.core.money import format_yuan
from apps.demo.people import MAIN_FIRM
from apps.demo.report import Step
from apps.demo.story.stage import Stage
from apps.reports import services as reports
from apps.reports.models import ReportFile
from apps.reports.rendering import RendererMissing
from apps.statistics import services as statistics
from apps.statistics.selectors import Total
from apps.statistics.selectors import sheet as read_sheet
from apps.subjects.models import Subject


def print_the_report(stage: Stage) -> Step:
    """The bank's officer asks for the sample firm's report; the worker prints it."""
    officer = stage.actor("bank-officer")
    subject = Subject.objects.get(code=MAIN_FIRM)
    try:
        request = reports.request_report(
            actor=officer, subject_id=subject.pk, purpose=reports.STATED_PURPOSES[0], now=stage.now
        )
    except RendererMissing as missing:
        # The rest of the platform works without the system library; the command says so and ends with an error.
        stage.faults.append(missing.message)
        return Step("信用报告 PDF", lines=[missing.message])
    stage.wait(Job.objects.get(kind="reports.render", key=request.number))
    printed = ReportFile.objects.select_related("stored").get(request=request)
    return Step(
        "信用报告 PDF",
        {"页数": printed.page_count},
        [f"编号 {request.number}，{printed.stored.size_bytes} 字节，SHA-256 {printed.sha256}"],
        {"信用报告": f"/reports/{request.number}/", "真伪核验": f"/reports/verify/{request.number}/"},
    )


def count_the_day(stage: Stage) -> Step:
    """The worker counts every published figure of the day; the regulator reads the lending page."""
    stage.wait(statistics.request_day(actor=stage.actor("operator"), business_date=stage.today, now=stage.now))
    sheet = read_sheet("lending", stage.today, actor=stage.actor("regulator"))
    if sheet is None:
        raise DomainError("当日统计没有生成。")
    counts = {total.label: _text(total) for total in sheet.totals.values()}
    counts["勾稽"] = "一致" if all(check.holds for _, check in sheet.reconciliations) else "不一致"
    return Step("贷款统计（监管部门所见）", counts, links={"贷款统计": "/statistics/lending/"})


def _text(total: Total) -> str:
    if total.value is not None:
        return f"{total.value} {total.unit}"
    amount = "" if total.amount is None else f"，{format_yuan(total.amount)}"
    return f"{total.count}{amount}"
