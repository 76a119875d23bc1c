"""Writes of profiles."""

from apps.profiles.services.evaluating import Evaluated, NothingToEvaluate, Sample, Unused, evaluate_outcomes
from apps.profiles.services.recomputing import Recomputed, recompute_profile
from apps.profiles.services.refresh import compute_profiles, refresh_profiles
from apps.profiles.services.replaying import Replay, replay_profile, replay_stored
from apps.profiles.services.scorecards import load_scorecard

__all__ = [
    "Evaluated",
    "NothingToEvaluate",
    "Recomputed",
    "Replay",
    "Sample",
    "Unused",
    "compute_profiles",
    "evaluate_outcomes",
    "load_scorecard",
    "recompute_profile",
    "refresh_profiles",
    "replay_profile",
    "replay_stored",
]
