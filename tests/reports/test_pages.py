"""The pages of reports, and the public check of a number and of a copy."""

import re
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import files
from apps.reports import services
from apps.reports.models import ReportRequest


def test_firm_asks_and_fetches_its_own_report(desk: Any, client_for: Any, now: Any) -> None:
    client = client_for("owner")
    page = client.get(reverse("reports:list"))
    assert "生成我的信用报告" in page.content.decode()
    answer = client.post(reverse("reports:create"))
    report = ReportRequest.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("reports:detail", args=[report.number]))
    waiting = client.get(answer["Location"]).content.decode()
    assert "正在生成报告" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    services.render_report(actor=desk.cast.owner.actor, report_id=report.pk, now=now)
    done = client.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in done
    assert "下载 PDF" in done
    assert "hx-trigger" not in done
    pdf = client.get(reverse("reports:download", args=[report.number]))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf["Cache-Control"] == "no-store, private"
    assert pdf["X-Robots-Tag"].startswith("noindex")
    assert pdf["Content-Disposition"] == f'attachment; filename="{report.number}.pdf"'
    assert pdf.content.startswith(b"%PDF")


def test_bank_chooses_among_the_firms_it_may_ask_about(desk: Any, client_for: Any) -> None:
    client = client_for("bank_officer")
    url = reverse("reports:create")
    assert "凤翔区宏远机械制造有限公司" not in client.get(url).content.decode()
    desk.consent()
    assert "凤翔区宏远机械制造有限公司" in client.get(url).content.decode()
    foreign = desk.cast.stranger.actor.subject_id
    refused = client.post(url, {"subject": foreign, "purpose": "pre_loan_review"})
    assert refused.status_code == 200
    assert not ReportRequest.objects.exists()
    answer = client.post(url, {"subject": desk.subject_id, "purpose": "pre_loan_review"})
    assert answer.status_code == 302
    assert ReportRequest.objects.get().organization == desk.cast.bank_officer.organization


def test_page_says_what_is_missing_and_the_site_works_on(
    desk: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.reports.rendering.missing_library", lambda: "缺少 Pango")
    client = client_for("owner")
    page = client.get(reverse("reports:list")).content.decode()
    assert "缺少 Pango" in page
    assert "生成我的信用报告" not in page
    answer = client.post(reverse("reports:create"))
    assert answer.status_code == 503
    assert "缺少 Pango" in answer.content.decode()


@pytest.mark.parametrize("who", ["stranger", "other_bank_officer"])
def test_foreign_report_looks_like_a_missing_one(desk: Any, client_for: Any, who: str) -> None:
    report = desk.ask(desk.cast.owner)
    client = client_for(who)
    foreign = client.get(reverse("reports:detail", args=[report.number]))
    missing = client.get(reverse("reports:detail", args=["XQ20260101000000222222"]))
    assert (foreign.status_code, missing.status_code) == (404, 404)
    # Only the token that protects the forms differs from page to page.
    bodies = [re.sub(r'value="[A-Za-z0-9]{64}"', "", page.content.decode()) for page in (foreign, missing)]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("who", ["regulator", "department", "authority"])
def test_others_have_no_reports(desk: Any, client_for: Any, who: str) -> None:
    assert client_for(who).get(reverse("reports:list")).status_code == 403


def test_operator_sees_that_reports_exist_and_withdraws_one(desk: Any, client_for: Any) -> None:
    report = desk.issue(desk.cast.owner)
    client = client_for("operator")
    assert report.number in client.get(reverse("reports:list")).content.decode()
    url = reverse("reports:detail", args=[report.number])
    page = client.get(url).content.decode()
    assert "下载 PDF" not in page
    assert client.get(reverse("reports:download", args=[report.number])).status_code == 403
    answer = client.post(reverse("reports:revoke", args=[report.number]), {"reason": "数据报送有误"})
    assert answer.status_code == 302
    assert "数据报送有误" in client.get(url).content.decode()


def test_verify_names_no_firm_and_compares_copies(desk: Any) -> None:
    report = desk.issue(desk.cast.owner)
    client = Client()
    url = reverse("reports:verify", args=[report.number])
    page = client.get(url).content.decode()
    assert report.file.sha256 in page
    assert report.content_digest in page
    assert "目前有效" in page
    assert report.subject.name not in page
    assert report.subject.code not in page
    with files.open_file(report.file.stored) as stream:
        content = stream.read()
    same = client.post(url, {"copy": _upload(content)}).content.decode()
    assert "没有改动" in same
    for forged in (content + b"\n", content.replace(b"PDF-1.7", b"PDF-1.6"), b"%PDF-"):
        assert "文件不一致" in client.post(url, {"copy": _upload(forged)}).content.decode()
    nothing = client.post(url, {}).content.decode()
    assert 'aria-invalid="true"' in nothing
    assert "文件一致" not in nothing


def _upload(content: bytes) -> BytesIO:
    file = BytesIO(content)
    file.name = "报告.pdf"
    return file


def test_verify_finds_a_number_as_it_is_typed(desk: Any) -> None:
    report = desk.issue(desk.cast.owner)
    client = Client()
    typed = f" {report.number[:10].lower()} {report.number[10:]} "
    answer = client.get(reverse("reports:verify_index"), {"number": typed})
    assert answer["Location"] == reverse("reports:verify", args=[report.number])
    missing = client.get(reverse("reports:verify", args=["XQ20260101000000222222"]))
    assert missing.status_code == 404
    assert "不是本平台出具的" in missing.content.decode()


def test_verify_says_when_a_report_was_withdrawn(desk: Any, now: Any) -> None:
    report = desk.issue(desk.cast.owner)
    services.revoke_report(actor=desk.cast.operator.actor, number=report.number, reason="错误", now=now)
    page = Client().get(reverse("reports:verify", args=[report.number])).content.decode()
    assert "已被撤销" in page


def test_report_list_asks_the_same_number_of_questions_whatever_its_length(
    desk: Any, client_for: Any, django_assert_max_num_queries: Any
) -> None:
    client = client_for("owner")
    desk.ask(desk.cast.owner)
    client.get(reverse("reports:list"))
    with django_assert_max_num_queries(12) as one:
        client.get(reverse("reports:list"))
    for _ in range(4):
        desk.ask(desk.cast.owner)
    with django_assert_max_num_queries(len(one)):
        client.get(reverse("reports:list"))
