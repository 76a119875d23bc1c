"""Pages: ask for a report, follow its making, fetch it, withdraw it, and the public check of a number or a copy."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import clock
from apps.core.actor import OrganizationKind, Role
from apps.core.digests import sha256_of
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.pages import ActorRequest, actor_required
from apps.reports import policies, printing, rendering, rules, selectors, services
from apps.reports.forms import AskForm, CopyForm, NumberForm, RevokeForm
from apps.reports.workflow import ASKERS

PAGE_SIZE = 50
READERS = (*sorted(ASKERS), Role.OPERATOR, Role.AUDITOR)


@require_GET
@actor_required(*READERS)
def report_list(request: ActorRequest) -> HttpResponse:
    """Reports about the own firm, of the own bank, or all of them (without content)."""
    text = request.GET.get("q", "").strip()[:60]
    reports = selectors.reports_visible_to(request.actor, text)
    page = Paginator(reports, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "text": text,
        "is_firm": request.actor.organization_kind == OrganizationKind.FIRM,
        "may_ask": request.actor.has(*ASKERS),
        "missing": rendering.missing_library(),
    }
    return render(request, "reports/report_list.html", context)


@require_http_methods(["GET", "POST"])
@actor_required(*sorted(ASKERS))
def report_create(request: ActorRequest) -> HttpResponse:
    """A firm asks for its own report; a bank says of which firm and for what."""
    now = clock.now()
    actor = request.actor
    own = actor.organization_kind == OrganizationKind.FIRM
    form = None if own else _ask_form(request)
    if request.method == "POST" and (form is None or form.is_valid()):
        subject_id = form.cleaned_data["subject"] if form else actor.subject_id
        if subject_id is None:
            raise NotPermitted("您的账号没有所属企业，请先完成企业注册。")
        purpose = services.OWN_PURPOSE if form is None else form.cleaned_data["purpose"]
        report = services.request_report(actor=actor, subject_id=subject_id, purpose=purpose, now=now)
        messages.success(request, "已申请生成报告，生成后可在本页下载。")
        return redirect(report)
    context = {"form": form, "own": own, "missing": rendering.missing_library()}
    return render(request, "reports/report_form.html", context)


def _ask_form(request: ActorRequest) -> AskForm:
    subjects = selectors.askable_subjects(request.actor, clock.business_date(clock.now()))
    choices = [(pk, f"{name}（{code}）") for pk, name, code in subjects.values_list("pk", "name", "code")]
    purposes = [(str(purpose), services.PURPOSE_TEXTS[purpose]) for purpose in services.STATED_PURPOSES]
    initial = {"subject": request.GET.get("subject")}
    return AskForm(
        request.POST if request.method == "POST" else None, subjects=choices, purposes=purposes, initial=initial
    )


@require_GET
@actor_required(*READERS)
def report_detail(request: ActorRequest, number: str) -> HttpResponse:
    """Where a report stands; htmx asks again for the fragment while it is made."""
    report = selectors.report_visible_to(request.actor, number)
    context = {
        "report": report,
        "file": selectors.file_of(report),
        "purpose": services.PURPOSE_TEXTS[report.purpose],
        "may_download": policies.can_download(request.actor, report) and report.state == "ready",
        "revoke_form": RevokeForm() if policies.can_revoke(request.actor) and report.state == "ready" else None,
    }
    template = "reports/_report.html" if getattr(request, "htmx", False) else "reports/report_detail.html"
    return render(request, template, context)


@require_GET
@actor_required(*sorted(ASKERS))
def report_download(request: ActorRequest, number: str) -> HttpResponse:
    """The PDF, after policy and gate were asked again; never cached, never indexed."""
    handout = services.download_report(actor=request.actor, number=number, now=clock.now())
    response = HttpResponse(handout.content, content_type=services.PDF)
    response["Content-Disposition"] = f'attachment; filename="{handout.name}"'
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@actor_required(Role.OPERATOR)
def report_revoke(request: ActorRequest, number: str) -> HttpResponse:
    """Withdraw a report, with a reason."""
    form = RevokeForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("请填写撤销原因。")
    services.revoke_report(actor=request.actor, number=number, reason=form.cleaned_data["reason"], now=clock.now())
    messages.success(request, f"报告 {number} 已撤销。")
    return redirect("reports:detail", number=number)


@require_GET
@actor_required(Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR)
def bulletin(request: ActorRequest, source_id: int, year: int, number: int) -> HttpResponse:
    """The monthly bulletin of data quality as PDF: what the page shows, printed."""
    content, issued = selectors.bulletin(request.actor, source_id, year, number, clock.now())
    response = HttpResponse(printing.print_bulletin(content, issued).content, content_type=services.PDF)
    response["Content-Disposition"] = f'attachment; filename="bulletin-{source_id}-{content["month"]}.pdf"'
    response["Cache-Control"] = "no-store, private"
    return response


@require_GET
def verify_index(request: HttpRequest) -> HttpResponse:
    """Public: type the number printed on a report."""
    form = NumberForm(request.GET if "number" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("reports:verify", number=form.cleaned_data["number"])
    return render(request, "reports/verify_index.html", {"form": form})


@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, number: str) -> HttpResponse:
    """Public: whether a number was issued and still counts, and whether a copy is the one that was issued."""
    file = selectors.issued_report(number)
    on = clock.business_date(clock.now())
    standing = rules.standing(
        is_revoked=file.request.state == "revoked", valid_until_on=file.request.valid_until_on, on=on
    )
    form = CopyForm(request.POST, request.FILES) if request.method == "POST" else CopyForm()
    is_same = None
    if form.is_bound and form.is_valid():
        is_same = sha256_of(form.cleaned_data["copy"].file) == file.sha256
    context = {"file": file, "report": file.request, "standing": standing, "form": form, "is_same": is_same}
    response = render(request, "reports/verify.html", context)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
