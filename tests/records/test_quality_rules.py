"""The pure definitions: periods, verdicts, rates, 重错码, and what a correction may say."""

from datetime import date
from decimal import Decimal

import pytest

from apps.core.workdays import WorkCalendar
from apps.records.code_faults import code_in, rate_pct, refusal_of_line
from apps.records.quality import (
    DEFINITIONS,
    Counts,
    Period,
    advice,
    decision_verdict,
    due_on,
    expected,
    gaps,
    headcounts_differ,
    period_of,
    period_verdict,
    values,
)

# National Day 2026: 1 to 7 October off, 10 October (a Saturday) worked.
CALENDAR = WorkCalendar(
    {date(2026, 10, day): False for day in (1, 2, 5, 6, 7)} | {date(2026, 10, 10): True}, frozenset({2026})
)
LINES = {"timeliness_min_pct": Decimal(100), "compliance_min_pct": Decimal(98)}
TODAY = date(2026, 11, 15)


def d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("cadence", "day", "first", "last", "label"),
    [
        ("weekly", "2026-11-15", "2026-11-09", "2026-11-15", "2026-11-09至2026-11-15"),
        ("monthly", "2026-02-28", "2026-02-01", "2026-02-28", "2026-02"),
        ("quarterly", "2026-11-15", "2026-10-01", "2026-12-31", "2026-10-01至2026-12-31"),
        ("half_yearly", "2026-06-30", "2026-01-01", "2026-06-30", "2026-01-01至2026-06-30"),
        ("yearly", "2026-06-30", "2026-01-01", "2026-12-31", "2026-01-01至2026-12-31"),
    ],
)
def test_a_day_lies_in_one_period(cadence: str, day: str, first: str, last: str, label: str) -> None:
    period = period_of(cadence, d(day))
    assert period == (d(first), d(last))
    assert period.label == label


def test_payments_are_due_after_their_period_and_lists_within_it() -> None:
    september, october = period_of("monthly", d("2026-09-01")), period_of("monthly", d("2026-10-01"))
    assert due_on(september, is_payment=True, due_workdays=3, calendar=CALENDAR) == d("2026-10-10")
    assert due_on(october, is_payment=False, due_workdays=3, calendar=CALENDAR) == d("2026-10-10")


@pytest.mark.parametrize(
    ("received", "as_of", "verdict"),
    [
        ("2026-10-10", "2026-11-15", "on_time"),
        ("2026-10-12", "2026-11-15", "late"),
        (None, "2026-10-11", "missing"),
        (None, "2026-10-10", "pending"),
        ("2026-10-12", "2026-10-11", "missing"),
    ],
)
def test_a_period_is_on_time_late_missing_or_not_due(received: str | None, as_of: str, verdict: str) -> None:
    assert period_verdict(d("2026-10-10"), d(received) if received else None, d(as_of)) == verdict


@pytest.mark.parametrize(
    ("received", "verdict"),
    # The seventh working day after 30 September is 15 October: holidays do not count, the Saturday that is worked does.
    [("2026-10-15", "on_time"), ("2026-10-16", "late"), ("2026-11-10", "late"), ("2026-12-31", "concealed")],
)
def test_a_decision_has_seven_working_days(received: str, verdict: str) -> None:
    term = {"workdays": 7, "concealed_after_workdays": 30, "calendar": CALENDAR}
    assert decision_verdict(d("2026-09-30"), d(received), **term) == verdict  # type: ignore[arg-type]


def test_expected_periods_begin_with_the_duty_and_a_later_extract_covers_earlier_ones() -> None:
    duty = {"due_workdays": 5, "since_on": d("2026-10-12"), "as_of_on": d("2026-11-15"), "calendar": CALENDAR}
    months = {d("2026-09-01"): d("2026-10-16"), d("2026-10-01"): d("2026-11-20")}
    paid = expected(cadence="monthly", is_payment=True, months=months, days=[], **duty)  # type: ignore[arg-type]
    assert [(row.period.label, row.due_on, row.received_on) for row in paid] == [
        ("2026-09", d("2026-10-13"), d("2026-10-16")),
        ("2026-10", d("2026-11-06"), d("2026-11-20")),
        ("2026-11", d("2026-12-07"), None),
    ]
    listed = expected(cadence="weekly", is_payment=False, months={}, days=[d("2026-10-28")], **duty)  # type: ignore[arg-type]
    assert [row.received_on for row in listed] == [d("2026-10-28")] * 4 + [None] * 2
    assert listed[0].period == Period(d("2026-10-05"), d("2026-10-11"))


def test_a_gap_is_a_month_between_delivered_ones() -> None:
    days = [d("2026-04-01"), d("2026-06-01"), d("2026-07-01")]
    assert [period.label for period in gaps("monthly", days)] == ["2026-05"]
    assert gaps("monthly", []) == gaps("decision", days) == []


def test_figures_divide_at_the_end_and_say_when_there_is_nothing() -> None:
    one = Counts(rows=300, rejected=4, held=3, duplicate=6, incomplete=1, on_time=2, late=1, newest_on=d("2026-10-31"))
    other = Counts(rows=0, missing=1, newest_on=d("2026-09-30"))
    shown = {value.slug: value for value in values(one + other, TODAY, LINES, (one, TODAY))}
    assert shown["acceptance_pct"].text == "97.67%"
    assert shown["acceptance_pct"].is_below_line
    assert (shown["timely_pct"].text, shown["timely_pct"].change) == ("50%", "较上月降16.67个百分点")
    assert (shown["missing"].text, shown["missing"].change) == ("1次", "较上月升1次")
    assert shown["duplicate_pct"].text == "2%"
    assert shown["mandatory_pct"].text == "99.67%"
    assert shown["freshness_days"].text == "15天"
    assert {value.text for value in values(Counts(), TODAY, LINES) if value.slug.endswith("_pct")} == {"—"}


def test_a_rate_on_its_line_is_on_the_right_side() -> None:
    shown = {value.slug: value for value in values(Counts(rows=100, rejected=2, on_time=1), TODAY, LINES)}
    assert shown["acceptance_pct"].text == "98%"
    assert not shown["acceptance_pct"].is_below_line
    assert not shown["timely_pct"].is_below_line


def test_every_definition_has_a_sentence_a_unit_and_a_source() -> None:
    assert all(row.sentence.endswith("。") and row.unit and row.source_document for row in DEFINITIONS)
    assert len({row.slug for row in DEFINITIONS}) == len(DEFINITIONS) == 11


def test_advice_says_what_to_do_and_is_silent_where_all_is_well() -> None:
    assert advice("用电信息", Counts(rows=10, accepted=10, on_time=1), LINES, []) == []
    said = advice("用电信息", Counts(rows=10, rejected=1, held=1, missing=1, late=2), LINES, ["2026-05"])
    assert said == [
        "“用电信息”有1期到期未报，请立即报送；确无数据的，报送空表并说明。",
        "“用电信息”缺2026-05的数据，请补报。",
        "“用电信息”有2次迟报，请在约定时限内报送。",
        "“用电信息”合规率80%，低于98%：退回1行、待处理1行，请下载退回的行更正后重报。",
    ]


@pytest.mark.parametrize(
    ("registered", "insured", "differ"),
    [(6, 6, False), (6, 16, False), (100, 60, False), (100, 49, True), (0, 11, True), (20, 9, True), (22, 11, False)],
)
def test_headcounts_contradict_beyond_both_tolerances(registered: int, insured: int, differ: bool) -> None:
    tolerance = {"tolerance_pct": Decimal(50), "tolerance_persons": 10}
    assert headcounts_differ(registered, insured, **tolerance) is differ  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        ("91610305YY69048P1U,甲有限公司,2026-10", "code_outer", "91610305YY69048P1U"),
        ("甲\t91610305yy69048p1u\t3", "code_inner", "91610305YY69048P1U"),
        ("甲,9161O305YY69048P1U,202610", "code_alphabet", "9161O305YY69048P1U"),
        ("甲,91610305YY69048P1,202610", "code_length", "91610305YY69048P1"),
        ("甲,,202610", "code_length", ""),
    ],
)
def test_the_code_of_a_rejected_row_is_found_in_its_text(text: str, reason: str, code: str) -> None:
    assert code_in(text, reason) == code


def test_the_rate_of_wrong_codes() -> None:
    assert rate_pct(1, 1_000) == Decimal("0.10")
    assert rate_pct(0, 0) is None


GOOD, OTHER = "91610305YY0756CE27", "91610305YY2JJ1594R"
ALL = frozenset("012")


@pytest.mark.parametrize(
    ("flag", "other", "accepted", "refusal"),
    [
        ("2", "", ALL, ""),
        ("0", OTHER, ALL, ""),
        ("1", OTHER, ALL, ""),
        ("9", "", ALL, "数据操作标识位“9”无效"),
        ("0", OTHER, frozenset("1"), "本轮不接受“新赋码”，可填：1（删除）。"),
        ("0", "", ALL, "须填写新赋的代码"),
        ("1", "", ALL, "须填写保留的代码"),
        ("2", OTHER, ALL, "不应填写代码"),
        ("0", GOOD, ALL, "与有问题的代码相同"),
        ("0", "91610305YY0756CE28", ALL, "第18位校验码"),
        ("0", "91610305YY69048P1U", ALL, "第17位校验码不符"),
    ],
)
def test_a_line_is_taken_or_refused_with_a_sentence(
    flag: str, other: str, accepted: frozenset[str], refusal: str
) -> None:
    said = refusal_of_line(
        kind="one_subject_many_codes", flag=flag, accepted_flags=accepted, code=GOOD, other_code=other
    )
    assert refusal in said
    assert bool(said) is bool(refusal)
