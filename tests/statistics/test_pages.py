"""The pages of figures and their export."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Organization
from apps.core.actor import SYSTEM
from apps.core.models import Job
from apps.statistics import services
from apps.statistics.figures import THEMES


@pytest.fixture
def lent(loans: Any, now: Any) -> Any:
    loans.post(loans.approve("bullet"))
    services.build_day(actor=SYSTEM, business_date=now.date(), now=now)
    return loans


def test_regulator_sees_lending_with_totals_parts_and_reconciliation(lent: Any, client_for: Any) -> None:
    client = client_for("regulator")
    assert client.get(reverse("statistics:index"))["Location"] == reverse("statistics:sheet", args=["lending"])
    page = client.get(reverse("statistics:sheet", args=["lending"])).content.decode()
    for text in ("贷款统计", "截至 2026-11-15 的合计", "30万元", "4.35", "按银行", "按行业门类", "全部一致", "&lt;5"):
        assert text in page
    assert "统计这一天" not in page


@pytest.mark.parametrize("theme", sorted(THEMES))
@pytest.mark.parametrize("who", ["regulator", "authority", "operator", "auditor"])
def test_every_theme_opens_for_supervisors(lent: Any, client_for: Any, theme: str, who: str) -> None:
    assert client_for(who).get(reverse("statistics:sheet", args=[theme])).status_code == 200


@pytest.mark.parametrize("who", ["owner", "bank_officer", "department"])
def test_others_are_refused(cast: Any, client_for: Any, who: str) -> None:
    client = client_for(who)
    assert client.get(reverse("statistics:sheet", args=["lending"])).status_code == 403
    assert client.get(reverse("statistics:export", args=["lending"])).status_code == 403
    assert client.post(reverse("statistics:build"), {"on": "2026-11-15"}).status_code == 403


def test_page_before_the_first_day_says_so(cast: Any, client_for: Any) -> None:
    page = client_for("regulator").get(reverse("statistics:sheet", args=["lending"])).content.decode()
    assert "还没有统计数据" in page


def test_day_without_figures_is_refused(lent: Any, client_for: Any) -> None:
    client = client_for("regulator")
    url = reverse("statistics:sheet", args=["lending"])
    assert client.get(url, {"on": "2026-11-15"}).status_code == 200
    assert client.get(url, {"on": "2020-01-01"}).status_code == 422
    assert client.get(url, {"on": "x"}).status_code == 422
    assert client.get(reverse("statistics:sheet", args=["weather"])).status_code == 404


def test_export_withholds_as_the_page_does(lent: Any, client_for: Any) -> None:
    answer = client_for("regulator").get(reverse("statistics:export", args=["lending"]))
    assert answer["Content-Disposition"] == 'attachment; filename="lending-2026-11-15.csv"'
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    lent_rows = [row for row in rows if row["指标"] == "放款"]
    assert (lent_rows[0]["维度"], lent_rows[0]["数量"], lent_rows[0]["金额（元）或比率"]) == ("合计", "1", "300000")
    assert {(row["数量"], row["金额（元）或比率"]) for row in lent_rows[1:]} == {("<5", "<5")}


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1+1"])
def test_no_name_in_the_export_is_a_formula(lent: Any, cast: Any, client_for: Any, name: str) -> None:
    Organization.objects.filter(pk=cast.bank_officer.organization.pk).update(name=name)
    answer = client_for("regulator").get(reverse("statistics:export", args=["lending"]))
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["取值"] for row in rows if row["维度"] == "银行"} == {f"'{name}"}


def test_operator_has_a_day_counted_again(cast: Any, client_for: Any, now: Any) -> None:
    client = client_for("operator")
    today = now.date()
    answer = client.post(reverse("statistics:build"), {"on": today.isoformat()})
    job = Job.objects.get(kind="statistics.build_day")
    assert answer["Location"] == reverse("core:job_detail", args=[job.pk])
    assert client.post(reverse("statistics:build"), {"on": "x"}).status_code == 422
    future = (today + timedelta(days=3650)).isoformat()
    assert client.post(reverse("statistics:build"), {"on": future}).status_code == 422


def test_sheet_asks_a_fixed_number_of_questions(lent: Any, client_for: Any, django_assert_max_num_queries: Any) -> None:
    client = client_for("regulator")
    url = reverse("statistics:sheet", args=["lending"])
    client.get(url)
    with django_assert_max_num_queries(20):
        client.get(url)
