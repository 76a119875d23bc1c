"""D25 to D35: one file, one spelling a row; the verdicts on single spellings are in `cases/intake_values.csv`."""

from datetime import date
from decimal import Decimal

import pytest

from apps.records.models import Delivery, PaymentRecord
from apps.subjects.models import Subject
from tests.records.conftest import Deliver
from tests.records.malformed.support import FIRST, THIRD, counts, reasons, row, text, workbook
from tests.records.support import CODES, REGISTRATION, SOCIAL_INSURANCE, payment, registration, social_insurance

pytestmark = pytest.mark.django_db


def _months(count: int) -> list[str]:
    return [f"{2015 + number // 12}{number % 12 + 1:02d}" for number in range(count)]


def _judged(deliver: Deliver, column: str, cells: list[str]) -> list[object]:
    """For each spelling of a column what was stored, or why the row went back."""
    months = _months(len(cells))
    delivery = deliver(text(*(row(month, **{column: f'"{cell}"'}) for month, cell in zip(months, cells, strict=True))))
    assert counts(delivery)[0] == len(cells)
    back = reasons(delivery)
    name = {"paid": "paid_yuan"}.get(column, column)
    stored = {fact.row_number: getattr(fact, name) for fact in PaymentRecord.objects.order_by("pk")}
    return [back.get(number, stored.get(number)) for number in range(2, len(cells) + 2)]


def test_amounts_in_every_spelling(deliver: Deliver, registered: Delivery) -> None:
    spellings: dict[str, object] = {
        "１２３．５": Decimal("123.50"),
        "1_000": "not_a_number",
        "٣٤": "not_a_number",
        "5²": "not_a_number",
        "1,000": Decimal("1000.00"),
        "¥1,000.00": Decimal("1000.00"),
        "1.2万": "unit_in_number",
        "1e5": "destroyed_number",
        "NaN": "not_a_number",
        "Infinity": "not_a_number",
        "-0": Decimal("0.00"),
        "（100）": "negative",
        "1,00": "not_a_number",
    }
    assert _judged(deliver, "paid", list(spellings)) == list(spellings.values())


def test_amounts_with_too_many_decimals_over_the_cap_or_negative(deliver: Deliver, registered: Delivery) -> None:
    spellings: dict[str, object] = {
        "2.665": Decimal("2.67"),
        "2.6649": Decimal("2.66"),
        "9999999999999999.99": "out_of_range",
        "9" * 60: "not_a_number",
        "-1": "negative",
    }
    assert _judged(deliver, "paid", list(spellings)) == list(spellings.values())


def test_dates_in_every_spelling(deliver: Deliver, registered: Delivery) -> None:
    spellings: dict[str, object] = {
        "2026/2/30": "impossible_date",
        "20260131": date(2026, 1, 31),
        "2026年1月31日": date(2026, 1, 31),
        "46023": date(2026, 1, 1),
        "1900-02-29": "impossible_date",
        "60": "unreadable_date",
        "26-01-31": "unreadable_date",
        "2026-01-31T08:00:00+08:00": "unreadable_date",
        "2026-01-31 00:00:00": date(2026, 1, 31),
        "2026-11-16": "future_date",
        "0000-00-00": "impossible_date",
        "２０２６-０１-３１": date(2026, 1, 31),
    }
    assert _judged(deliver, "paid_on", list(spellings)) == list(spellings.values())


def test_a_number_that_a_spreadsheet_destroyed_is_seen(deliver: Deliver, registered: Delivery) -> None:
    cells = row().split(",")[1:]
    delivery = deliver(
        workbook(SOCIAL_INSURANCE.split(","), [916103050000000000.0, *cells], ["9.16103E+17", *cells], [FIRST, *cells])
    )
    assert reasons(delivery) == {2: "destroyed_number", 3: "destroyed_number"}
    assert counts(delivery) == (3, 0, 1, 2, 0, 0)


def test_codes_with_faults_look_alikes_and_old_numbers(deliver: Deliver, registered: Delivery) -> None:
    codes = {
        FIRST: "",
        FIRST.lower(): "",
        f" {FIRST[:8]}-{FIRST[8:]}\u3000": "",
        FIRST[:-1] + "8": "code_outer",
        FIRST.replace("0756", "O756"): "code_alphabet",
        FIRST.replace("91610305", "916I0305"): "code_alphabet",
        "610305600012345": "code_length",
        "110101199003070070": "natural_person",
    }
    months = _months(len(codes))
    delivery = deliver(social_insurance(*(payment(m, code=code) for m, code in zip(months, codes, strict=True))))
    assert reasons(delivery) == {number: reason for number, reason in enumerate(codes.values(), 2) if reason}
    assert delivery.tallies["normalised"] == {"统一社会信用代码:code_form": 2}


def test_formulas_are_text_with_a_warning(deliver: Deliver, registered: Delivery) -> None:
    names = ["=1+1", "+甲有限公司", "-甲有限公司", "@SUM(A1)", '=cmd|"/c calc"!A0', "＝甲有限公司"]
    rows = [row(m, name='"' + n.replace('"', '""') + '"') for m, n in zip(_months(6), names, strict=True)]
    delivery = deliver(text(*rows, row("202610", name='"\t甲有限公司"')))
    assert counts(delivery) == (7, 0, 7, 0, 0, 0)
    assert delivery.tallies["warned"]["单位名称:formula_like"] == 6
    assert {fact.extra.get("remark", "") for fact in PaymentRecord.objects.order_by("pk")} == {""}


def test_twins_of_a_name_are_one_name(deliver: Deliver, registered: Delivery) -> None:
    names = {
        "甲\u202e有限\u200b公司": "control_removed",
        "甲有限公司\ufeff": "",
        "甲有限公司": "",
        "甲 有限公司": "text_form",
    }
    delivery = deliver(text(*(row(m, name=n) for m, n in zip(_months(4), names, strict=True))))
    assert counts(delivery) == (4, 0, 4, 0, 0, 0)
    assert delivery.tallies["normalised"] == {"单位名称:control_removed": 1, "单位名称:text_form": 1}


def test_a_registered_name_is_kept_as_one_sees_it(deliver: Deliver) -> None:
    names = ["甲\u202e有限公司", "Cafe\u0301 乙", "丙😀\u0007店"]
    rows = [registration(code, name) for code, name in zip(CODES, names, strict=True)]
    delivery = deliver("\n".join([REGISTRATION, *rows, ""]), "registration")
    assert counts(delivery) == (3, 0, 3, 0, 0, 0)
    assert set(Subject.objects.order_by("code").values_list("name", flat=True)) >= {"甲有限公司", "Café 乙", "丙😀店"}
    assert delivery.tallies["normalised"] == {"主体名称:control_removed": 2, "主体名称:text_form": 1}


@pytest.mark.parametrize("name", ["长" * 10_000, "\ufdfa" * 150, "ß" * 150])
def test_a_name_that_no_column_holds_rejects_its_row(deliver: Deliver, name: str) -> None:
    """U+FDFA is eighteen characters in the form in which names are compared."""
    rows = [registration(FIRST, name), registration(THIRD, "丙有限公司")]
    delivery = deliver("\n".join([REGISTRATION, *rows, ""]), "registration")
    assert (counts(delivery), reasons(delivery)) == ((2, 0, 1, 1, 0, 0), {2: "too_long"})


def test_spellings_of_nothing(deliver: Deliver, registered: Delivery) -> None:
    nothing = ["", "NULL", "-", "无", "/", "N/A", "  ", "\u3000", "\\N"]
    assert _judged(deliver, "paid_on", nothing) == [None] * len(nothing)
    assert _judged(deliver, "paid", ["", "NULL", "无"]) == ["missing"] * 3


def test_values_of_a_list_in_every_spelling(deliver: Deliver) -> None:
    states = ["存续", "在业", "开业", " 存续", "active", "营业中"]
    codes = [*CODES, "91610305YYH3A7Q20D", "91610305YYK5B8R31E", "91610305YY69048P7E"]
    people = zip(codes, "甲乙丙丁戊己", states, strict=True)
    rows = [registration(code, f"{name}公司", f"{name}某", status=state) for code, name, state in people]
    delivery = deliver("\n".join([REGISTRATION, *rows, ""]), "registration")
    faults = reasons(delivery)
    assert faults.pop(7) == "invalid_value"
    assert "invalid_value" not in faults.values()
    assert delivery.tallies["normalised"]["登记状态:value_form"] >= 2
