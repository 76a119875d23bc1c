"""Pages: the firm gives and withdraws consents and sees who looked; a bank sees what it was given and what it did."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.consents import selectors, services
from apps.consents.forms import ConsentForm, WithdrawForm
from apps.consents.models import Consent
from apps.consents.rules import PURPOSE_LABELS, SCOPE_LABELS
from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput
from apps.core.pages import ActorRequest, actor_required
from apps.reference.selectors import figure

PAGE_SIZE = 50
READERS = (
    Role.FIRM_OWNER,
    Role.FIRM_ACCOUNTANT,
    Role.BANK_OFFICER,
    Role.BANK_APPROVER,
    Role.AUTHORITY,
    Role.AUDITOR,
)


@require_GET
@actor_required(*READERS)
def consent_list(request: ActorRequest) -> HttpResponse:
    """Consents given (firm) or received (bank, authority), newest first."""
    today = clock.business_date(clock.now())
    page = Paginator(selectors.consents_visible_to(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"consent": consent, "state": _state(consent, today)} for consent in page]
    return render(request, "consents/consent_list.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@actor_required(Role.FIRM_OWNER)
def consent_create(request: ActorRequest) -> HttpResponse:
    """Choose the terms, read the full text, sign."""
    now = clock.now()
    today = clock.business_date(now)
    months = {name: int(figure(f"consent_{name}_months", today)) for name in ("default", "max")}
    form = ConsentForm(request.POST or None, months=months["default"], months_max=months["max"])
    draft = None
    if request.method == "POST" and form.is_valid() and "edit" not in request.POST:
        try:
            draft = services.draft_consent(actor=request.actor, now=now, **form.terms)
        except InvalidInput as error:
            for name, sentence in (error.fields or {"": error.message}).items():
                form.add_error(name if name in form.fields else None, sentence)
        else:
            if "agreed" in request.POST:
                consent = services.give_consent(
                    actor=request.actor, draft=draft, agreed_digest=request.POST.get("digest", ""), now=now
                )
                messages.success(request, "授权已签署。")
                return redirect("consents:consent_detail", pk=consent.pk)
    return render(request, "consents/consent_form.html", {"form": form, "draft": draft})


@require_GET
@actor_required(*READERS)
def consent_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """A consent with its full text; its owner may withdraw it."""
    consent = selectors.consent_visible_to(request.actor, pk)
    state = _state(consent, clock.business_date(clock.now()))
    context = {
        "consent": consent,
        "state": state,
        "items": selectors.item_names(consent.items).values(),
        "purposes": [PURPOSE_LABELS[value] for value in consent.purposes],
        "scopes": [SCOPE_LABELS[value] for value in consent.scopes],
        "form": WithdrawForm() if request.actor.has(Role.FIRM_OWNER) and not consent.withdrawn_at else None,
    }
    return render(request, "consents/consent_detail.html", context)


@require_POST
@actor_required(Role.FIRM_OWNER)
def consent_withdraw(request: ActorRequest, pk: int) -> HttpResponse:
    """Withdraw at once."""
    reason = request.POST.get("reason", "")[:200]
    services.withdraw_consent(actor=request.actor, consent_id=pk, reason=reason, now=clock.now())
    messages.success(request, "授权已撤回，即刻生效。")
    return redirect("consents:consent_detail", pk=pk)


@require_GET
@actor_required(*READERS, Role.OPERATOR)
def access_record_list(request: ActorRequest) -> HttpResponse:
    """谁查过我 for a firm; what the own organisation read for everybody else."""
    page = Paginator(selectors.access_records_visible_to(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    names = selectors.item_names({code for record in page for code in record.items})
    rows = [
        {
            "record": record,
            "purpose": PURPOSE_LABELS[record.purpose],
            "items": _items_text(record.items, names),
        }
        for record in page
    ]
    context = {"page": page, "rows": rows, "is_firm": request.actor.subject_id is not None}
    return render(request, "consents/access_record_list.html", context)


def _items_text(items: list[str], names: dict[str, str]) -> str:
    """The items by name; those that the catalogue does not hold (no source reports them yet) by number."""
    named = [names[code] for code in items if names[code] != code]
    rest = len(items) - len(named)
    return "、".join(named) + (f"，以及{rest}项尚未开通报送的信息" if rest else "")


def _state(consent: Consent, today: date) -> tuple[str, str]:
    """(state, label) for a badge."""
    if consent.withdrawn_at:
        return "withdrawn", "已撤回"
    if today >= consent.valid_to_on:
        return "expired", "已到期"
    if consent.use_max is not None and consent.use_count >= consent.use_max:
        return "expired", "次数已用完"
    return "valid", "有效"
