"""Handing in files on the page, what is shown of them, and the way back of rejected rows."""

import hashlib
import re
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from apps.core.jobs import run_now
from apps.records.models import Delivery, Source
from tests.records.conftest import Deliver
from tests.records.support import CODES, payment, social_insurance

ClientFor = Callable[[str], Client]
CREATE = reverse("records:delivery_create")
FORMULA = '=HYPERLINK("http://example.invalid/")'


@pytest.fixture
def upload(client_for: ClientFor, source: Source):
    """Hand in texts by name on the page."""
    client = client_for("department")

    def act(files: dict[str, str], **fields: str):
        uploads = [SimpleUploadedFile(name, text.encode()) for name, text in files.items()]
        data = {"what": f"{source.pk}:social_insurance", "file": uploads} | fields
        return client.post(CREATE, data, follow=True)

    return act


def rows(*months: str) -> str:
    """A delivery of these months."""
    return social_insurance(*map(payment, months), code=CODES[0])


def test_several_files_at_once_are_each_taken_or_refused(upload) -> None:
    page = upload({"一.csv": rows("202601"), "二.csv": rows("202602")})
    assert page.redirect_chain[-1][0] == reverse("records:delivery_list")
    assert sorted(Delivery.objects.values_list("file_name", "way_in")) == [("一.csv", "page"), ("二.csv", "page")]
    page = upload({"三.csv": rows("202603"), "空.csv": ""})
    text = page.content.decode()
    assert page.status_code == 422
    assert "空.csv：文件是空的。" in text
    assert "三.csv：文件已接收" in text
    assert Delivery.objects.count() == 3


def test_the_manifest_is_kept_and_shown(upload) -> None:
    text = rows("202601")
    digest = hashlib.new("sm3", text.encode()).hexdigest()
    page = upload(
        {"社保_更正.csv": text},
        period_from_on="2026-01-01",
        period_to_on="2026-01-31",
        sequence="3",
        declared_rows="1",
        digest=f"sm3:{digest}",
    ).content.decode()
    delivery = Delivery.objects.get()
    assert (delivery.period_to_on, delivery.sequence, delivery.kind) == (date(2026, 1, 31), 3, "correction")
    for shown in ("2026-01-01至2026-01-31", f"sm3:{digest}", "更正文件：同键的记录以本份为准", "报送序号"):
        assert shown in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sequence": "0"}, "报送序号"),
        ({"sequence": "x"}, "报送序号"),
        ({"digest": "abc"}, "64位十六进制"),
        ({"digest": "0" * 64}, "SHA-256摘要与清单不符"),
        ({"period_from_on": "2026-02-01", "period_to_on": "2026-01-31"}, "所属期止早于所属期起"),
        ({"kind": "other"}, "other"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused_with_a_sentence(upload, fields: dict[str, str], sentence: str) -> None:
    page = upload({"a.csv": rows("202601")}, **fields)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert "<details" in page.content.decode()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("field", ["sequence", "declared_rows", "digest"])
def test_what_is_true_of_one_file_is_not_said_of_two(upload, field: str) -> None:
    page = upload({"a.csv": rows("202601"), "b.csv": rows("202602")}, **{field: "1"})
    assert page.status_code == 422
    assert "只能说明一份文件" in page.content.decode()
    assert not Delivery.objects.exists()


def test_the_list_names_what_is_missing_and_marks_the_files(upload, client_for: ClientFor) -> None:
    upload({"一.csv": rows("202601")}, sequence="1")
    upload({"四_补报.csv": rows("202604")}, sequence="4")
    listed = client_for("operator").get(reverse("records:delivery_list")).content.decode()
    assert "缺序号2至3" in listed
    for badge in ("补报", "缺号"):
        assert badge in listed
    delivery = Delivery.objects.get(sequence=4)
    detail = client_for("operator").get(reverse("records:delivery_detail", args=[delivery.pk])).content.decode()
    assert "其间缺2份，尚缺2份" in detail
    assert "至今缺序号2至3" in detail


def test_a_link_from_a_delivery_chooses_its_item(client_for: ClientFor, source: Source) -> None:
    page = client_for("department").get(f"{CREATE}?what={source.pk}:penalty").content.decode()
    assert re.search(rf'value="{source.pk}:penalty"\s+selected', page)
    assert client_for("department").get(f"{CREATE}?what=nonsense").status_code == 200


@pytest.fixture
def delivery(deliver: Deliver, registered: Delivery) -> Delivery:
    """Three rows that go back and one that does not."""
    faulty = [
        payment("202601"),
        payment("202602", paid="十五", name=FORMULA),
        payment("202613", remark="=1+1"),
        payment("202604", paid="-1", remark="@SUM(A1)"),
    ]
    return deliver(social_insurance(*faulty, code=CODES[0]))


def cells_of(client: Client, delivery: Delivery) -> list[list[object]]:
    """The workbook as a reader gets it."""
    answer = client.get(reverse("records:rejected_row_download", args=[delivery.pk]))
    assert answer["Cache-Control"] == "no-store"
    return CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()


def test_rejected_rows_download_with_their_columns_as_text(client_for: ClientFor, delivery: Delivery) -> None:
    header, *written = cells_of(client_for("department"), delivery)
    assert header[:6] == ["退回行号", "退回的列", "退回原因", "退回说明", "统一社会信用代码", "单位名称"]
    assert "退回原文" not in header
    assert [row[:3] for row in written] == [
        [3.0, "实缴金额(元)", "中文数字"],
        [4.0, "费款所属期", "日期不存在"],
        [5.0, "实缴金额(元)", "不应为负"],
    ]
    assert written[0][header.index("单位名称")] == FORMULA
    assert all(isinstance(cell, str) for row in written for cell in row[1:])


def test_the_workbook_has_no_formula_and_stays_text_when_edited(client_for: ClientFor, delivery: Delivery) -> None:
    answer = client_for("department").get(reverse("records:rejected_row_download", args=[delivery.pk]))
    with zipfile.ZipFile(BytesIO(answer.content)) as book:
        sheet, styles = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert 'numFmtId="49"' in styles  # text, also for what is typed into the cell


def test_mended_rows_go_in(client_for: ClientFor, delivery: Delivery, upload) -> None:
    """Download, change the cells, deliver the very same workbook: everything is accepted."""
    header, *written = cells_of(client_for("department"), delivery)
    for row, month, paid in zip(written, ("202602", "202603", "202604"), ("15", "2675.06", "1"), strict=True):
        row[header.index("费款所属期")] = month
        row[header.index("实缴金额(元)")] = paid
        row[header.index("单位名称")] = "甲有限公司"
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header, *written]):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
    client = client_for("department")
    what = f"{delivery.source_id}:social_insurance"
    mended = SimpleUploadedFile("改正.xlsx", buffer.getvalue())
    client.post(CREATE, {"what": what, "file": mended})
    again = Delivery.objects.latest("pk")
    assert again.job is not None
    run_now(again.job)
    again.refresh_from_db()
    assert (again.state, again.read, again.accepted, again.rejected) == ("applied", 3, 3, 0), again.refusal
    page = client.get(reverse("records:delivery_detail", args=[again.pk])).content.decode()
    assert "没有需要处理的行" in page


def test_a_row_whose_columns_could_not_be_told_apart_comes_with_its_text(
    client_for: ClientFor, deliver: Deliver, registered: Delivery
) -> None:
    broken = f"{CODES[0]},甲有限公司,202601"
    header, row = cells_of(client_for("department"), deliver(social_insurance(broken, code=CODES[0])))
    assert row[header.index("退回原文")] == broken


def test_one_screen_says_what_to_do_next(client_for: ClientFor, delivery: Delivery) -> None:
    address = reverse("records:delivery_detail", args=[delivery.pk])
    page = client_for("department").get(address).content.decode()
    for shown in ("下一步", "下载退回的3行", f"?what={delivery.source_id}:social_insurance", "再报一次也不会重复"):
        assert shown in page
    operator = client_for("operator").get(address).content.decode()
    assert "下载退回" not in operator
    auditor = client_for("auditor").get(address).content.decode()
    assert "重新报送这份表格" not in auditor
