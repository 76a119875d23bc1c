"""Pages of data quality and the monthly bulletin: one content as page, workbook and PDF, frozen when published."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook

from apps.accounts.models import Notice
from apps.accounts.services import create_organization
from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.errors import StateConflict
from apps.core.models import AuditEvent
from apps.records import selectors, services
from apps.records.models import Bulletin, Delivery, Source
from tests.records.conftest import Deliver
from tests.records.support import CODES, FAULTY_CODE, REGISTRATION, payment, registration, social_insurance
from tests.support.cast import Cast

ClientFor = Callable[[str], Client]
TODAY = date(2026, 11, 15)
MONTH = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def counted(deliver: Deliver, now: datetime) -> Delivery:
    """A month with one delivery of each fate, a 错码, and its figures."""
    rows = [registration(CODES[0], "甲有限公司"), registration(FAULTY_CODE, "丙有限公司", person="丙某")]
    deliver("\n".join([REGISTRATION, *rows, ""]), "registration")
    delivery = deliver(social_insurance(payment("202610"), payment("202609", paid="十五"), code=CODES[0]))
    count(now)
    return delivery


def count(now: datetime) -> None:
    services.keep_duties(actor=SYSTEM, business_date=TODAY, now=now)
    services.find_contradictions(actor=SYSTEM, business_date=TODAY, now=now)
    services.find_code_faults(actor=SYSTEM, business_date=TODAY, now=now)
    services.count_figures(actor=SYSTEM, month_on=MONTH, business_date=TODAY, now=now)


def page(client: Client, name: str, *args: object, query: str = "") -> str:
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_from_the_overview_down_to_the_rows(client_for: ClientFor, counted: Delivery) -> None:
    client = client_for("department")
    found = page(client, "records:quality", query="?item=social_insurance")
    detail = reverse("records:quality_detail", args=[counted.source_id, "social_insurance", 2026, 11])
    assert detail in found
    assert reverse("records:quality_detail", args=[counted.source_id, "penalty", 2026, 11]) not in found
    assert "数据合规率下限" in found
    below = client.get(detail).content.decode()
    assert "没有退回也不待处理的数据行 ÷ 全部数据行" in below
    assert "50%" in below
    assert reverse("records:rejected_row_list", args=[counted.pk]) in below
    assert "本单位的数据质量" in page(client, "portal:home")
    assert client.get(reverse("records:quality") + "?month=2020-01").status_code == 422
    missing = reverse("records:quality_detail", args=[counted.source_id, "social_insurance", 2026, 13])
    assert client.get(missing).status_code == 404


def test_the_operator_has_one_source_counted_now(client_for: ClientFor, counted: Delivery) -> None:
    client = client_for("operator")
    assert "立即重新统计" in page(client, "records:quality", query=f"?source={counted.source_id}")
    address = reverse("records:quality_count", args=[counted.source_id, 2026, 11])
    assert "已申请重新统计" in client.post(address, follow=True).content.decode()


def test_wrong_codes_go_out_and_come_back_through_the_pages(client_for: ClientFor, counted: Delivery) -> None:
    operator, client = client_for("operator"), client_for("department")
    assert "没有进行中的更正轮次" in page(client, "records:code_fault_list")
    assert operator.post(reverse("records:correction_round_open"), {"name": "第一轮"}).status_code == 422
    operator.post(reverse("records:correction_round_open"), {"name": "第一轮", "accepts": ["1", "2"]})
    listed = page(client, "records:code_fault_list", query="?kind=check")
    assert FAULTY_CODE in listed
    assert "第一轮：本轮接受 1 删除、2 保持原码不变。" in listed
    assert "未达标" in listed
    answer = client.get(reverse("records:code_fault_export") + "?kind=check")
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert rows[1][1:4] == ["校验错误", FAULTY_CODE, "丙有限公司"]
    upload = SimpleUploadedFile("更正表.xlsx", answer.content)
    empty = client.post(reverse("records:code_fault_import"), {"file": upload})
    assert "没有填写“数据操作标识位”的行" in empty.content.decode()
    assert client.post(reverse("records:code_fault_import"), {}).status_code == 422


def test_the_bulletin_says_the_same_on_page_workbook_and_pdf(
    client_for: ClientFor, counted: Delivery, cast: Cast, now: datetime
) -> None:
    operator, client = client_for("operator"), client_for("department")
    place = (counted.source_id, 2026, 11)
    assert client.get(reverse("records:bulletin_detail", args=place)).status_code == 404
    assert "尚未发布" in page(operator, "records:bulletin_detail", *place)
    answer = operator.post(reverse("records:bulletin_detail", args=place), follow=True)
    assert "数字不再变动" in answer.content.decode()
    content = Bulletin.objects.get().content
    shown = page(client, "records:bulletin_detail", *place)
    book = CalamineWorkbook.from_filelike(BytesIO(client.get(reverse("records:bulletin_download", args=place)).content))
    cells = [str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row]
    printed = client.get(reverse("reports:bulletin", args=place))
    text = "".join(each.extract_text() for each in PdfReader(BytesIO(printed.content)).pages)
    text = "".join(text.split())
    assert content["title"] == "凤翔区人力资源和社会保障局2026年11月数据质量通报"
    for value in [*content["total"], *(value for item in content["items"] for value in item["values"])]:
        assert value["text"] in shown
        assert value["text"] in cells
        assert value["text"] in text
    assert content["codes"]["rate"] == "50.00%"
    assert all(content["codes"]["rate"] in place for place in (shown, cells, text))
    assert any("合规率" in line and "下载退回的行更正后重报" in line for line in content["advice"])
    assert all(line in shown and line in cells and line in text for line in content["advice"])
    notice = Notice.objects.get(organization=cast.department.organization)
    assert (notice.title, notice.url) == (content["title"], reverse("records:bulletin_detail", args=place))


def test_a_published_bulletin_stays_as_it_was(
    client_for: ClientFor, deliver: Deliver, counted: Delivery, cast: Cast, now: datetime
) -> None:
    actor = cast.operator.actor
    services.publish_bulletin(actor=actor, source=counted.source, month_on=MONTH, now=now)
    before = Bulletin.objects.get()
    deliver(social_insurance(payment("202608"), code=CODES[0]), at=now + timedelta(minutes=1))
    count(now)
    content, published = selectors.bulletin_of(actor, counted.source_id, MONTH, TODAY)
    assert content == before.content
    assert published == before
    with pytest.raises(StateConflict):
        services.publish_bulletin(actor=actor, source=counted.source, month_on=MONTH, now=now)
    assert services.publish_month(actor=actor, month_on=MONTH, now=now) == 0
    assert AuditEvent.objects.filter(verb="records.publish_bulletin").count() == 1


def test_the_operator_sees_a_ranking_and_a_department_only_its_own(
    client_for: ClientFor, counted: Delivery, now: datetime
) -> None:
    other = create_organization(actor=SYSTEM, kind="department", name="凤翔区某局", region_code="610305", now=now)
    services.set_source(actor=SYSTEM, organization=other, item_codes=["power"], now=now)
    count(now)
    operator = client_for("operator")
    listed = page(operator, "records:bulletin_list")
    assert "凤翔区某局" in listed
    answer = operator.post(reverse("records:bulletin_publish", args=[2026, 11]), follow=True)
    assert "已发布2份通报" in answer.content.decode()
    own = page(client_for("department"), "records:bulletin_list")
    assert "凤翔区人力资源和社会保障局2026年11月数据质量通报" in own
    assert "凤翔区某局" not in own
    foreign = Source.objects.get(organization=other).pk
    for name in ("records:bulletin_detail", "records:bulletin_download", "reports:bulletin"):
        assert client_for("department").get(reverse(name, args=[foreign, 2026, 11])).status_code == 404


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("records:quality", 22),
        ("records:code_fault_list", 24),
        ("records:bulletin_list", 20),
        ("records:contradiction_list", 14),
    ],
)
def test_more_sources_cost_no_more_queries(
    client_for: ClientFor,
    counted: Delivery,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
    most: int,
) -> None:
    for number in range(12):
        bureau = create_organization(
            actor=SYSTEM, kind="department", name=f"第{number}局", region_code="610305", now=now
        )
        services.set_source(actor=SYSTEM, organization=bureau, item_codes=["power", "water"], now=now)
    count(now)
    client = client_for("operator")
    with django_assert_max_num_queries(most):
        page(client, name)
