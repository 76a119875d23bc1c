"""The credit report of one firm from a warm renderer, against a bare WeasyPrint call on a frozen page."""

import time
from datetime import date, datetime
from pathlib import Path

from apps.core import clock
from apps.core.actor import SYSTEM, Actor
from apps.operations.bench import data, facts, people
from apps.operations.bench.measure import Row, Size, median_seconds
from apps.reports import rendering
from apps.reports import services as reports

PAGE = Path(__file__).parents[1] / "page.html"
FIRMS = 50
LABEL = "六页信用报告（不签名，渲染器已预热）"
BUDGET = "≤ 基准 + 0.3 秒"


def measure(size: Size) -> Row:
    """Request, content, layout and storage together, and the bare layout of the frozen page."""
    if missing := rendering.missing_library():
        return Row("pdf", LABEL, BUDGET, "—", None, {}, (missing,))
    now = clock.now()
    today = clock.business_date(now)
    firms = min(FIRMS, size.repeats + 1)
    bank = _prepared(firms, today, now)
    html = PAGE.read_text(encoding="utf-8")
    base_pages = rendering.bare_pdf(html).pages
    base = median_seconds(lambda: rendering.bare_pdf(html), size.repeats, warm_up=0)
    whole, printing, pages = [], [], 0
    for number in range(size.repeats + 1):
        started = time.perf_counter()
        report = reports.request_report(actor=bank, subject_id=1 + number % firms, purpose="pre_loan_review", now=now)
        asked = time.perf_counter()
        pages = int(str(reports.render_report(actor=SYSTEM, report_id=report.pk, now=now)["pages"]))
        printing.append(time.perf_counter() - asked)
        whole.append(time.perf_counter() - started)
    ours = sorted(whole[1:])[size.repeats // 2]
    return Row(
        "pdf",
        LABEL,
        BUDGET,
        f"{ours - base:+.2f} 秒",
        ours - base <= 0.3,
        {
            "本平台 秒": round(ours, 3),
            "其中排版与存放 秒": round(sorted(printing[1:])[size.repeats // 2], 3),
            "本平台 页": pages,
            "基准 秒": round(base, 3),
            "基准 页": base_pages,
        },
    )


def _prepared(firms: int, today: date, now: datetime) -> Actor:
    numbered = data.subjects(1, firms)
    data.load_subjects(numbered, now)
    facts.load_facts(numbered, today, now)
    facts.portray(numbered, today, now)
    officer = people.bank_officer(now)
    people.open_to(officer, numbered, now)
    return people.actor_of(officer, today)
