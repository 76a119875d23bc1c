"""The work list of the home page: what every app says is waiting for somebody."""

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.models import Notice
from apps.consents import selectors as consents
from apps.core.actor import Actor
from apps.enterprises import selectors as enterprises
from apps.loans import selectors as loans
from apps.matching import selectors as matching
from apps.products import selectors as products
from apps.records import selectors as records
from apps.reference import selectors as reference
from apps.reports import selectors as reports
from apps.whitelist import selectors as whitelist

# In the order of the life of a financing; within the list what is due first comes first.
SOURCES = (enterprises, consents, records, products, matching, whitelist, loans, reports, reference)
NOTICES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Work:
    """A line of the work list as the page shows it."""

    title: str
    detail: str
    url: str
    count: int
    due_on: date | None
    is_late: bool


def work_list(actor: Actor, now: datetime, today: date) -> list[Work]:
    """Everything that waits for the actor: what is due first, then in the order of the apps."""
    items = [item for source in SOURCES for item in source.work_items(actor, now)]
    items.sort(key=lambda item: item.due_on or date.max)
    return [
        Work(
            title=item.title,
            detail=item.detail,
            url=reverse(item.url_name, args=item.url_args) + (f"?{item.query}" if item.query else ""),
            count=item.count,
            due_on=item.due_on,
            is_late=item.due_on is not None and item.due_on < today,
        )
        for item in items
    ]


def newest_notices(actor: Actor) -> list[Notice]:
    """The newest messages, read or not."""
    return list(accounts.notices_visible_to(actor)[:NOTICES_SHOWN])
