"""What the administrator sees of the platform's own state."""

import platform
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from django.db import connection
from django.db.models import Count, Min, QuerySet

from apps.core.actor import Actor, Role
from apps.core.errors import NotPermitted, NotVisible
from apps.core.models import AuditEvent, Job, JobState, Outbox
from apps.core.work import WorkItem
from apps.operations.night import STEP_KIND, STEPS, Step
from apps.records.models import DeletionProof
from apps.records.selectors import item_freshness, items_in_force
from apps.whitelist.rules import EXIT_LABELS

FAILED_SHOWN = 20
LIBRARIES = ("Django", "celery", "polars", "psycopg", "weasyprint")


# What the steps count, for people; a digest is for machines and is not shown.
COUNT_LABELS = {
    "subjects": "主体",
    "computed": "重新计算",
    "changed": "有变化",
    "ranges": "分段",
    "voided": "取消逾期未确认的预占",
    "classified": "更新分类的贷款",
    "lapsed": "到期未用的额度",
    "settled": "结清的申请",
    "needs": "融资需求",
    "products": "在售产品",
    "judged": "逐条比对",
    "rows": "统计数",
    "checked": "核查项",
    "contradictions": "部门间矛盾（新）",
    "code_faults": "重错码",
    "alerts": "逾期提醒（新）",
}
COUNT_LABELS |= {f"{reason}": f"退出（{label}）" for reason, label in EXIT_LABELS.items()}
COUNT_LABELS |= {kept: f"到期的{label}" for kept, label in DeletionProof._meta.get_field("kept").choices or ()}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a night with its job; None while it has not begun."""

    step: Step
    job: Job | None

    @property
    def counts(self) -> str:
        """What the step did, in one line."""
        result = (self.job.result if self.job else None) or {}
        return "，".join(f"{COUNT_LABELS[name]} {count}" for name, count in result.items() if name in COUNT_LABELS)


def _require_operator(actor: Actor) -> None:
    if not actor.has(Role.OPERATOR):
        raise NotPermitted


def jobs_by_state(actor: Actor) -> list[dict[str, Any]]:
    """Every state with its number of jobs, also where there is none."""
    _require_operator(actor)
    counted = Job.objects.values("state").annotate(jobs=Count("pk")).order_by("state")
    counts = {row["state"]: row["jobs"] for row in counted}
    return [{"state": state.value, "label": state.label, "jobs": counts.get(state.value, 0)} for state in JobState]


def backlog(actor: Actor) -> dict[str, Any]:
    """Audit events without a seal and messages not sent: how many, and since when."""
    _require_operator(actor)
    unsealed = AuditEvent.objects.filter(sequence=None).aggregate(count=Count("pk"), since=Min("recorded_at"))
    outbox = Outbox.objects.aggregate(count=Count("pk"), since=Min("created_at"))
    return {"unsealed": unsealed, "outbox": outbox}


def failed_jobs(actor: Actor) -> QuerySet[Job]:
    """Jobs that nobody will try again by themselves, newest first."""
    _require_operator(actor)
    return Job.objects.filter(state=JobState.FAILED).order_by("-finished_at", "-pk")[:FAILED_SHOWN]


def failed_job(actor: Actor, pk: int) -> Job:
    """One of them. Raises NotVisible."""
    _require_operator(actor)
    job = Job.objects.filter(pk=pk).first()
    if job is None:
        raise NotVisible
    return job


def last_night(actor: Actor) -> tuple[date | None, list[StepRow]]:
    """The newest night that was begun, with every step in order."""
    _require_operator(actor)
    return _last_night()


def _last_night() -> tuple[date | None, list[StepRow]]:
    newest = Job.objects.filter(kind=STEP_KIND).order_by("-business_date").first()
    if newest is None:
        return None, [StepRow(step, None) for step in STEPS]
    jobs = Job.objects.filter(kind=STEP_KIND, business_date=newest.business_date).order_by("pk")
    by_step = {job.payload["step"]: job for job in jobs}
    return newest.business_date, [StepRow(step, by_step.get(step.slug)) for step in STEPS]


def freshness(actor: Actor) -> list[dict[str, Any]]:
    """Every catalogue item in force with the instant it was last taken in; None where it never came."""
    _require_operator(actor)
    newest = item_freshness()
    return [{"item": item, "newest": newest.get(item.code)} for item in items_in_force()]


def versions(actor: Actor) -> list[dict[str, str]]:
    """What runs here, as rows of a definition list."""
    _require_operator(actor)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server,) = cursor.fetchone()
    rows = [("Python", platform.python_version()), ("PostgreSQL", str(server))]
    rows += [(name, version(name)) for name in LIBRARIES]
    return [{"label": label, "value": value} for label, value in rows]


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """What failed last night, and every other job that waits for somebody to run it again."""
    if not actor.has(Role.OPERATOR):
        return []
    night, rows = _last_night()
    items = [
        WorkItem(
            title=f"夜间处理未完成：{row.step.label}", detail=row.job.error, url_name="operations:status", kind="todo"
        )
        for row in rows
        if row.job is not None and row.job.state == JobState.FAILED
    ]
    others = Job.objects.filter(state=JobState.FAILED).exclude(kind=STEP_KIND).count()
    if others:
        items.append(
            WorkItem(
                title="失败的任务", detail="查明原因后重新执行", url_name="operations:status", count=others, kind="todo"
            )
        )
    return items
