import io
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core import audit, jobs
from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.models import AuditEvent, Job, JobState, StoredFile
from apps.operations import night, selectors, services
from apps.operations.night import STEP_KIND, STEPS, Step
from apps.profiles.models import Profile
from apps.statistics.models import BuiltDay

pytestmark = pytest.mark.django_db


@pytest.fixture
def did(monkeypatch):
    """The night with steps that only say that they ran; `broken` names those that fail and how."""
    done, broken = [], {}

    def step(original):
        def work(lease, business_date, now):
            done.append((original.slug, business_date))
            if original.slug in broken:
                raise broken[original.slug]
            return {"rows": len(done)}

        return Step(original.slug, original.label, work)

    steps = tuple(step(original) for original in STEPS)
    for module in (night, services.nights):
        monkeypatch.setattr(module, "STEPS", steps)
        monkeypatch.setattr(module, "STEP_BY_SLUG", {s.slug: s for s in steps})
    return type("Did", (), {"done": done, "broken": broken})


def run_queue():
    """What workers would do: every queued step, in the order of their rows."""
    while job := Job.objects.filter(kind=STEP_KIND, state=JobState.QUEUED).order_by("pk").first():
        jobs.run_now(job)


def slugs(did):
    return [slug for slug, _ in did.done]


ORDER = [step.slug for step in STEPS]


def test_the_order_of_the_night():
    assert ORDER == ["profiles", "loans", "whitelist", "matching", "statistics", "quality", "retention", "invariants"]


def test_one_step_queues_the_next(did, now, business_date):
    services.begin_night(business_date=business_date, now=now)
    assert Job.objects.get().payload["step"] == "profiles"
    run_queue()
    assert did.done == [(slug, business_date) for slug in ORDER]
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}


def test_the_second_beat_of_a_night_changes_nothing(did, now, business_date):
    first = services.begin_night(business_date=business_date, now=now)
    assert services.begin_night(business_date=business_date, now=now) == first
    run_queue()
    assert services.begin_night(business_date=business_date, now=now) is None
    run_queue()
    assert slugs(did) == ORDER


def test_a_night_that_broke_off_goes_on_where_it_stopped(did, now, business_date):
    services.enqueue_step(actor=SYSTEM, slug="profiles", business_date=business_date, now=now)
    Job.objects.update(state=JobState.FAILED, error="进程中断", finished_at=now)
    services.begin_night(business_date=business_date, now=now)
    run_queue()
    assert slugs(did) == ORDER[1:]


def test_a_refused_step_fails_and_the_night_goes_on(did, now, business_date):
    did.broken["loans"] = InvalidInput("没有当日的利率。")
    services.begin_night(business_date=business_date, now=now)
    run_queue()
    assert slugs(did) == ORDER
    failed = Job.objects.get(state=JobState.FAILED)
    assert (failed.payload["step"], failed.error) == ("loans", "没有当日的利率。")


def test_a_crashed_step_is_tried_again_before_the_night_goes_on(did, now, business_date):
    did.broken["loans"] = RuntimeError("disk")
    services.begin_night(business_date=business_date, now=now)
    run_queue()
    assert slugs(did) == ["profiles", "loans"]
    crashed = Job.objects.get(state=JobState.RUNNING)
    for _ in range(crashed.max_attempts - 1):
        Job.objects.filter(pk=crashed.pk).update(state=JobState.QUEUED)
        jobs.run_now(Job.objects.get(pk=crashed.pk))
    run_queue()
    assert slugs(did) == [
        "profiles",
        *["loans"] * crashed.max_attempts,
        "whitelist",
        "matching",
        "statistics",
        "quality",
        "retention",
        "invariants",
    ]
    assert "disk" in Job.objects.get(pk=crashed.pk).error


def test_a_failed_step_runs_again_by_hand_alone(did, now, business_date):
    did.broken["loans"] = InvalidInput("没有当日的利率。")
    services.begin_night(business_date=business_date, now=now)
    run_queue()
    did.broken.clear()
    did.done.clear()
    services.enqueue_step(actor=SYSTEM, slug="loans", business_date=business_date, now=now)
    run_queue()
    assert slugs(did) == ["loans"]
    assert not Job.objects.filter(state=JobState.FAILED).exists()
    assert AuditEvent.objects.filter(verb="operations.retry_job").count() == 1


def test_other_nights_are_other_jobs(did, now, business_date):
    for day in (business_date, date(2026, 11, 16)):
        services.begin_night(business_date=day, now=now)
        run_queue()
    assert Job.objects.count() == 2 * len(ORDER)


def test_only_failed_jobs_are_run_again_and_only_by_the_operator(did, cast, now, business_date):
    job = services.begin_night(business_date=business_date, now=now)
    with pytest.raises(StateConflict):
        services.retry_job(actor=cast.operator.actor, job=job, now=now)
    Job.objects.update(state=JobState.FAILED, error="x", finished_at=now)
    with pytest.raises(NotPermitted):
        services.retry_job(actor=cast.regulator.actor, job=job, now=now)
    again = services.retry_job(actor=cast.operator.actor, job=job, now=now)
    assert (again.state, again.attempt, again.finished_at) == (JobState.QUEUED, 0, None)


def test_the_command_runs_what_is_left(did, now, business_date):
    did.broken["matching"] = InvalidInput("没有上架产品。")
    out = io.StringIO()
    with pytest.raises(CommandError, match="重新匹配"):
        call_command("nightly", "--date", "2026-11-15", stdout=out)
    assert "✗ 重新匹配融资需求：没有上架产品。" in out.getvalue()
    did.broken.clear()
    did.done.clear()
    out = io.StringIO()
    call_command("nightly", "--date", "2026-11-15", stdout=out)
    assert slugs(did) == ["matching"]
    assert out.getvalue().count("此前已完成") == len(ORDER) - 1


def test_every_real_step_runs_and_a_second_night_of_the_date_skips_it(cast):
    with connection.cursor() as cursor:
        # The night is the workers' work; only they may delete what is over.
        cursor.execute("SET ROLE xq_batch")
    for _ in range(2):
        out = io.StringIO()
        for step in ORDER[:-1]:
            call_command("nightly", "--date", "2026-11-15", "--step", step, stdout=out)
        assert out.getvalue().count("✓") == len(ORDER) - 1
    assert out.getvalue().count("此前已完成") == len(ORDER) - 1
    assert Profile.objects.count() == 2
    assert BuiltDay.objects.get().on == date(2026, 11, 14)
    counted = {name for job in Job.objects.filter(kind=STEP_KIND) for name in job.result or {}}
    assert counted - {"digest"} <= selectors.COUNT_LABELS.keys()
    _, rows = selectors.last_night(cast.operator.actor)
    assert rows[0].counts == "分段 1，有变化 2，重新计算 2，主体 2"
    told = AuditEvent.objects.filter(verb="operations.begin_step").order_by("pk").first()
    assert audit.sentence_of(told) == "夜间处理：重算信用画像 2026-11-15"


def test_the_last_step_fails_with_what_it_found(now):
    StoredFile.objects.create(sha256="a" * 64, size_bytes=1, name="丢失.csv", content_type="", created_at=now)
    with pytest.raises(CommandError, match="核查数据约束"):
        call_command("nightly", "--date", "2026-11-15", "--step", "invariants", stdout=io.StringIO())
    failed = Job.objects.get(kind=STEP_KIND)
    assert failed.state == JobState.FAILED
    assert "丢失.csv" in failed.error


def test_work_items_name_the_failed_step(did, cast, now, business_date):
    did.broken["loans"] = InvalidInput("没有当日的利率。")
    services.begin_night(business_date=business_date, now=now)
    run_queue()
    [item] = selectors.work_items(cast.operator.actor, now)
    assert "贷款日终" in item.title
    assert item.detail == "没有当日的利率。"
    assert selectors.work_items(cast.bank_officer.actor, now) == []
