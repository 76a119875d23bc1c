import json
from collections import Counter
from datetime import date
from io import BytesIO

import polars as pl
import pytest

from apps.records.reading import read_table
from apps.records.staging import Staged, stage
from apps.records.triage import marks, sort_out
from tests.records.support import (
    CODES,
    FAULTY_CODE,
    REGISTRATION,
    SOCIAL_INSURANCE,
    SOUND_CODE,
    catalogue,
    payment,
    registration,
    social_insurance,
)

RECEIVED_ON = date(2026, 11, 15)


def staged(content: str, item: str = "social_insurance") -> Staged:
    """A delivery of one block through reading and judging."""
    spec = catalogue()[item]
    (whole,) = stage(read_table(BytesIO(content.encode()), spec).blocks, spec, RECEIVED_ON)
    return whole


def _row(**cells: str) -> str:
    columns = SOCIAL_INSURANCE.split(",")
    return ",".join(cells.get(column, "") for column in columns)


def test_what_spreadsheets_put_around_the_data_is_no_data() -> None:
    content = "社会保险缴费明细\n" + social_insurance(
        payment(),
        _row(单位名称="小 计", **{"实缴金额(元)": "100.00"}),
        _row(统一社会信用代码="合  计", **{"实缴金额(元)": "100.00"}),
        SOCIAL_INSURANCE,
        "社会保险缴费明细",
        "注：本表按费款所属期统计",
        "填报单位:人社局    审核人:____",
        _row(),
        "",
    )
    result = staged(content)
    assert result.not_data == Counter(title=2, subtotal=2, header=1, note=2, blank=2)
    assert (result.rows.height, result.rejected.height, result.read) == (1, 0, 10)


def test_a_row_that_only_looks_like_a_note_is_not_lost() -> None:
    result = staged(social_insurance(_row(单位名称="合计商贸有限公司", 缴费人数="3"), "随手写的一句话"))
    assert result.rejected["reason"].to_list() == ["missing", "broken_record"]
    assert result.not_data == Counter()


def test_every_fault_of_a_row_is_named_and_the_first_decides() -> None:
    result = staged(social_insurance(payment("202613", paid="十五", code="91610305YY0756CE28")))
    row = result.rejected.row(0, named=True)
    assert (row["row_number"], row["column"], row["reason"]) == (2, "统一社会信用代码", "code_outer")
    assert row["message"] == (
        "“统一社会信用代码”的第18位校验码不符，请核对是否录错。"
        "“费款所属期”的值“202613”不是存在的日期。"
        "“实缴金额(元)”的值“十五”是中文数字，请用阿拉伯数字填写。"
    )
    assert row["original_text"].startswith("91610305YY0756CE28,甲有限公司,202613")


def test_a_resident_identity_number_is_not_kept_whole() -> None:
    row = staged(social_insurance(payment(code="110101199003070070"))).rejected.row(0, named=True)
    assert row["reason"] == "natural_person"
    assert "110101********0070" in row["original_text"]
    assert "19900307" not in row["original_text"] + row["message"]


@pytest.mark.parametrize("record", ["CODE,甲", payment() + ",多余"])
def test_a_broken_record_is_rejected_with_its_text(record: str) -> None:
    row = staged(social_insurance(record)).rejected.row(0, named=True)
    assert row["reason"] == "broken_record"
    assert row["original_text"] == record.replace("CODE", "91610305YY0756CE27")


def test_a_period_that_ends_before_it_begins_is_rejected() -> None:
    header = (
        "纳税人识别号,纳税人名称,税种,所属期起,所属期止,申报销售额(元),应纳税额(元),已缴税额(元),缴款日期,欠税余额(元),"
        "主管税务机关"
    )
    row = "91610305YY0756CE27,甲,增值税,2026-07-01,2026-06-30,,1.00,1.00,,0.00,"
    assert staged(f"{header}\n{row}\n", "tax_payment").rejected["reason"].to_list() == ["period_reversed"]


def test_typed_columns_hold_fen_dates_and_the_rest_goes_to_extra() -> None:
    header = (
        "户号\t统一社会信用代码\t户名\t用电年月\t用电量(千瓦时)\t电费金额(元)\t缴费期限\t缴费日期\t违约金(元)\t用电类别"
    )
    row = '6103101207292\t91610305YY0756CE27\t甲\t202602\t5565.5\t"¥3,661.77"\t2026/03/25\tNULL\t29.60\t一般"工商业'
    rows = staged(f"{header}\n{row}\n", "power").rows.row(0, named=True)
    assert (rows["due_yuan"], rows["quantity"], rows["key_text"]) == (366177, 55655000, "6103101207292")
    assert (rows["period_on"], rows["period_end_on"]) == (date(2026, 2, 1), date(2026, 2, 28))
    assert (rows["paid_on"], rows["paid_yuan"]) == (None, None)
    assert json.loads(rows["extra"]) == {"tariff": '一般"工商业', "late_fee_yuan": "29.60"}
    assert rows["remarks"] == "due_yuan:number_form;paid_on:null_form"


def test_a_month_that_ends_in_february_of_a_leap_year() -> None:
    assert staged(social_insurance(payment("202402"))).rows["period_end_on"].to_list() == [date(2024, 2, 29)]


def _sorted(*rows: str) -> tuple[list[int], dict[int, str], int]:
    spec = catalogue()["registration"]
    whole = staged("\n".join([REGISTRATION, *rows, ""]), "registration").rows
    verdicts = dict(zip(whole["row_number"], sort_out(marks(whole, spec), spec), strict=True))
    held = {number: verdict for number, verdict in verdicts.items() if verdict not in (None, "repeated")}
    good = [number for number, verdict in verdicts.items() if verdict is None]
    return good, held, len(verdicts) - len(good) - len(held)


def test_the_same_row_again_is_kept_once() -> None:
    row = registration(CODES[0], "甲公司")
    assert _sorted(row, row.replace(CODES[0], CODES[0].lower()), registration(CODES[1], "乙公司")) == ([2, 4], {}, 1)


def test_one_key_with_different_values_is_held_every_time() -> None:
    row = registration(CODES[0], "甲公司")
    assert _sorted(row, registration(CODES[0], "甲公司", capital="300"), row) == (
        [],
        dict.fromkeys((2, 3, 4), "conflict"),
        0,
    )


def test_one_code_for_two_subjects_is_held() -> None:
    rows = [registration(CODES[0], "甲公司"), registration(CODES[0], "乙公司")]
    assert _sorted(*rows) == ([], dict.fromkeys((2, 3), "one_code_many_subjects"), 0)


def test_one_subject_with_two_codes_is_held_but_not_for_a_namesake() -> None:
    same = [registration(CODES[0], "甲公司（凤翔）"), registration(CODES[1], "甲公司(凤翔)")]
    namesake = registration(CODES[2], "甲公司（凤翔）", person="乙某")
    assert _sorted(*same, namesake) == ([4], dict.fromkeys((2, 3), "one_subject_many_codes"), 0)


def test_a_faulty_code_is_taken_with_a_warning_and_is_no_second_code() -> None:
    good, held, _ = _sorted(registration(SOUND_CODE, "甲公司"), registration(FAULTY_CODE, "甲公司"))
    assert (good, held) == ([2, 3], {})
    rows = staged(f"{REGISTRATION}\n{registration(FAULTY_CODE, '甲公司')}\n", "registration").rows
    assert rows["remarks"].to_list() == ["code:code_inner"]
    assert isinstance(rows, pl.DataFrame)
