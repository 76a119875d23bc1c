"""Writes: count a day."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.core import audit, clock, jobs
from apps.core.actor import Actor
from apps.core.digests import canonical_json, sha256_of
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.jobs import Lease
from apps.core.models import Job
from apps.statistics import policies
from apps.statistics.figures import THEMES, Day
from apps.statistics.models import BuiltDay, DailyFigure

audit.register("statistics", {"build": "统计 {target} 的数据", "request": "申请重新统计 {target} 的数据"})


def request_day(*, actor: Actor, business_date: date, now: datetime) -> Job:
    """Have a day counted (again) by the worker. Raises NotPermitted, and InvalidInput for a day to come."""
    _require_builder(actor)
    if business_date > clock.business_date(now):
        raise InvalidInput("不能统计未来的日期。", fields={"on": "不能统计未来的日期。"})
    with transaction.atomic():
        job = jobs.enqueue(
            actor=actor,
            kind="statistics.build_day",
            key=f"{business_date}:{now:%Y%m%d%H%M%S}",
            payload={},
            now=now,
            business_date=business_date,
        )
        audit.record(
            actor=actor,
            verb="statistics.request",
            target=audit.Target("statistics.day", str(business_date), str(business_date)),
            now=now,
        )
    return job


def build_day(*, actor: Actor, business_date: date, now: datetime, lease: Lease | None = None) -> dict[str, Any]:
    """Count every figure as of the end of a day; again for the same day it replaces what was there.

    All figures are read in one transaction, so that they are of one moment. Returns rows and digest.
    """
    _require_builder(actor)
    day = Day(business_date)
    measures = [measure for theme in THEMES.values() for measure in theme.measures]
    with transaction.atomic():
        if lease:
            lease.guard()
        rows = [
            DailyFigure(
                on=business_date,
                figure=measure.slug,
                region_code=cell["region"],
                dimension=dimension,
                value=str(cell["value"]),
                count=cell["things"],
                amount=cell.get("total"),
                firms=cell["firms"],
            )
            for measure in measures
            for dimension in measure.dimensions
            for cell in measure.cells(day, dimension)
        ]
        DailyFigure.objects.filter(on=business_date).delete()
        DailyFigure.objects.bulk_create(rows, batch_size=2000)
        built, _ = BuiltDay.objects.update_or_create(
            on=business_date, defaults={"built_at": now, "rows": len(rows), "digest": _digest(rows)}
        )
        result = {"rows": len(rows), "digest": built.digest}
        audit.record(actor=actor, verb="statistics.build", target=built, now=now, after=result)
    return result


def _digest(rows: list[DailyFigure]) -> str:
    content = [
        [row.figure, row.region_code, row.dimension, row.value, row.count, row.amount, row.firms] for row in rows
    ]
    return sha256_of(canonical_json(content))


def _require_builder(actor: Actor) -> None:
    if not policies.can_build(actor):
        raise NotPermitted("只有平台管理员可以重新统计。")
