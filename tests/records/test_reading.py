import zipfile
from io import BytesIO

import pytest
import xlsxwriter

from apps.records.reading import Unreadable, delimited, encoding, read_table
from tests.records.support import DELIVERIES, SOCIAL_INSURANCE, catalogue, payment, rows_of, social_insurance

TEXT = social_insurance(payment("202609"), payment("202610", name="凤翔区𠮷㛃䶮有限公司"))


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (TEXT.encode(), "UTF-8，"),
        (TEXT.encode("utf-8-sig"), "UTF-8（带BOM）"),
        (TEXT.encode("gb18030"), "GB18030"),
        (TEXT.encode("utf-16"), "UTF-16，"),
        (TEXT.encode("utf-16-le"), "UTF-16LE（无BOM）"),
        (TEXT.encode("utf-16-be"), "UTF-16BE（无BOM）"),
    ],
)
def test_the_encoding_is_found(content: bytes, form: str) -> None:
    table = read_table(BytesIO(content), catalogue()["social_insurance"])
    assert form in table.form
    assert rows_of(content)["subject_name"].to_list() == ["甲有限公司", "凤翔区𠮷㛃䶮有限公司"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "文件是空的"),
        (b"\n\n  \n", "没有任何内容"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "已加密，或是旧版"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04broken", "已损坏"),
        (TEXT.encode() + "乱".encode("gb18030"), "第4行"),
        (TEXT.encode()[:-1] + "好".encode()[:2], "文件编码无法识别"),
        ("姓名,年龄\n甲,3\n".encode(), "找不到“社会保险缴费明细”的表头"),
        (TEXT.replace("实缴金额(元),", "").encode(), "缺少必填列：实缴金额(元)"),
        (TEXT.replace("备注", "缴费日期").encode(), "“缴费日期”一列出现了两次"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message.replace("(", r"\(").replace(")", r"\)")):
        rows_of(content)


@pytest.mark.parametrize("sign", [",", "\t", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(sign: str, line_end: str) -> None:
    rows = rows_of(TEXT.replace(",", sign).replace("\n", line_end).encode())
    assert rows["period_on"].to_list() == ["202609", "202610"]
    assert rows["row_number"].to_list() == [2, 3]


def test_the_header_may_be_reordered_spaced_widened_and_below_titles() -> None:
    cells = [f" {cell.replace('(', '（').replace(')', '）')}\u200b" for cell in reversed(SOCIAL_INSURANCE.split(","))]
    data = ",".join(reversed(payment().replace("CODE", "91610305YY0756CE27").split(",")))
    rows = rows_of(f"社会保险缴费明细\n\n{','.join(cells)}\n{data}\n".encode())
    assert rows["row_number"].to_list() == [1, 2, 4]
    assert rows["above"].to_list() == [True, True, False]
    assert rows["headcount"].to_list() == [None, None, "1"]


def test_columns_that_no_field_knows_are_named() -> None:
    content = TEXT.replace("备注", "备注,经办人").replace("2026-11-08,", "2026-11-08,,王某").encode()
    table = read_table(BytesIO(content), catalogue()["social_insurance"])
    assert table.notes == ["未读取目录以外的列：经办人。"]


def test_a_record_with_quoted_line_feeds_is_one_row() -> None:
    rows = rows_of(social_insurance(payment(remark='"第一行\n第二行,有逗号\n""引号"""'), payment("202609")).encode())
    assert rows["remark"].to_list() == ['第一行\n第二行,有逗号\n"引号"', None]
    assert rows["row_number"].to_list() == [2, 3]


def test_an_unclosed_quote_costs_its_own_line_only() -> None:
    good = [payment(f"2025{month:02d}") for month in range(1, 13)]
    rows = rows_of(social_insurance(payment(name='"凤翔区甲'), *good).encode())
    assert rows["shortage"].to_list() == [True] + [False] * 12


def test_quote_signs_inside_a_cell_are_letters() -> None:
    rows = rows_of(social_insurance(payment(name='凤翔5"管件厂'), payment(name='凤翔"好"店')).encode())
    assert rows["subject_name"].to_list() == ['凤翔5"管件厂', '凤翔"好"店']
    assert not rows["shortage"].any()


def test_ragged_records_are_marked_and_keep_their_text() -> None:
    short, long, padded = "CODE,甲,202610", payment() + ",多余", payment() + ",,"
    rows = rows_of(social_insurance(short, long, padded, payment()).encode())
    assert rows["shortage"].to_list() == [True, True, False, False]
    assert rows["text"][0] == "91610305YY0756CE27,甲,202610"


def test_no_line_end_at_the_end_and_blank_lines() -> None:
    rows = rows_of(("\n".join([social_insurance(payment()), "", ",,,,,,,,", payment("202609")])).encode())
    assert rows["row_number"].to_list() == [2, 3, 4, 5, 6]
    assert rows.filter(~rows["shortage"])["period_on"].drop_nulls().to_list() == ["202610", "202609"]


def test_blocks_give_the_same_rows_as_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    remark = '"备注\n二"'
    content = social_insurance(
        *(payment(f"20{year}{month:02d}", remark=remark) for year in range(10, 25) for month in range(1, 13))
    ).replace("\n", "\r\n").encode("gb18030")  # fmt: skip
    whole = rows_of(content)
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 997)
    monkeypatch.setattr(delimited, "MAX_RECORD_LINES", 4)
    assert rows_of(content).equals(whole)
    assert whole["remark"].to_list() == ["备注\n二"] * 180


def test_a_very_long_cell_is_read() -> None:
    rows = rows_of(social_insurance(payment(remark="长" * 200_000)).encode())
    assert len(rows["remark"][0]) == 200_000


def _workbook(*, sheets: dict[str, list[list[object]]], hidden: str = "") -> bytes:
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name == hidden:
                sheet.hide()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


HEADER = SOCIAL_INSURANCE.split(",")


def test_a_workbook_is_read_with_titles_numbers_and_hidden_sheets() -> None:
    data = ["91610305YY0756CE27", "甲", 202610, 12, 7124.5, 0.1 + 0.2, 2675, "2026-11-08", ""]
    content = _workbook(
        sheets={"明细": [["标题"], [], HEADER, data], "旧表": [HEADER, data], "说明": [["随便"]]}, hidden="旧表"
    )
    table = read_table(BytesIO(content), catalogue()["social_insurance"])
    row = next(table.blocks).row(-1, named=True)
    assert (row["row_number"], row["sheet"], row["period_on"], row["headcount"]) == (4, "", "202610", "12")
    assert (row["base_yuan"], row["due_yuan"]) == ("7124.5", "0.3")
    assert table.notes == ["隐藏的工作表“旧表”未读取。", "工作表“说明”前10行中没有表头，未读取。"]


def test_a_code_stored_as_a_number_is_seen_as_destroyed() -> None:
    data = [916103050000000000.0, "甲", 202610, 12, 1, 1, 1, "", ""]
    rows = rows_of(_workbook(sheets={"明细": [HEADER, data]}))
    assert rows["code"].to_list() == ["9.1610305e+17"]


def test_rows_of_several_sheets_name_their_sheet() -> None:
    data = ["91610305YY0756CE27", "甲", "202610", "1", "1", "1", "1", "", ""]
    rows = rows_of(_workbook(sheets={"城区": [HEADER, data], "乡镇": [HEADER, data]}))
    assert list(zip(rows["sheet"], rows["row_number"], strict=True)) == [("城区", 2), ("乡镇", 2)]


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in entries.items():
            container.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a.csv": b"x"}, "不是 .xlsx 工作簿"),
        ({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * 6_000_000}, "压缩比异常"),
        ({"xl/workbook.xml": b"<x/>", **{f"e{n}": b"" for n in range(1_001)}}, "展开后过大"),
        ({"xl/workbook.xml": b"<x/>"}, "已损坏"),
    ],
)
def test_hostile_containers_are_refused_before_they_unpack(entries: dict[str, bytes], message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        rows_of(_zip(entries))


def test_every_sample_delivery_of_the_catalogue_opens() -> None:
    path = DELIVERIES / "自来水公司" / "用水缴费信息_202411-202610.xlsx"
    with path.open("rb") as stream:
        table = read_table(stream, catalogue()["water"])
        sheets = {name for block in table.blocks for name in block["sheet"].unique()}
    assert sheets == {"城区供水", "乡镇供水"}
    assert table.notes == ["隐藏的工作表“试算表”未读取。"]


def test_a_bad_line_late_in_a_large_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 500)
    content = social_insurance(*[payment("202609")] * 100).encode() + b"\xff\xff\n"
    with pytest.raises(Unreadable, match="第102行"):
        rows_of(content)
