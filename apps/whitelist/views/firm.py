"""A firm sees on which lists it stands and why or why not, to whom it was recommended, and may leave."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.whitelist import policies, selectors, services
from apps.whitelist.forms import NoteForm

FIRM = (Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT)


@require_GET
@actor_required(*FIRM)
def own_listings(request: ActorRequest) -> HttpResponse:
    """The firm's own listings, pushes, and what each programme's newest run said of it."""
    subject_id = request.actor.subject_id
    if subject_id is None:
        raise NotVisible
    with transaction.atomic():
        permit = gate.open(
            actor=request.actor, subject_id=subject_id, purpose=Purpose.WHITELIST, items=(), now=clock.now()
        )
        judgements = selectors.judgements_of(subject_id, permit=permit)
    listings = selectors.listings_visible_to(request.actor)
    context = {
        "judgements": judgements,
        "listings": [{"listing": row, "may_leave": policies.can_opt_out(request.actor, row)} for row in listings],
        "pushes": selectors.pushes_visible_to(request.actor),
    }
    return render(request, "whitelist/own_listings.html", context)


@require_POST
@actor_required(Role.FIRM_OWNER, Role.AUTHORITY)
def listing_exit(request: ActorRequest, pk: int) -> HttpResponse:
    """The firm leaves the list, or the authority removes it and says why."""
    listing = selectors.listing_visible_to(request.actor, pk)
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    if request.actor.has(Role.FIRM_OWNER):
        services.exit_listing(actor=request.actor, listing=listing, now=clock.now())
        messages.success(request, "已退出白名单，尚未办结的推荐已撤回。")
        return redirect("whitelist:own_listings")
    try:
        services.exit_listing(actor=request.actor, listing=listing, note=note, now=clock.now())
    except InvalidInput as refusal:
        messages.error(request, next(iter((refusal.fields or {}).values()), refusal.message))
    else:
        messages.success(request, "已移出白名单，尚未办结的推荐已撤回。")
    return redirect("whitelist:listing_list", pk=listing.programme_id)
