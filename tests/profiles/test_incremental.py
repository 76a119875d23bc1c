"""A night computes only whom it must, and comes to the last digit to what computing everybody comes to."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.jobs import claim, run_now
from apps.core.models import Job
from apps.profiles import selectors, services
from apps.profiles.models import Profile, ProfileHistory, ProfileRun
from apps.records.models import CatalogueItem, EventRecord, PaymentRecord, Source
from apps.subjects.models import Subject
from tests.profiles.factories import deliver, refresh, some_subjects
from tests.profiles.test_portrait import DEBTOR, WHOLE
from tests.support.cast import Cast

INSTANTS = {"as_of_on", "as_known_at", "computed_at"}
ONE_DAY = timedelta(days=1)
NEWS = (
    "公积金 2026{month:02} 户={n} 人数={n} 应缴={n} 实缴={n} 缴日=当月10",
    "用电 2026{month:02} 户={n} 量={n} 期限=次月25",
    "处罚 文号=罚{n} 类=罚款 日期=2026-10-{day:02} 公示至=2027-0{month2}-15",
    "处罚 文号=罚{n} 类=警告 日期=2026-06-{day:02} 公示至=2026-11-{day:02}",
    "失信 文号=执{n} 日期=2026-01-05 发布=2026-02-05 屏蔽=2026-11-{day:02}",
    "许可 文号=许{n} 类=普通 日期=2025-01-01 公示至=2026-11-{day:02}",
    "中标 文号=标{n} 日期=2024-11-{day:02} 金额={n}",
    "人员 姓名职务=甲{n}|法定代表人 自=2024-11-{day:02}",
    "荣誉 文号=荣{n} 类=市级 日期=2025-01-01 公示至=2026-11-{day:02}",
)


def stored(without: set[str] = INSTANTS) -> dict[int, dict[str, Any]]:
    rows = Profile.objects.order_by("subject_id").values()
    return {row["subject_id"]: {name: value for name, value in row.items() if name not in without} for row in rows}


def news(dice: random.Random, number: int) -> str:
    words = dice.choice(NEWS)
    return words.format(n=number, month=dice.randint(1, 9), month2=dice.randint(1, 9), day=dice.randint(10, 25))


@pytest.mark.parametrize("seed", range(4))
def test_incremental_nights_equal_a_whole_run_to_the_last_digit(seed: int, cast: Cast, now: datetime) -> None:
    dice = random.Random(seed)  # noqa: S311
    subjects = some_subjects(12, now=now)
    for number, subject in enumerate(subjects):
        founded = f"登记 成立={2010 + number}-0{1 + number % 9}-{1 + dice.randint(0, 27):02} 状态=active 行业=C1462"
        deliver(subject, f"{founded}；{WHOLE.partition('；')[2]}", at=now - timedelta(days=9, seconds=number))
    computed = []
    day, instant = date(2026, 11, 2), now - 8 * ONE_DAY
    for number in range(1, 9):
        for one in dice.sample(subjects, dice.randint(0, 2)):
            deliver(one, news(dice, number * 100 + one.pk), at=instant - timedelta(minutes=dice.randint(0, 50)))
        if dice.random() < 0.4:
            closed = dice.choice(subjects)
            PaymentRecord.objects.filter(subject_id=closed.pk, item_code="power", superseded_at=None).filter(
                period_on=date(2026, dice.randint(1, 9), 1)
            ).update(superseded_at=instant - timedelta(minutes=5))
        job = refresh(day, as_known=instant, now=instant)
        computed.append((job.result or {})["computed"])
        day, instant = day + timedelta(days=dice.randint(1, 4)), instant + ONE_DAY
    last_day, last = ProfileRun.objects.order_by("-pk").values_list("as_of_on", "as_known_at")[0]
    incremental = stored()
    again = refresh(last_day, as_known=last, now=last + timedelta(seconds=1), whole=True)
    assert (again.result or {})["computed"] == Subject.objects.count()
    assert stored() == incremental
    assert (again.result or {})["changed"] == 0
    assert min(computed[1:]) < len(subjects), computed


@pytest.fixture
def firms(cast: Cast, now: datetime, business_date: date) -> list[Subject]:
    subjects = list(Subject.objects.order_by("pk"))
    for number, subject in enumerate(subjects):
        deliver(subject, f"{WHOLE}", at=now - timedelta(hours=2, seconds=number))
    refresh(business_date, as_known=now, now=now)
    return subjects


def due(day: date, as_known: datetime) -> list[int]:
    return selectors.subjects_due_for_batch(selectors.basis_of(day, as_known), as_known)


def test_nobody_is_due_where_nothing_happened(firms: list[Subject], now: datetime, business_date: date) -> None:
    later = now + timedelta(hours=1)
    assert due(business_date, later) == []
    job = refresh(business_date + ONE_DAY, as_known=later, now=later)
    assert job.result == {"subjects": 2, "computed": 0, "changed": 0, "ranges": 0}
    run = selectors.latest_run()
    assert run is not None
    assert (run.as_of_on, run.as_known_at, run.subjects, run.computed) == (business_date + ONE_DAY, later, 2, 0)
    assert set(Profile.objects.values_list("as_of_on", flat=True)) == {business_date}


def test_those_are_due_whose_records_came_were_corrected_or_moved(
    firms: list[Subject], now: datetime, business_date: date
) -> None:
    first, second = firms
    later = now + timedelta(hours=1)
    deliver(first, DEBTOR, at=later, items={"dishonest_debtor"})
    assert due(business_date, later - timedelta(seconds=1)) == []
    assert due(business_date, later) == [first.pk]
    PaymentRecord.objects.filter(subject_id=second.pk, period_on=date(2026, 3, 1)).update(superseded_at=later)
    assert due(business_date, later) == [first.pk, second.pk]


def test_items_outside_every_indicator_make_nobody_due(
    firms: list[Subject], now: datetime, business_date: date
) -> None:
    later = now + timedelta(hours=1)
    delivery = EventRecord.objects.create(
        subject_id=firms[0].pk,
        item_code="public_opinion",
        key_text="1",
        authority="",
        class_text="负面",
        title="",
        delivery=Source.objects.get().deliveries.earliest("pk"),
        row_number=1,
        recorded_at=later,
    )
    assert CatalogueItem.objects.filter(code=delivery.item_code).exists()
    assert due(business_date, later) == []


def test_a_renamed_firm_is_due(firms: list[Subject], now: datetime, business_date: date) -> None:
    Subject.objects.filter(pk=firms[1].pk).update(name="新名称")
    assert due(business_date, now) == [firms[1].pk]
    refresh(business_date, as_known=now + ONE_DAY, now=now + ONE_DAY)
    assert Profile.objects.get(pk=firms[1].pk).name == "新名称"


def test_a_firm_is_due_on_the_day_it_grows_older(firms: list[Subject], now: datetime) -> None:
    assert due(date(2026, 11, 30), now) == []
    assert due(date(2026, 12, 1), now) == [each.pk for each in firms]


def test_all_are_due_when_a_new_month_or_another_rule_comes(
    firms: list[Subject], now: datetime, business_date: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.profiles.portrait.INDICATOR_VERSION", "2099.1")
    assert due(business_date, now) == [each.pk for each in firms]


def test_an_earlier_day_or_knowledge_is_computed_and_leaves_the_latest_portrait_alone(
    firms: list[Subject], now: datetime, business_date: date
) -> None:
    before = stored(set())
    for _ in range(2):
        refresh(date(2026, 6, 1), as_known=now - timedelta(hours=1), now=now + timedelta(hours=1 + _))
    assert stored(set()) == before
    assert ProfileHistory.objects.filter(as_of_on=date(2026, 6, 1)).count() == 2


def test_what_retention_deletes_makes_a_firm_due(firms: list[Subject], now: datetime, business_date: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE xq_batch")
        cursor.execute(
            "INSERT INTO records_deletionproof (kept, item_code, action, counts_from, months, business_date, first_on,"
            " last_on, first_recorded_at, rows, digest, subject_ids, at, actor_name) VALUES ('payment', 'power',"
            " 'delete', 'period_end', 60, %s, %s, %s, %s, 1, '', %s, %s, '')",
            [business_date, business_date, business_date, now, [firms[0].pk], now],
        )
        cursor.execute("SET ROLE xq_app")
    assert due(business_date, now) == [firms[0].pk]


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(
    firms: list[Subject], now: datetime, business_date: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now + timedelta(hours=1)
    for number, firm in enumerate(firms):
        deliver(firm, DEBTOR, at=later + timedelta(seconds=number), items={"dishonest_debtor"})
    as_known = later + timedelta(minutes=1)
    monkeypatch.setattr("apps.profiles.services.refresh.SUBJECTS_A_RANGE", 1)
    job = services.refresh_profiles(
        actor=SYSTEM, business_date=business_date, as_known=as_known, now=as_known, subject_ids=None
    )
    lease = claim(job.pk)
    assert lease is not None
    saved = services.refresh.save
    monkeypatch.setattr("apps.profiles.services.refresh.save", _once(saved))
    terms = {"business_date": business_date, "as_known": as_known, "now": as_known}
    with pytest.raises(KeyboardInterrupt):
        services.compute_profiles(lease=lease, **terms)
    assert not ProfileRun.objects.filter(as_known_at=as_known).exists()
    monkeypatch.setattr("apps.profiles.services.refresh.save", saved)
    assert services.compute_profiles(lease=lease, **terms)["computed"] == 1
    assert ProfileHistory.objects.filter(computed_at=as_known).count() == 2
    assert ProfileRun.objects.filter(as_known_at=as_known).count() == 1


def _once(save: Any) -> Any:
    calls: list[int] = []

    def killed_at_the_second(rows: Any) -> int:
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return int(save(rows))

    return killed_at_the_second


def test_a_run_rests_on_nothing_that_is_still_being_written(
    firms: list[Subject], now: datetime, business_date: date
) -> None:
    begun = now + timedelta(minutes=5)
    Job.objects.create(
        kind="records.intake",
        key="x",
        state="running",
        payload={},
        actor=SYSTEM.as_json(),
        created_at=begun,
        started_at=begun,
        lease_until=clock.machine_now() + ONE_DAY,
    )
    later = now + timedelta(hours=1)
    job = services.refresh_profiles(
        actor=SYSTEM, business_date=business_date, as_known=later, now=later, subject_ids=None, whole=True
    )
    run_now(job)
    assert set(Profile.objects.values_list("as_known_at", flat=True)) == {begun - timedelta(microseconds=1)}
