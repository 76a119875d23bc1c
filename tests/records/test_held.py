"""Held rows: what may be decided, by whom, what becomes of the counts, and what is retried by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.services import create_organization
from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.jobs import run_now
from apps.core.models import AuditEvent, Job
from apps.records import selectors, services
from apps.records.held_decisions import DECISIONS
from apps.records.models import Delivery, HeldRow, HoldingRecord, PaymentRecord, Source
from apps.records.reasons import HELD
from apps.records.selectors import HeldFilter
from apps.records.workflow import HELD_ROW
from apps.subjects.models import Subject, SubjectCode
from apps.subjects.selectors import subject_by_code
from tests.records.conftest import Deliver
from tests.records.support import CODES, REGISTRATION, payment, registration, registration_file, social_insurance
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = CODES
ClientFor = Callable[[str], Client]
Decide = Callable[..., object]


@pytest.fixture
def decide(cast: Cast, now: datetime) -> Decide:
    """Decide rows as the department does, unless said otherwise."""

    def one(*rows: HeldRow, decision: str = "accept", who: str = "department", code: str = "") -> object:
        return services.decide_held_rows(
            actor=cast[who].actor,
            row_ids=[row.pk for row in rows],
            decision=decision,
            reason="核对",
            now=now,
            subject_code=code,
        )

    return one


def _counts(delivery: Delivery) -> tuple[int, ...]:
    delivery.refresh_from_db()
    names = ("read", "not_data", "accepted", "rejected", "held", "duplicate")
    return tuple(getattr(delivery, name) for name in names)


def _rows(delivery: Delivery) -> list[HeldRow]:
    return list(HeldRow.objects.filter(delivery=delivery).order_by("sheet", "row_number", "pk"))


def _run_retries() -> None:
    for job in Job.objects.filter(kind="records.retry_held", state="queued").order_by("pk"):
        assert run_now(job).state == "done", job.error


@pytest.fixture
def conflict(deliver: Deliver, registered: Delivery) -> Delivery:
    """Two rows for 甲 in one month, and one that is fine."""
    rows = [payment(paid="1.00"), payment(paid="2.00"), payment("202609")]
    return deliver(social_insurance(*rows, code=FIRST))


def test_every_reason_has_a_decision_and_every_verb_a_transition() -> None:
    decidable = frozenset().union(*(each.reasons for each in DECISIONS.values()))
    assert decidable == HELD.keys()
    assert {each.verb for each in DECISIONS.values()} <= {move.verb for move in HELD_ROW.transitions}


def test_accepting_a_row_dismisses_the_others_of_its_key(conflict: Delivery, decide: Decide, now: datetime) -> None:
    assert _counts(conflict) == (3, 0, 1, 0, 2, 0)
    first, second = _rows(conflict)
    assert decide(second) == {"accepted": 1, "dismissed": 1}
    assert _counts(conflict) == (3, 0, 2, 1, 0, 0)
    assert conflict.tallies["held"] == {}
    assert conflict.tallies["rejected"] == {"dismissed": 1}
    fact = PaymentRecord.objects.get(period_on="2026-10-01")
    assert (fact.paid_yuan, fact.delivery_id, fact.row_number, fact.recorded_at) == (2, conflict.pk, 3, now)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.decision_reason) == ("dismissed", "同一主键已采纳另一行：核对")
    assert (second.state, second.decided_by, second.decision_reason) == ("applied", "报送员", "核对")
    event = AuditEvent.objects.get(verb="records.accept_held")
    assert (event.reason, event.after) == (
        "核对",
        {"delivery": conflict.pk, "rows": [3], "accepted": 1, "dismissed": 1},
    )


def test_a_row_decided_twice_says_who_decided_it(conflict: Delivery, decide: Decide, now: datetime) -> None:
    first, second = _rows(conflict)
    decide(first, decision="dismiss")
    assert _counts(conflict) == (3, 0, 1, 1, 1, 0)
    with pytest.raises(StateConflict, match="第2行已由报送员处理为“不予入库”，不能再次处理。"):
        decide(first, second)
    assert _counts(conflict) == (3, 0, 1, 1, 1, 0), "all or nothing"


def test_only_the_sender_and_the_platform_decide(conflict: Delivery, decide: Decide, cast: Cast, now: datetime) -> None:
    first, second = _rows(conflict)
    for who in ("authority", "bank_officer", "owner", "auditor"):
        with pytest.raises(NotPermitted):
            decide(first, who=who)
    decide(first, decision="dismiss", who="operator")
    elsewhere = create_organization(actor=SYSTEM, kind="department", name="凤翔区税务局", region_code="610305", now=now)
    source = services.set_source(actor=SYSTEM, organization=elsewhere, item_codes=["social_insurance"], now=now)
    Delivery.objects.filter(pk=conflict.pk).update(source=source)
    with pytest.raises(NotPermitted):
        decide(second)


@pytest.mark.parametrize(
    ("decision", "rows", "told"),
    [
        ("accept", 2, "第2、3行是同一主键，只能采纳其中一行。"),
        ("assign", 1, "“同键不同值”的行不能“归入所选主体”。"),
        ("shrug", 1, "没有这种处理方式。"),
        ("accept", 0, "请先勾选要处理的行。"),
    ],
)
def test_what_cannot_be_decided_is_said(
    conflict: Delivery, decide: Decide, decision: str, rows: int, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        decide(*_rows(conflict)[:rows], decision=decision)
    assert _counts(conflict) == (3, 0, 1, 0, 2, 0)


def test_an_accepted_row_that_is_stored_already_is_a_duplicate(
    conflict: Delivery, deliver: Deliver, decide: Decide
) -> None:
    deliver(social_insurance(payment(paid="1.00"), code=FIRST))
    assert decide(_rows(conflict)[0]) == {"duplicate": 1, "dismissed": 1}
    assert _counts(conflict) == (3, 0, 1, 1, 0, 1)


def test_an_accepted_row_of_nobody_goes_on_waiting_for_its_subject(deliver: Deliver, decide: Decide) -> None:
    delivery = deliver(social_insurance(payment(paid="1"), payment(paid="2"), code=FIRST))
    first, _ = _rows(delivery)
    assert decide(first) == {"dismissed": 1}
    first.refresh_from_db()
    assert (first.state, first.reason, first.message) == ("open", "unknown_subject", HELD["unknown_subject"])
    assert _counts(delivery) == (2, 0, 0, 1, 1, 0)
    assert delivery.tallies["held"] == {"unknown_subject": 1}
    deliver(registration_file("甲有限公司"), "registration")
    _run_retries()
    assert _counts(delivery) == (2, 0, 1, 1, 0, 0)


def test_a_row_overtaken_by_a_later_delivery_waits_for_a_decision(
    deliver: Deliver, decide: Decide, now: datetime
) -> None:
    early = deliver(social_insurance(payment(paid="1.00"), payment("202609"), code=FIRST))
    deliver(registration_file("甲有限公司"), "registration")
    later = now + timedelta(days=1)
    deliver(social_insurance(payment(paid="2.00"), payment("202609"), code=FIRST), at=later)
    _run_retries()
    assert _counts(early) == (2, 0, 0, 0, 1, 1), "the month that came again alike is a duplicate"
    (row,) = HeldRow.objects.filter(delivery=early, state="open")
    assert row.reason == "overtaken"
    assert early.tallies["held"] == {"overtaken": 1}
    assert PaymentRecord.objects.get(period_on="2026-10-01").paid_yuan == 2
    assert decide(row) == {"accepted": 1}
    assert PaymentRecord.objects.get(period_on="2026-10-01", superseded_at=None).paid_yuan == 1
    assert _counts(early) == (2, 0, 1, 0, 0, 1)


@pytest.fixture
def two_names(deliver: Deliver) -> Delivery:
    """一码多赋: two firms under one code."""
    rows = [registration(FIRST, "甲有限公司"), registration(FIRST, "丙有限公司")]
    return deliver("\n".join([REGISTRATION, *rows, ""]), "registration")


def test_the_right_subject_of_one_code_is_chosen(two_names: Delivery, deliver: Deliver, decide: Decide) -> None:
    waiting = deliver(social_insurance(payment(), code=FIRST))
    assert [row.reason for row in _rows(two_names)] == ["one_code_many_subjects"] * 2
    decide(_rows(two_names)[1])
    assert Subject.objects.get(code=FIRST).name == "丙有限公司"
    assert _counts(two_names) == (2, 0, 1, 1, 0, 0)
    assert HoldingRecord.objects.filter(item_code="registration").count() == 1
    _run_retries()
    assert _counts(waiting) == (1, 0, 1, 0, 0, 0), "what waited for the subject came in"


@pytest.fixture
def two_codes(deliver: Deliver) -> Delivery:
    """一主体多码: one name and one person under two codes."""
    rows = [registration(FIRST, "甲有限公司"), registration(SECOND, "甲有限公司")]
    return deliver("\n".join([REGISTRATION, *rows, ""]), "registration")


def test_the_other_code_of_a_subject_leads_to_it(two_codes: Delivery, deliver: Deliver, decide: Decide) -> None:
    first, second = _rows(two_codes)
    assert (first.reason, first.group_key) == ("one_subject_many_codes", second.group_key)
    assert decide(first, decision="assign", code=SECOND) == {"accepted": 1, "assigned": 1}
    subject = Subject.objects.get(name="甲有限公司")
    assert subject.code == SECOND
    assert subject_by_code(FIRST) == subject
    assert SubjectCode.objects.get(code=FIRST).kind == SubjectCode.FAULTY
    assert _counts(two_codes) == (2, 0, 1, 1, 0, 0)
    assert two_codes.tallies["rejected"] == {"merged_code": 1}
    deliver(social_insurance(payment(), code=FIRST))
    assert PaymentRecord.objects.get().subject_id == subject.pk


def test_the_right_code_may_be_a_stored_one(deliver: Deliver, decide: Decide) -> None:
    deliver(registration_file("甲有限公司"), "registration")
    held = deliver("\n".join([REGISTRATION, registration(SECOND, "甲有限公司"), ""]), "registration")
    (row,) = _rows(held)
    page, (group,) = selectors.held_groups_page(SYSTEM, HeldFilter(), None)
    assert [code for code, _ in group.candidates] == [SECOND, FIRST]
    with pytest.raises(InvalidInput, match="请在同名的主体中选择正确的代码"):
        decide(row, decision="assign", code=THIRD)
    assert decide(row, decision="assign", code=FIRST) == {"assigned": 1}
    assert subject_by_code(SECOND).code == FIRST  # type: ignore[union-attr]
    assert _counts(held) == (1, 0, 0, 1, 0, 0)


def test_two_firms_that_only_look_alike_are_registered_as_they_are(two_codes: Delivery, decide: Decide) -> None:
    assert decide(*_rows(two_codes)) == {"accepted": 2}
    assert Subject.objects.filter(name="甲有限公司").count() == 2
    assert _counts(two_codes) == (2, 0, 2, 0, 0, 0)


def _many(deliver: Deliver, keys: int) -> Delivery:
    months = [f"20{year:02}{month:02}" for year in range(10, 26) for month in range(1, 13)][:keys]
    rows = [payment(month, paid=paid, paid_on="") for month in months for paid in ("1.00", "2.00")]
    return deliver(social_insurance(*rows, code=FIRST))


def test_all_of_a_filter_are_decided_with_one_reason(
    deliver: Deliver, registered: Delivery, cast: Cast, now: datetime
) -> None:
    delivery = _many(deliver, 30)
    others = deliver(social_insurance(payment(paid="1"), payment(paid="2"), code=SECOND))
    done = services.decide_found_rows(
        actor=cast.department.actor, found=HeldFilter(code=FIRST), decision="accept_last", reason="以后行为准", now=now
    )
    assert done == {"accepted": 30, "dismissed": 30}
    assert set(PaymentRecord.objects.values_list("paid_yuan", flat=True).order_by("paid_yuan")) == {2}
    assert _counts(delivery) == (60, 0, 30, 30, 0, 0)
    assert _counts(others) == (2, 0, 0, 0, 2, 0)


@pytest.mark.parametrize("killed", [False, True])
def test_very_many_are_decided_by_a_job_that_may_run_twice(
    deliver: Deliver,
    registered: Delivery,
    cast: Cast,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    delivery = _many(deliver, 110)
    monkeypatch.setattr("apps.records.services.held.BATCH_ROWS", 33)
    found = HeldFilter(item="social_insurance", reason="conflict", delivery=delivery.pk)
    job = services.decide_found_rows(
        actor=cast.department.actor, found=found, decision="accept_first", reason="以前行为准", now=now
    )
    assert isinstance(job, Job)
    late = deliver(social_insurance(payment(paid="1"), payment(paid="2"), code=SECOND))
    if killed:
        chunks = iter(range(2))
        original = services.held._locked

        def die(delivery_id: int) -> Delivery:
            if next(chunks, None) is None:
                raise KeyboardInterrupt
            return original(delivery_id)

        with monkeypatch.context() as patch:
            patch.setattr("apps.records.services.held._locked", die)
            with pytest.raises(KeyboardInterrupt):
                run_now(job)
        done = _counts(delivery)
        assert 0 < done[2] < 110
        Job.objects.filter(pk=job.pk).update(state="queued")
    assert run_now(job).state == "done", job.error
    assert _counts(delivery) == (220, 0, 110, 110, 0, 0)
    assert _counts(late)[4] == 2, "rows held after the decision are not decided by it"
    assert set(PaymentRecord.objects.values_list("paid_yuan", flat=True).order_by("paid_yuan")) == {1}


def test_a_decision_for_all_must_fit_all(conflict: Delivery, deliver: Deliver, cast: Cast, now: datetime) -> None:
    deliver(social_insurance(payment(), code=THIRD))
    actor = cast.department.actor
    with pytest.raises(InvalidInput, match="“尚无此主体”的行不能“每个主键采纳最后一行”"):
        services.decide_found_rows(actor=actor, found=HeldFilter(), decision="accept_last", reason="核对", now=now)
    with pytest.raises(InvalidInput, match="“采纳入库”需逐行选择"):
        services.decide_found_rows(actor=actor, found=HeldFilter(), decision="accept", reason="核对", now=now)
    with pytest.raises(InvalidInput, match="请填写理由"):
        services.decide_found_rows(actor=actor, found=HeldFilter(), decision="dismiss", reason=" ", now=now)


def test_the_page_shows_a_key_side_by_side_with_what_is_stored(
    conflict: Delivery, deliver: Deliver, client_for: ClientFor
) -> None:
    deliver(social_insurance(payment(paid="9.00"), code=FIRST))
    text = client_for("department").get(reverse("records:held_row_list"), {"reason": "conflict"}).content.decode()
    line = text[text.index("实缴金额(元)") : text.index("缴费日期")]
    for value in ("不同", "1.00", "2.00", "9.00", "现已入库"):
        assert value in line or value in text
    assert '<td data-label="现已入库">9.00</td>' in line
    operator = client_for("operator").get(reverse("records:held_row_list")).content.decode()
    assert "各行不同之处：实缴金额(元)" in operator
    assert "2.00" not in operator


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({}, 3),
        ({"reason": "conflict"}, 2),
        ({"reason": "unknown_subject"}, 1),
        ({"item": "social_insurance"}, 3),
        ({"item": "registration"}, 3),  # nothing of it waits, so it is no choice and is left out
        ({"code": THIRD.lower()}, 1),
        ({"delivery": "x"}, 3),
        ({"delivery": "999999"}, 0),
    ],
)
def test_filters_come_in_the_address(
    conflict: Delivery, deliver: Deliver, client_for: ClientFor, query: dict[str, str], rows: int
) -> None:
    deliver(social_insurance(payment(), code=THIRD))
    text = client_for("department").get(reverse("records:held_row_list"), query).content.decode()
    assert text.count('name="rows"') == rows


def test_buttons_decide_and_say_what_became(conflict: Delivery, client_for: ClientFor) -> None:
    client = client_for("department")
    first, second = _rows(conflict)
    address = reverse("records:held_row_decide") + "?reason=conflict"

    def press(**data: object) -> str:
        return client.post(address, {"reason": "核对", **data}, follow=True).content.decode()

    assert "请填写理由" in press(act=f"accept:{first.pk}", reason="")
    assert "没有这种处理方式" in press(act="accept:x")
    assert "请先勾选" in press(act="chosen", bulk="accept")
    assert "只能采纳其中一行" in press(act="chosen", bulk="accept", rows=[first.pk, second.pk])
    assert "已处理：入库1行，不予入库1行。" in press(act=f"accept:{first.pk}")
    assert "已由报送员处理为“不予入库”" in press(act=f"dismiss:{second.pk}")
    assert "没有待处理的行" in press(act="whole", bulk="dismiss")


def test_the_page_takes_the_same_queries_for_many(
    deliver: Deliver, registered: Delivery, client_for: ClientFor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    _many(deliver, 19)
    deliver(registration_file("丁有限公司", "丁有限公司"), "registration")
    client = client_for("department")
    with django_assert_max_num_queries(24):
        assert client.get(reverse("records:held_row_list")).status_code == 200


def test_a_source_of_nothing_sees_nothing(source: Source, client_for: ClientFor) -> None:
    assert "没有待处理的行" in client_for("department").get(reverse("records:held_row_list")).content.decode()
