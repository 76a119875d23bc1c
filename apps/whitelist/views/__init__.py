"""Pages of the whitelist, by reader: the authority, the bank, the firm."""

from apps.whitelist.views.authority import (
    listing_list,
    programme_create,
    programme_detail,
    programme_list,
    programme_move,
    programme_push,
    programme_screen,
    run_detail,
    run_move,
)
from apps.whitelist.views.bank import push_answer, push_detail, push_list
from apps.whitelist.views.firm import listing_exit, own_listings

__all__ = [
    "listing_exit",
    "listing_list",
    "own_listings",
    "programme_create",
    "programme_detail",
    "programme_list",
    "programme_move",
    "programme_push",
    "programme_screen",
    "push_answer",
    "push_detail",
    "push_list",
    "run_detail",
    "run_move",
]
