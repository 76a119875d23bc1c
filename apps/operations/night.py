"""The night at a glance: what happens, in which order.

Every step is a function of the business date behind a job that is unique by step and date, so a second run resumes or
skips. A step that ends, well or badly, puts the next one into the queue; a failed one stays on the status page until
somebody runs it again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from apps.core import clock
from apps.core.errors import DomainError
from apps.core.jobs import Lease
from apps.loans import services as loans
from apps.matching import services as matching
from apps.operations import invariants
from apps.profiles import services as profiles
from apps.records import services as records
from apps.records.selectors import known_until
from apps.statistics import services as statistics
from apps.whitelist import services as whitelist

STEP_KIND = "operations.night_step"


class InvariantsBroken(DomainError):
    """The nightly look at the whole database found something that must not be."""

    code = "invariants-broken"
    title = "核查发现问题"


@dataclass(frozen=True, slots=True)
class Step:
    """`work` does the step under the lease of its job and returns counts; it may run twice."""

    slug: str
    label: str
    work: Callable[[Lease, date, datetime], dict[str, Any]]


def _profiles(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    # A stored portrait can be computed again: it rests on nothing that is still being written.
    as_known = known_until(now)
    return profiles.compute_profiles(lease=lease, business_date=business_date, as_known=as_known, now=now)


def _loans(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    return loans.roll_day(actor=lease.actor, business_date=business_date, now=now)


def _whitelist(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    return whitelist.expire_listings(actor=lease.actor, business_date=business_date, now=now)


def _matching(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    return matching.match_open_needs(lease=lease, business_date=business_date, now=now)


def _statistics(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    # The night falls into the first hours of its date: the day that can be counted is the one before.
    yesterday = business_date - timedelta(days=1)
    return statistics.build_day(actor=lease.actor, business_date=yesterday, now=now, lease=lease)


def _quality(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    return records.roll_quality(lease=lease, business_date=business_date, now=now)


def _retention(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    return records.retire_records(lease=lease, business_date=business_date, now=now)


def _invariants(lease: Lease, business_date: date, now: datetime) -> dict[str, Any]:
    results = invariants.check(clock.machine_now())
    broken = [result for result in results if not result.holds]
    if broken:
        raise InvariantsBroken("；".join(f"{r.invariant.label}：{r.count}处，如{r.named[0]}" for r in broken))
    return {"checked": len(results)}


STEPS: tuple[Step, ...] = (
    Step("profiles", "重算信用画像", _profiles),
    Step("loans", "贷款日终：逾期、分类、额度到期", _loans),
    Step("whitelist", "白名单复核与到期退出", _whitelist),
    Step("matching", "重新匹配融资需求", _matching),
    Step("statistics", "统计前一日数据", _statistics),
    Step("quality", "数据质量：指标、重错码、矛盾、逾期提醒", _quality),
    Step("retention", "到期删除和停用", _retention),
    Step("invariants", "核查数据约束", _invariants),
)
STEP_BY_SLUG = {step.slug: step for step in STEPS}


def step_after(slug: str) -> Step | None:
    """The next step of the night; None after the last."""
    slugs = [step.slug for step in STEPS]
    following = slugs.index(slug) + 1
    return STEPS[following] if following < len(STEPS) else None
