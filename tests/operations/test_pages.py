import pytest
from django.urls import reverse

from apps.core import clock
from apps.core.models import Job, JobState
from apps.operations import services

pytestmark = pytest.mark.django_db


def test_status_shows_jobs_backlog_night_and_versions(client_for, now, business_date):
    services.begin_night(business_date=business_date, now=now)
    page = client_for("operator").get(reverse("operations:status")).content.decode()
    assert "夜间处理 2026-11-15" in page
    assert "重算信用画像" in page
    assert "数据新鲜度" in page
    assert "社会保险" in page
    assert "PostgreSQL" in page
    assert "没有失败的任务" in page


def test_a_failed_job_is_named_and_run_again(client_for, now, business_date):
    job = services.begin_night(business_date=business_date, now=now)
    Job.objects.update(state=JobState.FAILED, error="磁盘已满", finished_at=now)
    operator = client_for("operator")
    assert "磁盘已满" in operator.get(reverse("operations:status")).content.decode()
    answer = operator.post(reverse("operations:retry_job", args=[job.pk]), follow=True)
    assert "任务已重新排队" in answer.content.decode()
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
    assert operator.post(reverse("operations:retry_job", args=[0])).status_code == 404


def test_the_operator_has_the_profiles_computed_again(client_for):
    operator = client_for("operator")
    address = reverse("operations:profile_refresh")
    assert address in operator.get(reverse("operations:status")).content.decode()
    answer = operator.post(address)
    job = Job.objects.get(kind="profiles.refresh")
    assert answer["Location"] == reverse("core:job_detail", args=[job.pk])
    assert job.payload["as_known"] == job.payload["now"] == job.created_at.isoformat()
    assert job.payload["business_date"] == clock.business_date(job.created_at).isoformat()
    assert operator.get(answer["Location"]).status_code == 200
    assert operator.get(address).status_code == 405


@pytest.mark.parametrize("name", ["owner", "bank_officer", "authority", "regulator", "auditor", "department"])
def test_the_page_is_the_operators_alone(client_for, name):
    client = client_for(name)
    assert client.get(reverse("operations:status")).status_code == 403
    assert client.post(reverse("operations:retry_job", args=[1])).status_code == 403
    assert client.post(reverse("operations:profile_refresh")).status_code == 403
    assert not Job.objects.exists()


def test_strangers_log_in_first(client):
    assert client.get(reverse("operations:status")).status_code == 302
