"""Three-valued verdicts and how they combine (Kleene logic)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Met, not met, or cannot tell because a fact is missing."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


VERDICT_LABELS = {Verdict.MET: "符合", Verdict.NOT_MET: "不符合", Verdict.UNKNOWN: "无法判断"}


def verdict_of(truth: bool | None) -> Verdict:
    """The verdict that a comparison with gaps came to."""
    if truth is None:
        return Verdict.UNKNOWN
    return Verdict.MET if truth else Verdict.NOT_MET


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Not met if any is not met, else unknown if any is unknown, else met."""
    seen = set(verdicts)
    if Verdict.NOT_MET in seen:
        return Verdict.NOT_MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in seen else Verdict.MET


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Met if any is met, else unknown if any is unknown, else not met."""
    seen = set(verdicts)
    if Verdict.MET in seen:
        return Verdict.MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in seen else Verdict.NOT_MET


def none_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Met if every one is not met; the opposite of `any_of`."""
    opposite = {Verdict.MET: Verdict.NOT_MET, Verdict.NOT_MET: Verdict.MET, Verdict.UNKNOWN: Verdict.UNKNOWN}
    return opposite[any_of(verdicts)]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one criterion came to: `code` chooses the sentence, `observed` and `required` are typed values.

    `missing` names the facts that would decide an unknown one; a group carries its members in `parts`.
    """

    slug: str
    verdict: Verdict
    code: str
    observed: Any = None
    required: Any = None
    missing: tuple[str, ...] = ()
    parts: tuple["Finding", ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The overall verdict and one finding for every criterion asked, in the order asked."""

    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def unmet(self) -> tuple[Finding, ...]:
        """The findings that stand in the way."""
        return tuple(finding for finding in self.findings if finding.verdict is Verdict.NOT_MET)
