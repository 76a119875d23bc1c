"""What every page knows: who acts, where one can go, which business date is shown."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.core import clock
from apps.core.actor import ROLE_LABELS, Actor
from apps.portal.navigation import entries_for
from apps.reference.selectors import work_calendar


def page(request: HttpRequest) -> dict[str, Any]:
    """Context of `templates/base.html`, always complete."""
    actor: Actor | None = getattr(request, "actor", None)
    today = clock.business_date(clock.now())
    return {
        "actor": actor,
        "navigation": entries_for(actor, request.path),
        "organization_name": actor.organization_name if actor else "",
        "role_label": "、".join(ROLE_LABELS[role] for role in sorted(actor.roles)) if actor else "",  # type: ignore[index]
        "demo_mode": settings.DEMO,
        "business_date": today,
        "calendar_warning": actor is not None and not work_calendar().covers(today),
    }
