"""Who may open a page, how far a job is, what the auditor reads, and how a refusal looks."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core import audit, jobs, views
from apps.core.models import AuditEvent, Job, JobState


@pytest.fixture
def job(cast, now) -> Job:
    """A job of the department."""
    return jobs.enqueue(actor=cast.department.actor, kind="trial.page", key="1", payload={}, now=now, total=200)


def test_a_page_asks_a_stranger_to_log_in(client: Client, job):
    response = client.get(f"/core/jobs/{job.pk}/")
    assert response.status_code == 302
    assert response["Location"] == f"/account/login/?next=/core/jobs/{job.pk}/"


def test_job_page_shows_progress_and_asks_again_while_it_runs(client_for, job):
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, progress_done=50, progress_note="第2段")
    client = client_for("department")
    page = client.get(f"/core/jobs/{job.pk}/").content.decode()
    for told in ("处理中", "50 / 200", "第2段", "<h1>"):
        assert told in page
    part = client.get(f"/core/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert f'hx-get="/core/jobs/{job.pk}/"' in part
    assert "<h1>" not in part


def test_a_page_that_asked_comes_anew_when_the_job_is_over(client_for, job, now):
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, finished_at=now)
    answer = client_for("department").get(f"/core/jobs/{job.pk}/", headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_job_page_stops_asking_when_the_job_failed_and_says_why(client_for, job, now):
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, error="文件是空的。", finished_at=now)
    page = client_for("department").get(f"/core/jobs/{job.pk}/").content.decode()
    assert "文件是空的。" in page
    assert "hx-get" not in page


def test_job_page_names_the_work_in_words_and_leads_to_its_result(client_for, cast, now):
    job = jobs.enqueue(actor=cast.operator.actor, kind="matching.match_needs", key="2026-11-15", payload={}, now=now)
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, finished_at=now)
    page = client_for("operator").get(f"/core/jobs/{job.pk}/").content.decode()
    assert "匹配融资需求" in page
    assert 'href="/matching/needs/">查看结果' in page
    assert "match_needs" not in page


def test_every_place_of_a_result_exists():
    for kind in jobs.kinds():
        name, *keys = jobs.told_of(kind).seen_at or ("portal:home",)
        assert reverse(name, args=[1 for _ in keys])


def test_a_foreign_job_and_a_missing_one_look_the_same(client_for, job):
    client = client_for("owner")
    foreign, missing = client.get(f"/core/jobs/{job.pk}/"), client.get("/core/jobs/999999/")
    assert foreign.status_code == missing.status_code == 404
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert token.sub("", foreign.content.decode()) == token.sub("", missing.content.decode())


def test_trail_is_read_by_the_auditor_only(client_for, cast, now, job):
    page = client_for("auditor").get("/core/audit/").content.decode()
    assert "审计" in page
    for name in ("operator", "owner", "regulator"):
        assert client_for(name).get("/core/audit/").status_code == 403


def test_every_stream_of_the_trail_has_a_name_in_words():
    streams = {verb.partition(".")[0] for verb in audit.verbs()} - {"trial"}  # a verb that other tests declare
    assert {"accounts", "consents", "loans"} <= streams
    for stream in streams:
        assert not views.stream_label(stream).isascii()


def test_trail_pages_cost_the_same_whatever_they_hold(client_for, django_assert_max_num_queries):
    client = client_for("auditor")
    with django_assert_max_num_queries(12):
        assert client.get("/core/audit/?page=1").status_code == 200


def test_a_refusal_is_a_page_with_its_sentence_and_an_event_of_its_own(client_for, cast):
    response = client_for("owner").get("/core/audit/")
    assert response.status_code == 403
    assert "您没有进行此项操作的权限" in response.content.decode()
    event = AuditEvent.objects.filter(verb="core.refuse").latest("id")
    assert (event.actor_name, event.target_label) == ("宏远负责人", "GET /core/audit/")
    assert audit.sentence_of(event).endswith("GET /core/audit/")


def test_an_account_without_role_is_refused_with_advice(client: Client, db):
    user = User.objects.create_user(username="nobody")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get("/accounts/notices/")
    assert response.status_code == 403
    assert "请联系平台管理员" in response.content.decode()


def test_pages_of_people_are_not_cached(client_for):
    assert client_for("owner").get("/")["Cache-Control"] == "no-store"
