"""Writes on needs, match runs and dispatches."""

from apps.matching.services.dispatching import answer_dispatch, recall_dispatch, send_need
from apps.matching.services.needs import ImportReport, close_need, import_needs, post_need
from apps.matching.services.running import match_open_needs, run_match, start_matching

__all__ = [
    "ImportReport",
    "answer_dispatch",
    "close_need",
    "import_needs",
    "match_open_needs",
    "post_need",
    "recall_dispatch",
    "run_match",
    "send_need",
    "start_matching",
]
