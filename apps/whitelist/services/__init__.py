"""Writes of the whitelist: programmes, screening runs, listings, pushes and the banks' answers."""

from apps.whitelist.services.listings import exit_listing, expire_listings
from apps.whitelist.services.programmes import (
    close_programme,
    create_programme,
    load_decline_reasons,
    open_programme,
    revise_programme,
)
from apps.whitelist.services.pushes import Answer, answer_push, push_listings, request_push
from apps.whitelist.services.runs import (
    approve_screening,
    discard_screening,
    publish_screening,
    request_screening,
    screen,
)

__all__ = [
    "Answer",
    "answer_push",
    "approve_screening",
    "close_programme",
    "create_programme",
    "discard_screening",
    "exit_listing",
    "expire_listings",
    "load_decline_reasons",
    "open_programme",
    "publish_screening",
    "push_listings",
    "request_push",
    "request_screening",
    "revise_programme",
    "screen",
]
