"""Does the scorecard tell those who default from those who do not? Pure: cases in, an evaluation out."""

from apps.profiles.evaluation.measures import OneClass
from apps.profiles.evaluation.results import (
    BandRow,
    Discrimination,
    Evaluation,
    GradeRow,
    LineRow,
    SegmentRow,
    Stability,
    evaluate,
)

__all__ = [
    "BandRow",
    "Discrimination",
    "Evaluation",
    "GradeRow",
    "LineRow",
    "OneClass",
    "SegmentRow",
    "Stability",
    "evaluate",
]
