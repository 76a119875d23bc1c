"""The home page of each role, and the public front."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from apps.core import clock
from apps.core.actor import Actor, Role
from apps.enterprises.selectors import registration_of
from apps.portal import selectors
from apps.portal.navigation import entries_for, guides_for
from apps.records.selectors import own_figures


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The work list of whoever is logged in, the public front otherwise."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None:
        now = clock.now()
        context = {
            "work": selectors.work_list(actor, now, clock.business_date(now)),
            "notices": selectors.newest_notices(actor),
            "figures": own_figures(actor, clock.business_date(now)) if actor.has(Role.DEPARTMENT) else (),
            "guides": guides_for(actor),
            "places": [entry for entry in entries_for(actor, request.path) if not entry.active],
        }
        return render(request, "portal/home.html", context)
    if not request.user.is_authenticated:
        return render(request, "portal/front.html")
    if registration_of(request.user) is not None:
        return redirect("enterprises:registration_status")
    return render(request, "portal/no_role.html")
