from datetime import date, datetime, timedelta

import polars as pl
import pytest
from django.db import transaction

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core.actor import EVERYWHERE
from apps.core.errors import NotPermitted
from apps.core.permit import Permit
from apps.criteria.columns import dtype_of
from apps.criteria.facts import FACTS, FactKind
from apps.profiles import selectors
from apps.profiles.models import Profile
from apps.reference.models import BlockList
from apps.subjects.models import Subject
from tests.profiles.factories import deliver, refresh
from tests.profiles.test_portrait import DEBTOR, WHOLE
from tests.support.cast import REGION, Cast


def permit_of(cast: Cast, subject_id: int, now: datetime) -> Permit:
    with transaction.atomic():
        return gate.open(
            actor=cast.owner.actor,
            subject_id=subject_id,
            purpose=Purpose.REPORT,
            items=selectors.PROFILE_ITEMS,
            now=now,
        )


@pytest.fixture
def firm(cast: Cast, now: datetime, business_date: date) -> Subject:
    subject = Subject.objects.get(pk=cast.owner.actor.subject_id)
    deliver(subject, f"{WHOLE}；{DEBTOR}", at=now)
    refresh(business_date, as_known=now, now=now)
    return subject


def test_a_profile_is_read_with_the_permit_of_its_subject(firm: Subject, cast: Cast, now: datetime) -> None:
    permit = permit_of(cast, firm.pk, now)
    profile = selectors.latest_profile_of(firm.pk, permit=permit)
    assert profile is not None
    assert profile.subject_id == firm.pk
    other = cast.stranger.actor.subject_id
    assert other is not None
    for read in (selectors.latest_profile_of, selectors.history_of):
        with pytest.raises(NotPermitted):
            read(other, permit=permit)  # type: ignore[operator]


def test_profiles_are_listed_to_their_firm_only(firm: Subject, cast: Cast) -> None:
    assert [row.pk for row in Profile.objects.visible_to(cast.owner.actor)] == [firm.pk]
    for who in ("bank_officer", "authority", "regulator", "department", "operator"):
        assert not Profile.objects.visible_to(cast[who].actor).exists()


def test_profiles_for_batch_gives_every_fact_of_the_firm_in_its_type(firm: Subject) -> None:
    frame = selectors.profiles_for_batch([REGION])
    row = frame.filter(pl.col("subject_id") == firm.pk).row(0, named=True)
    for fact in FACTS.values():
        if fact.kind is FactKind.FIRM and "{}" not in fact.name:
            assert frame.schema[fact.name] == dtype_of(fact.type), fact.name
    assert row["declared_sales_12m_yuan"] == 144_000
    assert row["declared_sales_growth_pct"] == 2_000
    assert row["coverage_pct"] == 7_700
    assert (row["tax_grade"], row["status"], row["qualifications"]) == ("A", "active", [])
    assert row["size_class"] is None


def test_profiles_for_batch_tells_listed_from_checked_from_unknown(firm: Subject) -> None:
    frame = selectors.profiles_for_batch([REGION])
    row = frame.filter(pl.col("subject_id") == firm.pk).row(0, named=True)
    assert row["listed_SX_ZX"] is True
    assert row["listed_JY_YC"] is False
    assert row["listed_SX_SW"] is None
    assert {f"listed_{code}" for code in BlockList.objects.values_list("code", flat=True)} <= set(frame.columns)


def test_profiles_for_batch_keeps_to_the_regions(firm: Subject) -> None:
    assert selectors.profiles_for_batch(["610302"]).is_empty()
    assert selectors.profiles_for_batch(EVERYWHERE).height == selectors.profiles_for_batch([REGION]).height == 2


def test_card_in_force_is_the_newest_published_one(db: None) -> None:
    assert selectors.card_in_force(date(2026, 11, 15)).version == "FCS-1"
    with pytest.raises(selectors.ScorecardMissing):
        selectors.card_in_force(date(2020, 1, 1))


def test_basis_takes_the_newest_whole_month_of_each_item(firm: Subject, now: datetime) -> None:
    basis = selectors.basis_of(date(2026, 11, 15), now)
    assert basis.setting.items["power"].newest_on == date(2026, 10, 31)
    assert basis.setting.items["penalty"].newest_on is None
    assert basis.setting.items["penalty"].absence_means_none
    assert not basis.setting.items["power"].absence_means_none
    before = selectors.basis_of(date(2026, 11, 15), now - timedelta(days=1))
    assert before.setting.items == {}
    earlier_day = selectors.basis_of(date(2026, 6, 15), now)
    assert earlier_day.setting.items["power"].newest_on == date(2026, 5, 31)


def test_freshness_tells_rows_sender_and_time(firm: Subject, cast: Cast, now: datetime) -> None:
    found = {each.item: each for each in selectors.freshness_of(firm.pk, now, permit=permit_of(cast, firm.pk, now))}
    assert (found["power"].rows, found["power"].newest_on) == (24, date(2026, 10, 31))
    assert (found["power"].sender, found["power"].received_at) == ("凤翔区数据局", now)
    assert (found["bid_won"].rows, found["bid_won"].newest_on) == (0, None)
    before = selectors.freshness_of(firm.pk, now - timedelta(days=1), permit=permit_of(cast, firm.pk, now))
    assert {each.received_at for each in before} == {None}
    assert {each.rows for each in before} == {0}


def test_subject_ranges_cover_everybody_once(cast: Cast) -> None:
    ids = list(Subject.objects.order_by("pk").values_list("pk", flat=True))
    for size in (1, 2, 100):
        ranges = selectors.subject_ranges_for_batch(size, ids)
        assert [pk for first, last in ranges for pk in ids if first <= pk <= last] == ids
        assert len(ranges) == -(-len(ids) // size)
    assert selectors.subject_ranges_for_batch(10, []) == []
