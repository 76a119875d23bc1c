"""重错码: found in subjects, held and rejected rows; corrected by the workbook that goes out and comes back."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.models import AuditEvent
from apps.operations import invariants
from apps.records import selectors, services
from apps.records.models import CodeFault, CorrectionRound, HeldRow, PaymentRecord
from apps.records.workbooks import correction_workbook, read_corrections
from apps.subjects.models import Subject, SubjectCode
from tests.records.conftest import Deliver
from tests.records.support import (
    CODES,
    FAULTY_CODE,
    REGISTRATION,
    SOUND_CODE,
    payment,
    registration,
    social_insurance,
)
from tests.support.cast import Cast

TODAY = date(2026, 11, 15)
Import = Callable[..., list[str]]


def find(now: datetime) -> list[tuple[str, str]]:
    services.find_code_faults(actor=SYSTEM, business_date=TODAY, now=now)
    return list(CodeFault.objects.open().exclude(kind="place").order_by("kind", "code").values_list("kind", "code"))


def register(deliver: Deliver, *rows: str, at: datetime) -> None:
    delivery = deliver("\n".join([REGISTRATION, *rows, ""]), "registration", at=at)
    assert delivery.state == "applied", delivery.refusal


@pytest.fixture(autouse=True)
def _only_delivered_subjects(cast: Cast) -> None:
    """The cast's firms bear codes that were never checked: out of the way of a list of wrong codes."""
    keep = Subject.objects.exclude(code__in=[*CODES, FAULTY_CODE])
    keep.update(merged_into=keep.order_by("pk").first())


@pytest.fixture
def opened(cast: Cast, now: datetime) -> CorrectionRound:
    return services.open_round(
        actor=cast.operator.actor, name="2026年第一轮", accepts=["0", "1", "2"], business_date=TODAY, now=now
    )


def filled(content: bytes, flags: dict[str, tuple[str, str]]) -> bytes:
    """The exported workbook with flags typed in as a person does (numbers stay numbers): code → (flag, other code)."""
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            cells: list[Any] = list(row)
            if number and cells[2] in flags:
                flag, other = flags[cells[2]]
                cells[7:9] = [float(flag) if flag.isdigit() else flag, other]
            sheet.write_row(number, 0, cells)
    return buffer.getvalue()


@pytest.fixture
def bring_in(cast: Cast, opened: CorrectionRound, now: datetime) -> Import:
    """Export, fill, import; returns the refusals."""

    def act(flags: dict[str, tuple[str, str]], *, who: str = "department", at: datetime = now) -> list[str]:
        actor = cast[who].actor
        content = correction_workbook(selectors.code_faults_visible_to(actor), opened)
        back = filled(content, flags)
        lines = services.import_corrections(
            actor=actor,
            correction_round=opened,
            lines=read_corrections(BytesIO(back), len(back)),
            business_date=TODAY,
            now=at,
        )
        return [line.refusal for line in lines]

    return act


def test_the_kinds_are_found_where_they_are(deliver: Deliver, now: datetime) -> None:
    register(
        deliver,
        registration(CODES[0], "甲有限公司"),
        registration(FAULTY_CODE, "丙有限公司", person="丙某"),
        registration("91610305YY2JJ1594R", "丁有限公司", person="丁某"),
        registration("91610305YY2JJ1594R", "戊有限公司", person="戊某"),
        registration("9161030SYY0756CE27", "己有限公司"),
        registration("91610305YY0756CE2", "庚有限公司"),
        registration("91610305YY0756CE28", "辛有限公司"),
        at=now,
    )
    assert find(now) == [
        ("check", "91610305YY0756CE28"),
        ("check", FAULTY_CODE),
        ("form", "91610305YY0756CE2"),
        ("form", "9161030SYY0756CE27"),
        ("one_code_many_subjects", "91610305YY2JJ1594R"),
    ]
    assert find(now + timedelta(hours=1)) == find(now)
    sheet = selectors.code_sheet(SYSTEM, TODAY)
    assert {kind.slug: count for kind, count in sheet.kinds if count} == {
        "check": 2,
        "form": 2,
        "one_code_many_subjects": 1,
    }


def test_a_typing_error_of_another_department_is_listed_but_makes_no_rate(
    deliver: Deliver, registered: object, now: datetime
) -> None:
    deliver(social_insurance(payment("202610"), code="91610305YY0756CE28"))
    assert find(now) == [("check", "91610305YY0756CE28")]
    assert selectors.code_sheet(SYSTEM, TODAY).in_rate == 0
    # Resent right: the newest delivery of the item has nothing wrong.
    deliver(social_insurance(payment("202610"), code=CODES[0]), at=now + timedelta(hours=1))
    assert find(now + timedelta(hours=1)) == []
    assert CodeFault.objects.get(kind="check").ended_on == TODAY


def test_two_right_codes_for_one_firm_and_one_body_for_two(deliver: Deliver, now: datetime) -> None:
    register(deliver, registration(CODES[0], "甲有限公司"), registration(CODES[1], "乙有限公司", person="乙某"), at=now)
    Subject.objects.filter(code=CODES[1]).update(name="甲有限公司", name_key="甲有限公司", legal_representative="甲某")
    assert [kind for kind, _ in find(now)] == ["one_subject_many_codes"] * 2
    twin = f"92610305{CODES[0][8:17]}7"
    Subject.objects.filter(code=CODES[1]).update(code=twin, name_key="乙", legal_representative="乙某")
    assert find(now) == [("body", CODES[0]), ("body", twin)]


def rate(now: datetime) -> object:
    services.keep_duties(actor=SYSTEM, business_date=TODAY, now=now)
    services.count_figures(actor=SYSTEM, month_on=TODAY.replace(day=1), business_date=TODAY, now=now)
    sheet = selectors.code_sheet(SYSTEM, TODAY)
    return sheet.in_rate, sheet.registered, str(sheet.rate_pct), sheet.is_over


def test_round_trip_a_new_code(deliver: Deliver, bring_in: Import, cast: Cast, now: datetime) -> None:
    register(
        deliver,
        registration(CODES[0], "甲有限公司"),
        registration(FAULTY_CODE, "丙有限公司", person="丙某"),
        at=now,
    )
    assert find(now) == [("check", FAULTY_CODE)]
    assert rate(now) == (1, 2, "50.00", True)
    assert bring_in({FAULTY_CODE: ("0", SOUND_CODE)}) == [""]
    assert find(now) == []
    assert rate(now) == (0, 2, "0.00", False)
    subject = Subject.objects.get(code=SOUND_CODE)
    assert SubjectCode.objects.get(code=FAULTY_CODE).subject == subject
    fault = CodeFault.objects.get(code=FAULTY_CODE, kind="check")
    assert (fault.flag, fault.ended_on) == ("0", TODAY)
    event = AuditEvent.objects.get(verb="records.import_corrections")
    assert (event.actor_id, event.after) == (cast.department.user.pk, {"accepted": 1, "refused": 0})
    assert AuditEvent.objects.filter(verb="subjects.assign_code").exists()
    # Delivered under the old code again it is still one subject, and no new fault.
    later = now + timedelta(days=1)
    register(deliver, registration(FAULTY_CODE, "丙有限公司", person="丙某", capital="300"), at=later)
    assert find(later) == []


def test_round_trip_a_second_code_is_merged_with_its_facts(deliver: Deliver, bring_in: Import, now: datetime) -> None:
    register(deliver, registration(CODES[0], "甲有限公司"), registration(CODES[1], "乙有限公司", person="乙某"), at=now)
    deliver(social_insurance(payment("202610"), payment("202609"), code=CODES[0]))
    deliver(social_insurance(payment("202610", paid="1"), payment("202608"), code=CODES[1]))
    Subject.objects.filter(code=CODES[1]).update(name="甲有限公司", name_key="甲有限公司", legal_representative="甲某")
    gone, kept = Subject.objects.get(code=CODES[1]), Subject.objects.get(code=CODES[0])
    assert find(now) == [("one_subject_many_codes", code) for code in CODES[:2]]
    rows = PaymentRecord.objects.count()
    assert bring_in({CODES[1]: ("1", CODES[0])}, at=now + timedelta(hours=1)) == [""]
    assert find(now + timedelta(hours=1)) == []
    live = PaymentRecord.objects.filter(superseded_at=None).order_by("period_on")
    assert list(live.values_list("subject_id", "period_on", "paid_yuan")) == [
        (kept.pk, date(2026, month, 1), live[0].paid_yuan) for month in (8, 9, 10)
    ]
    # Nothing is deleted: what was known under the second code stays known as of then.
    assert PaymentRecord.objects.filter(subject_id=gone.pk).exclude(superseded_at=None).count() == 2
    assert PaymentRecord.objects.count() == rows + 1
    gone.refresh_from_db()
    assert gone.merged_into == kept
    (counts,) = [result for result in invariants.check(now) if result.invariant.slug == "delivery_counts"]
    assert counts.named == ()


def test_round_trip_a_held_second_code_is_dismissed_and_leads_to_the_firm(
    deliver: Deliver, bring_in: Import, now: datetime
) -> None:
    register(deliver, registration(CODES[0], "甲有限公司"), at=now)
    register(deliver, registration(CODES[1], "甲有限公司"), at=now + timedelta(hours=1))
    assert HeldRow.objects.get(state="open").reason == "one_subject_many_codes"
    assert find(now) == [("one_subject_many_codes", CODES[1])]
    assert bring_in({CODES[1]: ("2", "")}) == ["该代码的数据行尚待处理：确认两个主体都正确的，请在“待处理的行”中办理。"]
    assert bring_in({CODES[1]: ("1", CODES[0])}) == [""]
    assert HeldRow.objects.get().state == "dismissed"
    assert SubjectCode.objects.get(code=CODES[1]).subject.code == CODES[0]
    assert find(now) == []


def test_a_code_that_was_really_issued_stays(deliver: Deliver, bring_in: Import, now: datetime) -> None:
    register(deliver, registration(FAULTY_CODE, "丙有限公司", person="丙某"), at=now)
    find(now)
    assert bring_in({FAULTY_CODE: ("2", "")}) == [""]
    assert find(now + timedelta(days=1)) == []
    assert Subject.objects.filter(code=FAULTY_CODE, inner_check_ok=False).exists()


def test_refused_lines_come_back_with_a_sentence_and_the_others_are_taken(
    deliver: Deliver, bring_in: Import, cast: Cast, opened: CorrectionRound, now: datetime
) -> None:
    register(
        deliver,
        registration(CODES[0], "甲有限公司"),
        registration(FAULTY_CODE, "丙有限公司", person="丙某"),
        registration("91610305YY0756CE28", "辛有限公司"),
        at=now,
    )
    find(now)
    assert bring_in({FAULTY_CODE: ("0", CODES[0]), "91610305YY0756CE28": ("1", "")}) == [
        "",
        f"代码{CODES[0]}已属于“甲有限公司”。",
    ]
    assert bring_in({FAULTY_CODE: ("1", CODES[0])}) == ["要保留的代码属于“甲有限公司”，与“丙有限公司”不是同一主体。"]
    assert bring_in({FAULTY_CODE: ("1", "")}) == [
        "已登记的主体不能直接删除：请填写保留的代码，且须是登记注册信息中已有的代码。"
    ]
    shown = selectors.correction_lines_of(cast.department.actor, opened)
    assert [bool(line.refusal) for line in shown].count(True) == 3
    assert not selectors.correction_lines_of(cast.stranger.actor, opened).exists()


def test_what_a_round_takes_is_data(deliver: Deliver, bring_in: Import, cast: Cast, now: datetime) -> None:
    register(deliver, registration(FAULTY_CODE, "丙有限公司", person="丙某"), at=now)
    find(now)
    CorrectionRound.objects.update(accepts=["1"])
    opened = CorrectionRound.objects.get()
    line = services.Line(2, str(CodeFault.objects.get(kind="check").pk), FAULTY_CODE, "0", SOUND_CODE)
    call = {"correction_round": opened, "business_date": TODAY, "now": now}
    kept = services.import_corrections(actor=cast.department.actor, lines=[line], **call)  # type: ignore[arg-type]
    assert kept[0].refusal == "本轮不接受“新赋码”，可填：1（删除）。"
    with pytest.raises(NotPermitted):
        services.import_corrections(actor=cast.owner.actor, lines=[line], **call)  # type: ignore[arg-type]
    second = services.open_round(actor=cast.operator.actor, name="第二轮", accepts=["0"], business_date=TODAY, now=now)
    opened.refresh_from_db()
    assert selectors.open_correction_round() == second
    with pytest.raises(InvalidInput, match="已经结束"):
        services.import_corrections(
            actor=cast.department.actor, correction_round=opened, lines=[line], business_date=TODAY, now=now
        )
    with pytest.raises(InvalidInput):
        services.open_round(actor=cast.operator.actor, name="第二轮", accepts=["0"], business_date=TODAY, now=now)
    with pytest.raises(InvalidInput):
        services.open_round(actor=cast.operator.actor, name="第三轮", accepts=["7"], business_date=TODAY, now=now)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a workbook", b"a,b\n1,2\n"])
def test_another_file_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="文件不能读取"):
        read_corrections(BytesIO(content), len(content))


def test_a_workbook_without_our_columns_is_refused() -> None:
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet().write_row(0, 0, ["代码", "标识"])
    with pytest.raises(InvalidInput, match="缺少“问题编号”“统一社会信用代码”“数据操作标识位”"):
        read_corrections(BytesIO(buffer.getvalue()), 1)


def test_a_stranger_department_cannot_touch_the_fault_of_another(
    deliver: Deliver, cast: Cast, opened: CorrectionRound, now: datetime
) -> None:
    register(deliver, registration(FAULTY_CODE, "丙有限公司", person="丙某"), at=now)
    find(now)
    from dataclasses import replace

    other = replace(cast.department.actor, organization_id=10**9, organization_ids=frozenset({10**9}))
    assert not selectors.code_faults_visible_to(other).exists()
    line = services.Line(2, str(CodeFault.objects.get(kind="check").pk), FAULTY_CODE, "2", "")
    kept = services.import_corrections(actor=other, correction_round=opened, lines=[line], business_date=TODAY, now=now)
    assert "没有编号为" in kept[0].refusal
    assert CodeFault.objects.open().filter(kind="check").exists()
