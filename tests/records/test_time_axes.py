"""Two time axes: what was true of a period, and when we knew it. Any state ever answered can be answered again.

The oracle below is plain Python that knows nothing of tables, chunks or frames.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.jobs import LeaseLost, claim, run_now
from apps.core.models import Job
from apps.records import selectors, services
from apps.records.models import Delivery, HeldRow, PaymentRecord, Source
from apps.subjects.models import Subject
from tests.records.conftest import Deliver
from tests.records.malformed.support import LONG
from tests.records.support import CODES, SOCIAL_INSURANCE, payment, registration_file, social_insurance
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
FIRST, SECOND, _ = CODES
MONTHS = ("202608", "202609", "202610")
WORDS = {"": "", "replace": "更正", "withdraw": "撤销"}
Key = tuple[str, str]


@dataclass
class Fact:
    """What was said of a key, from when it was known until when; None: still."""

    key: Key
    paid: int
    delivery: int
    known_from: int
    known_to: int | None = None


@dataclass
class Row:
    """A row that waits."""

    delivery: int
    number: int
    key: Key
    paid: int
    operation: str
    reason: str


@dataclass
class Oracle:
    """The history as it must be, in whole ticks of the clock."""

    facts: list[Fact] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    subjects: set[str] = field(default_factory=lambda: {FIRST})

    def known(self, tick: int) -> set[tuple[Key, int]]:
        return {
            (fact.key, fact.paid)
            for fact in self.facts
            if fact.known_from <= tick and (fact.known_to is None or fact.known_to > tick)
        }

    def live(self, key: Key) -> Fact | None:
        return next((fact for fact in self.facts if fact.key == key and fact.known_to is None), None)

    def deliver(self, delivery: int, rows: list[tuple[Key, int, str]], tick: int) -> None:
        seen: set[tuple[Key, int, str]] = set()
        for number, (key, paid, operation) in enumerate(rows, start=2):
            row = Row(delivery, number, key, paid, operation, "")
            if len({(p, o) for k, p, o in rows if k == key}) > 1:
                self.waiting.append(Row(**{**vars(row), "reason": "conflict"}))
            elif (key, paid, operation) not in seen:
                self.apply(row, tick)
            seen.add((key, paid, operation))

    def apply(self, row: Row, tick: int, decided: bool = False) -> None:
        live = self.live(row.key)
        reason = ""
        if row.key[0] not in self.subjects:
            reason = "unknown_subject"
        elif row.operation == "withdraw":
            if live is None and not any(fact.key == row.key for fact in self.facts):
                reason = "nothing_to_correct"
        elif row.operation == "replace" and live is None:
            came = any(fact.key[1] == row.key[1] and fact.delivery != row.delivery for fact in self.facts)
            reason = "" if came else "nothing_to_correct"
        elif live and live.paid != row.paid and live.delivery == row.delivery and not decided:
            reason = "conflict"
        if reason:
            self.waiting.append(Row(**{**vars(row), "reason": reason}))
            return
        if live and (row.operation == "withdraw" or live.paid != row.paid):
            live.known_to = tick
        if row.operation != "withdraw" and (live is None or live.paid != row.paid):
            self.facts.append(Fact(row.key, row.paid, row.delivery, tick))

    def retry(self, tick: int) -> None:
        for row in sorted(self.waiting, key=lambda each: (each.delivery, each.number)):
            if row.reason not in ("unknown_subject", "nothing_to_correct"):
                continue
            if row.reason == "unknown_subject" and row.key[0] not in self.subjects:
                continue
            live = self.live(row.key)
            if not row.operation and live and live.delivery > row.delivery and live.paid != row.paid:
                row.reason = "overtaken"
                continue
            self.waiting.remove(row)
            self.apply(row, tick)

    def decidable(self) -> list[Row]:
        return sorted(
            (row for row in self.waiting if row.reason in ("conflict", "overtaken")),
            key=lambda each: (each.delivery, each.number),
        )

    def accept(self, row: Row, tick: int) -> None:
        self.waiting.remove(row)
        if row.reason == "conflict":
            others = [each for each in self.waiting if (each.delivery, each.key) == (row.delivery, row.key)]
            self.waiting = [each for each in self.waiting if each not in others]
        self.apply(row, tick, decided=True)

    def dismiss(self, row: Row) -> None:
        self.waiting.remove(row)


_rows = st.lists(
    st.tuples(
        st.tuples(st.sampled_from([FIRST, SECOND]), st.sampled_from(MONTHS)),
        st.integers(1, 3),
        st.sampled_from(["", "", "", "replace", "withdraw"]),
    ),
    min_size=1,
    max_size=5,
)
_operations = st.one_of(
    st.tuples(st.just("deliver"), _rows),
    st.tuples(st.just("register"), st.none()),
    st.tuples(st.just("retry"), st.none()),
    st.tuples(st.just("accept"), st.integers(0, 9)),
    st.tuples(st.just("dismiss"), st.integers(0, 9)),
)


def _at(now: datetime, tick: int) -> datetime:
    return now + timedelta(minutes=tick)


class World:
    """The real thing beside the oracle, on one clock that moves a minute an operation."""

    def __init__(self, deliver: Deliver, cast: Cast, now: datetime, clock: "Clock") -> None:
        self.deliver, self.cast, self.now, self.clock = deliver, cast, now, clock
        self.oracle, self.tick = Oracle(), 0
        self.deliveries: list[Delivery] = []
        self.answers: dict[int, set[tuple[Key, int]]] = {}

    def do(self, what: str, given: Any) -> None:
        self.tick += 1
        self.clock.now = _at(self.now, self.tick)
        getattr(self, f"do_{what}")(given)
        self.check()

    def do_deliver(self, rows: list[tuple[Key, int, str]]) -> None:
        lines = [
            payment(month, paid=f"{paid}.00", code=code) + f",{WORDS[operation]}"
            for (code, month), paid, operation in rows
        ]
        # The remark makes every file another one, so that no delivery repeats an earlier file.
        content = "\n".join([f"{SOCIAL_INSURANCE},操作类型", *lines, f"备注：第{self.tick}份", ""])
        self.deliveries.append(self.deliver(content, at=self.clock.now))
        self.oracle.deliver(len(self.deliveries) - 1, rows, self.tick)

    def do_register(self, _: None) -> None:
        self.deliver(registration_file("甲有限公司", "乙有限公司"), "registration", at=self.clock.now)
        self.oracle.subjects.add(SECOND)

    def do_retry(self, _: None) -> None:
        job = Job.objects.filter(kind="records.retry_held", state="queued").order_by("pk").first()
        if job is not None:
            assert run_now(job).state == "done", job.error
            self.oracle.retry(self.tick)

    def do_accept(self, choice: int) -> None:
        self._decide(choice, "accept")

    def do_dismiss(self, choice: int) -> None:
        self._decide(choice, "dismiss")

    def _decide(self, choice: int, decision: str) -> None:
        rows = self.oracle.decidable()
        if not rows:
            return
        row = rows[choice % len(rows)]
        held = HeldRow.objects.get(delivery=self.deliveries[row.delivery], row_number=row.number, state="open")
        services.decide_held_rows(
            actor=self.cast.department.actor,
            row_ids=[held.pk],
            decision=decision,
            reason="核对",
            now=self.clock.now,
        )
        if decision == "accept":
            self.oracle.accept(row, self.tick)
        else:
            self.oracle.dismiss(row)

    def check(self) -> None:
        """Every instant so far is answered as the oracle says and as it was answered before."""
        self.answers[self.tick] = self.oracle.known(self.tick)
        for tick, answer in self.answers.items():
            assert self.oracle.known(tick) == answer, "the oracle itself keeps its word"
            assert _framed(_at(self.now, tick)) == answer, f"as known at tick {tick}, asked at {self.tick}"
            assert _framed(_at(self.now, tick) + timedelta(seconds=59)) == answer
        assert _framed(None) == self.oracle.known(self.tick)
        waiting = {(row.delivery, row.number, row.reason) for row in self.oracle.waiting}
        places = {delivery.pk: number for number, delivery in enumerate(self.deliveries)}
        open_rows = HeldRow.objects.filter(state="open", delivery__in=places).order_by("pk")
        assert {(places[row.delivery_id], row.row_number, row.reason) for row in open_rows} == waiting


def _framed(at: datetime | None) -> set[tuple[Key, int]]:
    """What the selectors for frames say was known, compared with what those for pages say."""
    ids = sorted(Subject.objects.order_by("pk").values_list("pk", flat=True))
    codes = dict(Subject.objects.order_by("pk").values_list("pk", "code"))
    frame = selectors.payments_for_batch(ids[0], ids[-1], ["social_insurance"], at)
    rows = frame.select("subject_id", "period_on", "paid_fen").rows()
    said = [((codes[pk], f"{period:%Y%m}"), paid // 100) for pk, period, paid in rows]
    assert len(said) == len(set(said))
    paged = selectors.as_known(PaymentRecord.objects.filter(item_code="social_insurance"), at).order_by("pk")
    assert sorted(paged.values_list("pk", flat=True)) == sorted(frame["id"].to_list())
    return set(said)


class Clock:
    """The business clock, standing still between operations."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Everything that reads the clock reads this one."""
    clock = Clock(now)
    monkeypatch.setattr("apps.core.clock.now", clock)
    return clock


@settings(
    max_examples=500 if LONG else 8,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(_operations, min_size=2, max_size=7))
def test_any_state_ever_answered_is_answered_again(
    deliver: Deliver, cast: Cast, now: datetime, clock: Clock, operations: list[tuple[str, Any]]
) -> None:
    with transaction.atomic():
        clock.now = now
        deliver(registration_file("甲有限公司"), "registration")
        world = World(deliver, cast, now, clock)
        for what, given_ in operations:
            world.do(what, given_)
        transaction.set_rollback(True)


def test_a_back_dated_correction_changes_one_axis_only(
    deliver: Deliver, clock: Clock, cast: Cast, now: datetime
) -> None:
    deliver(registration_file("甲有限公司"), "registration")
    world = World(deliver, cast, now, clock)
    august, september = (FIRST, "202608"), (FIRST, "202609")
    world.do("deliver", [(august, 1, ""), (september, 1, "")])
    world.do("deliver", [(september, 2, "")])
    before = {tick: _framed(_at(now, tick)) for tick in (1, 2)}
    world.do("deliver", [(august, 3, "replace")])
    assert {tick: _framed(_at(now, tick)) for tick in (1, 2)} == before, "what we knew then is as it was"
    assert _framed(_at(now, 3)) == {(august, 3), (september, 2)}, "of August we know better, of September as before"
    old, new = PaymentRecord.objects.filter(period_on=date(2026, 8, 1)).order_by("pk")
    assert (old.period_on, old.paid_yuan) == (new.period_on, 1), "the period is the same, the old row untouched"
    assert old.superseded_at == new.recorded_at == _at(now, 3)


def test_a_delivery_becomes_known_at_one_instant_whoever_writes_it(
    source: Source, registered: Delivery, clock: Clock, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies between two chunks and another one goes on an hour later; in between the night asks."""
    monkeypatch.setattr("apps.records.services.judging.chunk_rows", lambda rows: 1)
    content = social_insurance(payment("202608"), payment("202609"), payment("202610"), code=FIRST)
    clock.now = _at(now, 10)
    delivery = services.receive_delivery(
        actor=cast.department.actor,
        source=source,
        item_code="social_insurance",
        file_name="a.csv",
        content=content.encode(),
        now=clock.now,
    )
    lease = claim(delivery.job.pk)  # type: ignore[union-attr]
    assert lease is not None
    chunks = iter(range(2))
    original = services.intake._apply_chunk

    def die(*args: Any) -> Any:
        if next(chunks, None) is None:
            raise LeaseLost
        return original(*args)

    with monkeypatch.context() as patch:
        patch.setattr("apps.records.services.intake._apply_chunk", die)
        with pytest.raises(LeaseLost):
            services.apply_delivery(delivery_id=delivery.pk, lease=lease, now=clock.now)
    assert PaymentRecord.objects.count() == 2, "half of it is written"
    clock.now = _at(now, 30)
    final = selectors.known_until(clock.now)
    assert final == _at(now, 10) - timedelta(microseconds=1), "what is half written is not yet known for good"
    asked = _framed(final)
    clock.now = _at(now, 70)
    Job.objects.filter(pk=lease.job_id).update(state="queued")
    assert run_now(delivery.job).state == "done"  # type: ignore[arg-type]
    assert set(PaymentRecord.objects.order_by("pk").values_list("recorded_at", flat=True)) == {_at(now, 10)}
    assert _framed(final) == asked == set()
    assert len(_framed(_at(now, 10))) == 3
    assert selectors.known_until(clock.now) == clock.now


def test_decisions_that_are_being_made_are_not_known_for_good(
    source: Source, registered: Delivery, cast: Cast, clock: Clock, now: datetime
) -> None:
    Job.objects.create(
        kind="records.retry_held",
        key="1",
        actor=cast.operator.actor.as_json(),
        state="running",
        created_at=now,
        started_at=_at(now, 5),
    )
    assert selectors.known_until(_at(now, 9)) == _at(now, 5) - timedelta(microseconds=1)
    assert selectors.known_until(_at(now, 4)) == _at(now, 4)


def test_the_filter_is_spelled_in_one_place() -> None:
    root = Path(project.BASE_DIR) / "apps"
    spelled = re.compile(r"\brecorded_at(__lte|\s*<=)|superseded_at(__gt|\s*>)")
    found = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if spelled.search(path.read_text())}
    assert found == {"records/selectors/knowing.py"}
