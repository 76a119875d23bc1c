from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.services import create_organization
from apps.core.actor import SYSTEM
from apps.core.jobs import run_now
from apps.core.models import AuditEvent
from apps.records import services
from apps.records.models import Delivery, Source
from tests.records.conftest import Deliver
from tests.records.support import CODES, payment, social_insurance
from tests.support.cast import Cast

ClientFor = Callable[[str], Client]


@pytest.fixture
def delivery(deliver: Deliver, registered: Delivery) -> Delivery:
    """One row of each fate."""
    rows = [
        payment("202601"),
        payment("202602", paid="十五", name='=HYPERLINK("http://example.invalid/")'),
        payment("202603", paid="1"),
        payment("202603", paid="2"),
        payment("202601"),
        "",
    ]
    return deliver(social_insurance(*rows, code=CODES[0]))


def test_a_department_delivers_and_sees_the_rows_add_up(client_for: ClientFor, source: Source) -> None:
    client = client_for("department")
    form = client.get(reverse("records:delivery_create"))
    assert "社会保险缴费明细" in form.content.decode()
    assert "用电信息" not in form.content.decode()
    upload = SimpleUploadedFile("社保.csv", social_insurance(payment(), payment("202613"), code=CODES[0]).encode())
    answer = client.post(
        reverse("records:delivery_create"), {"what": f"{source.pk}:social_insurance", "file": upload}, follow=True
    )
    delivery = Delivery.objects.get()
    assert "社保.csv：文件已接收，正在处理。" in answer.content.decode()
    assert reverse("records:delivery_progress", args=[delivery.pk]) in answer.content.decode()
    assert delivery.job is not None
    running = client.get(reverse("records:delivery_progress", args=[delivery.pk]))
    assert "HX-Refresh" not in running
    run_now(delivery.job)
    assert client.get(reverse("records:delivery_progress", args=[delivery.pk]))["HX-Refresh"] == "true"
    page = client.get(reverse("records:delivery_detail", args=[delivery.pk])).content.decode()
    assert "读取 2 = 非数据 0 + 入库 0 + 退回 1 + 待处理 1 + 重复 0" in page
    assert "日期不存在" in page
    assert "社保.csv" in client.get(reverse("records:delivery_list")).content.decode()


def test_the_same_file_again_is_answered_so(client_for: ClientFor, source: Source) -> None:
    client = client_for("department")
    for expected in ("文件已接收", "未作任何改动"):
        upload = SimpleUploadedFile("社保.csv", social_insurance(payment(), code=CODES[0]).encode())
        data = {"what": f"{source.pk}:social_insurance", "file": upload}
        assert expected in client.post(reverse("records:delivery_create"), data, follow=True).content.decode()


@pytest.mark.parametrize("content", [None, b""])
def test_a_form_without_a_file_is_shown_again(client_for: ClientFor, source: Source, content: bytes | None) -> None:
    data: dict[str, object] = {"what": f"{source.pk}:social_insurance"}
    if content is not None:
        data["file"] = SimpleUploadedFile("空.csv", content)
    answer = client_for("department").post(reverse("records:delivery_create"), data)
    assert answer.status_code == 422
    assert not Delivery.objects.exists()


def test_rejected_rows_are_shown_whole_to_their_sender_only(client_for: ClientFor, delivery: Delivery) -> None:
    address = reverse("records:rejected_row_list", args=[delivery.pk])
    own = client_for("department").get(address).content.decode()
    assert "“实缴金额(元)”的值“十五”是中文数字" in own
    operator = client_for("operator").get(address).content.decode()
    assert "中文数字" in operator
    assert "十五" not in operator


@pytest.mark.parametrize("name", ["delivery_detail", "delivery_progress", "rejected_row_list"])
@pytest.mark.parametrize(("who", "status"), [("department", 200), ("owner", 403), ("bank_officer", 403)])
def test_who_may_open_a_delivery(client_for: ClientFor, delivery: Delivery, name: str, who: str, status: int) -> None:
    assert client_for(who).get(reverse(f"records:{name}", args=[delivery.pk])).status_code == status
    missing = client_for("department").get(reverse(f"records:{name}", args=[0]))
    assert missing.status_code == 404


def test_the_list_takes_the_same_queries_for_many(
    client_for: ClientFor, deliver: Deliver, source: Source, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for month in ("202601", "202602", "202603"):
        deliver(social_insurance(payment(month), code=CODES[0]))
    client = client_for("operator")
    with django_assert_max_num_queries(12):
        client.get(reverse("records:delivery_list"))


def test_the_operator_says_what_a_department_delivers(client_for: ClientFor, cast: Cast) -> None:
    organization = cast.department.organization
    operator = client_for("operator")
    assert "尚未设定" in operator.get(reverse("records:source_list")).content.decode()
    address = reverse("records:source_edit", args=[organization.pk])
    assert address in operator.get(reverse("accounts:organization_detail", args=[organization.pk])).content.decode()
    page = operator.post(address, {"item_codes": ["social_insurance", "power"]}, follow=True).content.decode()
    assert f"已设定“{organization.name}”的报送范围。" in page
    assert sorted(item.code for item in Source.objects.get().items.all()) == ["power", "social_insurance"]
    assert AuditEvent.objects.filter(verb="records.set_source").count() == 1
    assert operator.get(address).content.decode().count(" checked") == 2
    offered = client_for("department").get(reverse("records:delivery_create")).content.decode()
    assert "社会保险缴费明细" in offered
    assert "行政处罚" not in offered
    operator.post(address, {})
    assert not Source.objects.get().items.exists()


def test_a_scope_is_refused_that_makes_no_sense(client_for: ClientFor, cast: Cast) -> None:
    operator = client_for("operator")
    bank = reverse("records:source_edit", args=[cast.bank_officer.organization.pk])
    assert operator.get(bank).status_code == 404
    detail = reverse("accounts:organization_detail", args=[cast.bank_officer.organization.pk])
    assert bank not in operator.get(detail).content.decode()
    address = reverse("records:source_edit", args=[cast.department.organization.pk])
    answer = operator.post(address, {"item_codes": ["power", "no-such-item"]})
    assert answer.status_code == 422
    assert "no-such-item" in answer.content.decode()
    assert not Source.objects.exists()


def test_more_organizations_cost_no_more_queries(
    client_for: ClientFor, source: Source, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    operator = client_for("operator")
    for number in range(20):
        bureau = create_organization(
            actor=SYSTEM, kind="department", name=f"第{number}局", region_code="610305", now=now
        )
        services.set_source(actor=SYSTEM, organization=bureau, item_codes=["power"], now=now)
    with django_assert_max_num_queries(20):
        page = operator.get(reverse("records:source_list")).content.decode()
    assert "第19局" in page
