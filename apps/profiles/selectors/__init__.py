"""Reads of profiles. One firm's figures need a permit; `…_for_batch` is for job code only (design §2)."""

from apps.profiles.selectors.due import latest_run, subjects_due_for_batch, undone_in_run_for_batch
from apps.profiles.selectors.explanations import Freshness, explanation_of, freshness_of, newest_deliveries, series_of
from apps.profiles.selectors.inputs import (
    Basis,
    ScorecardMissing,
    basis_of,
    card_in_force,
    card_of,
    identities_for_batch,
    inputs_for_batch,
    inputs_of,
    subject_ranges_for_batch,
)
from apps.profiles.selectors.outcomes import portraits_before_for_batch, scores_before_for_batch
from apps.profiles.selectors.overview import ItemLine, overview_of
from apps.profiles.selectors.pages import (
    REPAIR_ITEMS,
    ProfilePage,
    RecordTable,
    own_subject,
    profile_page_of,
    record_table_of,
)
from apps.profiles.selectors.profiles import (
    PROFILE_ITEMS,
    history_for_replay,
    history_of,
    latest_profile_of,
    profiles_for_batch,
    profiles_listed_to,
    require_profile_items,
    sampled_history_for_batch,
)

__all__ = [
    "ItemLine",
    "PROFILE_ITEMS",
    "REPAIR_ITEMS",
    "Basis",
    "Freshness",
    "ProfilePage",
    "RecordTable",
    "ScorecardMissing",
    "basis_of",
    "card_in_force",
    "card_of",
    "explanation_of",
    "freshness_of",
    "history_for_replay",
    "history_of",
    "identities_for_batch",
    "inputs_for_batch",
    "inputs_of",
    "latest_profile_of",
    "latest_run",
    "newest_deliveries",
    "overview_of",
    "own_subject",
    "portraits_before_for_batch",
    "profile_page_of",
    "profiles_for_batch",
    "profiles_listed_to",
    "record_table_of",
    "require_profile_items",
    "sampled_history_for_batch",
    "scores_before_for_batch",
    "series_of",
    "subject_ranges_for_batch",
    "subjects_due_for_batch",
    "undone_in_run_for_batch",
]
