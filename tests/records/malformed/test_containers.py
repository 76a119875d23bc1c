"""D36 to D47."""

import os
import struct
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest

from apps.core.actor import SYSTEM
from apps.records import services
from apps.records.models import Delivery, PaymentRecord, Source
from apps.records.reading import sheets
from tests.records.conftest import Deliver
from tests.records.malformed.support import (
    GOOD,
    HEADER,
    LONG,
    SHARED,
    SHEET,
    book_of,
    container,
    counts,
    measured,
    reasons,
    refused,
    row,
    tampered,
    workbook,
)

pytestmark = pytest.mark.django_db
DAMAGED = "工作簿已损坏或不完整，请重新导出后再报。"
TOO_LARGE = "工作簿中的表过大（超过400万个单元格），请改用 CSV 报送。"
BOOK = book_of(row())
CELL = b'<c r="A2"'


def test_names_that_climb_out_of_a_folder_are_never_followed(
    deliver: Deliver, registered: Delivery, tmp_path: Path
) -> None:
    names = {"../../../../tmp/xinqiao-slip": b"x", "/tmp/xinqiao-slip": b"x", "C:\\xinqiao-slip": b"x"}
    assert counts(deliver(tampered(BOOK, "", bytes, **names))) == (1, 0, 1, 0, 0, 0)
    assert not Path("/tmp/xinqiao-slip").exists()
    assert "不是 .xlsx 工作簿" in refused(deliver(container(names)))


def test_a_link_in_a_container_is_only_an_entry(deliver: Deliver) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("xl/workbook.xml", b"<x/>")
        link = zipfile.ZipInfo(SHEET)
        link.external_attr = 0o120777 << 16
        target.writestr(link, "/etc/passwd")
    assert refused(deliver(buffer.getvalue())) == DAMAGED


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("报\n送\u202e.csv", "报_送_.csv"),
        ("a\"'<b>.csv", "a\"'<b>.csv"),
        ("长" * 300 + ".csv", "长" * 251 + ".csv"),
        ("CON.csv", "CON.csv"),
        ("../../etc/passwd", "passwd"),
        ("\0", "_"),
    ],
)
def test_any_file_name_is_a_label(source: Source, now: datetime, name: str, shown: str) -> None:
    delivery = services.receive_delivery(
        actor=SYSTEM, source=source, item_code="social_insurance", file_name=name, content=name.encode() + b"x", now=now
    )
    assert delivery.file_name == shown
    assert name not in delivery.file.path


def test_bombs_are_refused_before_they_unpack(deliver: Deliver) -> None:
    bomb = tampered(BOOK, SHEET, lambda xml: xml.replace(b"</sheetData>", b" " * 30_000_000 + b"</sheetData>"))
    assert len(bomb) < 100_000
    assert "压缩比异常" in refused(deliver(bomb))
    nested = container({"xl/workbook.xml": b"<x/>", "xl/media/a.zip": bomb})
    assert refused(deliver(nested)) == DAMAGED
    many = container({"xl/workbook.xml": b"<x/>", **{f"e{number}": b"" for number in range(1_001)}})
    assert "展开后过大" in refused(deliver(many))


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY e "&b;&b;&b;&b;">]>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "http://169.254.169.254/">]>',
    ],
)
def test_entities_are_never_expanded(deliver: Deliver, registered: Delivery, doctype: bytes) -> None:
    def change(xml: bytes) -> bytes:
        return xml.replace(b"?>", b"?>" + doctype, 1).replace("甲有限公司".encode(), b"&e;")

    assert refused(deliver(tampered(BOOK, SHARED, change))) == DAMAGED


def _rows(first: int, last: int, cells: str) -> bytes:
    return "".join(f'<row r="{n}">{cells.replace("#", str(n))}</row>' for n in range(first, last)).encode()


def _with(xml: bytes, more: bytes) -> bytes:
    return xml.replace(b"</sheetData>", more + b"</sheetData>")


def test_large_and_hostile_tables_stay_within_memory(tmp_path: Path) -> None:
    """A far cell alone made the reader ask for 550 GB and the process die."""
    last = 1_048_576
    low = b"<row r='1048576'><c r = 'Z1048576'><v>1</v></c></row>"
    unsaid = b"<row/>" * 700_000 + b"<x:row><x:c><v>1</v></x:c></x:row>"
    styled = _rows(3, last if LONG else 60_000, '<c r="A#" s="1"/>')
    text_bomb = tampered(
        tampered(BOOK, SHARED, lambda xml: xml.replace("甲有限公司".encode(), b"x" * 32_000)),
        SHEET,
        lambda xml: _with(xml, _rows(3, 20_000, '<c r="B#" t="s"><v>10</v></c>')),
    )
    files = {
        "far.xlsx": tampered(BOOK, SHEET, lambda xml: xml.replace(CELL, b'<c r="XFD1048576"><v>1</v></c>' + CELL)),
        "low.xlsx": tampered(BOOK, SHEET, lambda xml: _with(xml, low)),
        "hidden.xlsx": tampered(BOOK, SHEET, lambda xml: _with(xml, unsaid)),
        "texts.xlsx": text_bomb,
        "styled.xlsx": tampered(BOOK, SHEET, lambda xml: _with(xml, styled)),
    }
    if LONG:
        cells = '<c r="A#"><v>1</v></c><c r="B#"><v>2</v></c>'
        files["million.xlsx"] = tampered(BOOK, SHEET, lambda xml: _with(xml, _rows(3, last, cells)))
        shared = b"".join(b"<si><t>%d</t></si>" % (number * 7_919) for number in range(5_000_000))
        files["shared.xlsx"] = tampered(BOOK, SHARED, lambda xml: xml.replace(b"</sst>", shared + b"</sst>"))
    outcomes = measured(tmp_path, files)
    assert outcomes["far.xlsx"]["refused"] == TOO_LARGE
    assert outcomes["low.xlsx"]["refused"] == TOO_LARGE
    assert "refused" in outcomes["hidden.xlsx"]
    assert "展开后过大" in outcomes["texts.xlsx"]["refused"]
    assert outcomes["styled.xlsx"].get("read") == 1
    if LONG:
        assert outcomes["million.xlsx"]["refused"] == TOO_LARGE
        assert "refused" in outcomes["shared.xlsx"]


@pytest.mark.parametrize("limit", [1, 26, 27, 700, 4_000_000])
def test_the_quick_look_at_a_table_agrees_with_the_walk(limit: int) -> None:
    for reference in ("A1", "A9", "Z9", "AA9", "AZ10", "ZZ99", "AAA2", "XFD1048576", "B700"):
        xml = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="{reference}"><v>1</v></c></row>'.encode()
        exact = sheets._exactly(xml)
        assert sheets.cells_of(xml, limit) in ((exact,) if exact > limit else (exact, 0)), reference


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "加密，或是旧版 Excel", id="D42 xls, D43 xlsx"),
        pytest.param(container({"content.xml": b"<office:document/>"}), "不是 .xlsx", id="ods"),
        pytest.param(f"<html><table><tr><td>{HEADER}</td></tr></table>".encode(), "文件是网页", id="D42 html"),
        pytest.param(b"%PDF-1.4\n" + BOOK, "PDF", id="D46 PDF polyglot"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + struct.pack(">II", 50_000, 50_000), "图片", id="D46 PNG"),
        pytest.param(b"GIF89a" + BOOK, "图片", id="D46 GIF polyglot"),
        pytest.param(rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*", "表头", id="D46 EICAR"),
        pytest.param(b"MZ\x90\x00" + bytes(100), "程序", id="D46 program"),
    ],
)
def test_a_file_is_what_its_bytes_say(deliver: Deliver, content: bytes, sentence: str) -> None:
    assert sentence in refused(deliver(content))


def test_the_name_of_a_file_decides_nothing(deliver: Deliver, registered: Delivery) -> None:
    assert counts(deliver(BOOK)) == (1, 0, 1, 0, 0, 0)
    assert counts(deliver(GOOD)) == (2, 0, 1, 0, 0, 1)


def test_an_encrypted_container_says_so(deliver: Deliver) -> None:
    content = bytearray(BOOK)
    at = content.index(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 1)
    assert refused(deliver(bytes(content))) == "文件已加密，请取消密码后重报。"


def test_macros_hidden_sheets_and_formulas(deliver: Deliver, registered: Delivery) -> None:
    cells = row().split(",")
    macro = tampered(
        workbook(HEADER, cells, names=("明细", "旧表"), hidden="旧表"), "", bytes, **{"xl/vbaProject.bin": b"x"}
    )
    delivery = deliver(macro)
    assert (counts(delivery), delivery.notes) == ((1, 0, 1, 0, 0, 0), ["隐藏的工作表“旧表”未读取。"])
    assert counts(deliver(workbook(HEADER, cells, names=("一", "二")))) == (2, 0, 0, 0, 0, 2)


def test_formulas_without_values_and_errors_reject_their_row(deliver: Deliver, registered: Delivery) -> None:
    import xlsxwriter

    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for number, value in enumerate(["", "#N/A", 2675.06], start=1):
            sheet.write_row(number, 0, row(f"2026{number:02d}").split(","))
            sheet.write_formula(number, 6, "=A1", None, value)
    delivery = deliver(buffer.getvalue())
    assert reasons(delivery).keys() == {2, 3}
    assert counts(delivery) == (3, 0, 1, 2, 0, 0)


def test_names_of_sheets_without_end_fit(deliver: Deliver, registered: Delivery) -> None:
    names = [f"很长很长很长很长很长很长很长的表名{number}" for number in range(30)]
    delivery = deliver(workbook(HEADER, row().split(","), names=names))
    assert (counts(delivery), len(delivery.form)) == ((30, 0, 1, 0, 0, 29), 200)


def test_damaged_containers_are_refused(deliver: Deliver) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(BOOK)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    stored = buffer.getvalue()
    for content in (
        stored.replace("甲有限公司".encode(), "乙有限公司".encode()),
        BOOK[: len(BOOK) // 2],
        BOOK[:-30],
        b"PK\x03\x04" + os.urandom(2_000),
    ):
        assert refused(deliver(content)) == DAMAGED
    assert not PaymentRecord.objects.exists()


def test_a_size_that_lies_is_found_out(deliver: Deliver) -> None:
    large = tampered(BOOK, SHEET, lambda xml: _with(xml, b" " * 20_000_000))
    size = zipfile.ZipFile(BytesIO(large)).getinfo(SHEET).file_size
    assert refused(deliver(large.replace(struct.pack("<L", size), struct.pack("<L", 900)))) == DAMAGED


def test_a_file_beyond_the_limit_is_not_kept(source: Source, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
    with path.open("rb") as file, pytest.raises(services.DeliveryRefused, match="超过2GB"):
        services.receive_delivery(
            actor=SYSTEM, source=source, item_code="social_insurance", file_name="x.csv", content=file, now=now
        )
    assert not Delivery.objects.exists()
