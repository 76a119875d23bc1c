"""What every page knows: who acts, where one can go, which business date is shown."""

from datetime import date
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
        "calendar_warning": _calendar_warning(today) if actor else "",
    }


def _calendar_warning(today: date) -> str:
    """A sentence while the calendar of the year is not loaded: terms in working days are then estimates."""
    if work_calendar().covers(today):
        return ""
    return f"{today.year}年的工作日历尚未登记，按周一至周五推算工作日，期限可能有出入。"
