"""D11 to D24."""

from pathlib import Path

import pytest

from apps.records.models import Delivery, PaymentRecord
from tests.records.conftest import Deliver
from tests.records.malformed.support import FIRST, GOOD, LONG, counts, measured, reasons, refused, row, text
from tests.records.support import SOCIAL_INSURANCE

pytestmark = pytest.mark.django_db
MANY = 1_000_000 if LONG else 100_000


def test_an_unclosed_quote_costs_one_line_of_many(deliver: Deliver, registered: Delivery, tmp_path: Path) -> None:
    good = [row(f"20{year}{month:02d}") for year in range(15, 26) for month in range(1, 13)]
    delivery = deliver(text(row(name='"甲有限公司'), *good))
    assert (counts(delivery), reasons(delivery)) == ((133, 0, 132, 1, 0, 0), {2: "broken_record"})
    content = text(row(name='"甲有限公司'), *[row()] * (MANY - 1)).encode()
    outcome = measured(tmp_path, {"quote.csv": content})["quote.csv"]
    assert (outcome["read"], outcome["reasons"], outcome["repeated"]) == (MANY, {"broken_record": 1}, MANY - 2)


def test_line_feeds_in_quotes_belong_to_the_cell(deliver: Deliver, registered: Delivery) -> None:
    delivery = deliver(text(row("202609", remark='"一\n二,""三"""'), row("202610")))
    assert counts(delivery) == (2, 0, 2, 0, 0, 0)
    assert PaymentRecord.objects.get(period_on="2026-09-01").extra["remark"] == '一\n二,"三"'


@pytest.mark.parametrize("sign", [";", "\t"])
def test_other_separators_are_found(deliver: Deliver, registered: Delivery, sign: str) -> None:
    assert counts(deliver(GOOD.replace(",", sign))) == (2, 0, 2, 0, 0, 0)


@pytest.mark.parametrize("sign", ["，", "|", "、"])
def test_a_separator_that_no_program_writes_is_named(deliver: Deliver, sign: str) -> None:
    assert "分隔符（逗号、制表符或分号）" in refused(deliver(GOOD.replace(",", sign)))


def test_lines_may_end_in_carriage_returns_alone(deliver: Deliver, registered: Delivery) -> None:
    assert counts(deliver(GOOD.replace("\n", "\r"))) == (2, 0, 2, 0, 0, 0)


def test_nul_bytes_are_dropped_with_a_remark_or_reject_their_row(deliver: Deliver, registered: Delivery) -> None:
    rows = [row("202608", name="甲有\0限公司"), row("202609", paid="1\x000"), row("202610"), "\0\0\0\0", "x\0y"]
    delivery = deliver(text(*rows))
    assert counts(delivery)[:4] == (5, delivery.not_data, 2, delivery.rejected)
    assert reasons(delivery)[3] == "not_a_number"
    assert "1␀0" in delivery.rejected_rows.get(row_number=3).original_text
    assert delivery.tallies["normalised"] == {"单位名称:control_removed": 1}


def test_nul_bytes_in_held_rows_and_unknown_columns_are_stored(deliver: Deliver, registered: Delivery) -> None:
    header = f"{SOCIAL_INSURANCE},经办\0人"
    delivery = deliver(f"{header}\n{row(paid='1', remark='一' + chr(0))},甲\n{row(paid='2')},乙\n")
    assert counts(delivery) == (2, 0, 0, 0, 2, 0)
    assert delivery.notes == ["未读取目录以外的列：经办人。"]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        pytest.param(SOCIAL_INSURANCE.replace("备注", "缴费日期"), "“缴费日期”一列出现了两次", id="D16"),
        pytest.param(SOCIAL_INSURANCE.replace("实缴金额(元)", "实付款"), "缺少必填列：实缴金额(元)", id="D17 renamed"),
        pytest.param(row("202608"), "表头", id="D18"),
    ],
)
def test_a_header_that_does_not_fit_refuses_the_file(deliver: Deliver, header: str, sentence: str) -> None:
    assert sentence in refused(deliver(f"{header}\n{row()}\n"))


def test_a_header_may_be_reordered_spaced_and_have_more_columns(deliver: Deliver, registered: Delivery) -> None:
    cells = [f"\ufeff {cell} \u200b" for cell in reversed(SOCIAL_INSURANCE.split(","))]
    data = ",".join(reversed(row().split(",")))
    delivery = deliver(f"{','.join(cells)},经办人\n{data},王某\n")
    assert (counts(delivery), delivery.notes) == ((1, 0, 1, 0, 0, 0), ["未读取目录以外的列：经办人。"])


def test_ragged_rows_go_back_one_by_one(deliver: Deliver, registered: Delivery) -> None:
    delivery = deliver(text(f"{FIRST},甲,202609", row("202609") + ",多余", row("202610") + ",,", row("202608")))
    assert (counts(delivery), reasons(delivery)) == (
        (4, 0, 2, 2, 0, 0),
        {2: "broken_record", 3: "broken_record"},
    )


@pytest.mark.parametrize("content", ["\n\n\n", "\ufeff", " \t\r\n"])
def test_a_file_of_nothing_is_refused(deliver: Deliver, content: str) -> None:
    assert refused(deliver(content)) == "文件中没有任何内容。"


@pytest.mark.parametrize("content", [SOCIAL_INSURANCE, SOCIAL_INSURANCE + "\n", SOCIAL_INSURANCE + "\r\n\r\n"])
def test_a_header_without_rows_is_a_list_with_nothing_on_it(deliver: Deliver, content: str) -> None:
    delivery = deliver(content)
    assert delivery.state == "applied"
    assert counts(delivery)[0] == delivery.not_data
    assert delivery.notes == ([] if delivery.not_data else ["文件只有表头，没有数据行。"])


def test_a_very_long_field_rejects_its_row(deliver: Deliver, registered: Delivery) -> None:
    quoted = '"' + "长" * 200_000 + '\n"'
    delivery = deliver(text(row("202608", remark="长" * 200_000), row("202609", remark=quoted), row("202610")))
    assert counts(delivery)[2] == 1
    assert reasons(delivery)[2] == "too_long"
    assert len(delivery.rejected_rows.get(row_number=2).message) < 200


def test_a_line_without_end_is_refused(deliver: Deliver, tmp_path: Path) -> None:
    endless = text(row()).encode() + b"x" * (300_000_000 if LONG else 20_000_000)
    assert "可能缺少换行" in measured(tmp_path, {"endless.csv": endless})["endless.csv"]["refused"]


def test_a_hundred_thousand_columns_are_refused_or_reject_their_row(tmp_path: Path) -> None:
    wide = ",".join(f"c{number}" for number in range(100_000)).encode()
    outcomes = measured(
        tmp_path,
        {
            "no_header.csv": wide + b"\n" + wide,
            "header.csv": SOCIAL_INSURANCE.encode() + b"," + wide,
            "rows.csv": GOOD.encode() + (wide + b"\n") * (100 if LONG else 3),
        },
    )
    assert "表头" in outcomes["no_header.csv"]["refused"]
    assert outcomes["header.csv"]["refused"] == "表头有100009列，超过500列的上限。"
    assert outcomes["rows.csv"]["reasons"] == {"broken_record": 100 if LONG else 3}


def test_the_end_of_a_file_may_be_untidy(deliver: Deliver, registered: Delivery) -> None:
    delivery = deliver(text(row("202609"), ",,,,,,,,", ",,,,") + row("202610"))
    assert (counts(delivery), delivery.tallies["not_data"]) == ((4, 2, 2, 0, 0, 0), {"blank": 2})


def test_titles_totals_and_notes_are_no_data(deliver: Deliver, registered: Delivery) -> None:
    rows = [row("202609"), "合计,,,1,7124.00,2675.06,2675.06,,", "注：以上为本月数据,,,,,,,,", row("202610")]
    delivery = deliver(f"凤翔区社会保险缴费明细,,,,,,,,\n单位：元\n{text(*rows)}")
    assert counts(delivery) == (6, 4, 2, 0, 0, 0)
    assert delivery.tallies["not_data"] == {"note": 2, "subtotal": 1, "title": 1}
