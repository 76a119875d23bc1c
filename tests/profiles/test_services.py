from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.consents.models import AccessRecord
from apps.core.actor import SYSTEM
from apps.core.digests import canonical_json, sha256_of
from apps.core.errors import NotPermitted, StateConflict
from apps.core.models import AuditEvent
from apps.profiles import services
from apps.profiles.indicators import INDICATORS, Unit
from apps.profiles.models import Profile, ProfileHistory, Scorecard
from apps.profiles.scorecard import ScorecardError
from apps.records.models import PaymentRecord
from apps.subjects.models import Subject
from tests.profiles.factories import deliver, refresh
from tests.profiles.rules_in_force import card_data
from tests.profiles.test_portrait import DEBTOR, WHOLE
from tests.support.cast import Cast

SERIOUS = "处罚 文号=罚1 类=责令停产停业 日期=2026-05-15 公示至=2029-05-15"


@pytest.fixture
def firm(cast: Cast) -> Subject:
    subject_id = cast.owner.actor.subject_id
    return Subject.objects.get(pk=subject_id)


def profile_of(subject: Subject) -> Profile:
    return Profile.objects.get(subject_id=subject.pk)


def test_refresh_stores_what_the_records_say(firm: Subject, now: datetime, business_date: date) -> None:
    deliver(firm, f"{WHOLE}；{SERIOUS}", at=now)
    job = refresh(business_date, as_known=now, now=now)
    profile = profile_of(firm)
    assert job.result == {"subjects": 2, "computed": 2, "changed": 2, "ranges": 1}
    assert (profile.code, profile.name, profile.region_code) == (firm.code, firm.name, firm.region_code)
    assert (profile.as_of_on, profile.as_known_at, profile.computed_at) == (business_date, now, now)
    assert profile.declared_sales_12m_yuan == Decimal("1440.00")
    assert profile.declared_sales_growth_pct == Decimal("20.00")
    assert (profile.social_months, profile.social_headcount, profile.power_kwh_12m) == (24, 10, 1200)
    assert (profile.status, profile.tax_grade, profile.industry_section) == ("active", "A", "C")
    assert profile.penalties_serious == 1
    assert profile.penalties_serious_weight == Decimal("0.8321")
    assert profile.qualifications == []
    assert [block["code"] for block in profile.blocks] == ["CF_YZ"]
    assert (profile.has_block_whitelist, profile.has_block_application) == (True, False)
    assert {"SX_ZX", "CF_YZ", "ZT", "JY_YC"} <= set(profile.lists_checked)
    assert "SX_SW" not in profile.lists_checked
    assert profile.points["tax_grade"] == 10_000
    assert profile.points["enforcement"] is None
    assert profile.reasons[0]["slug"] == "penalties"
    assert profile.data_as_of_on == date(2026, 10, 31)


def test_a_subject_without_records_is_portrayed_as_unknown(cast: Cast, now: datetime, business_date: date) -> None:
    refresh(business_date, as_known=now, now=now)
    profile = Profile.objects.get(subject_id=cast.stranger.actor.subject_id)
    assert (profile.score, profile.grade, profile.coverage_pct) == (None, "", 0)
    assert (profile.tax_grade, profile.status, profile.size_class) == ("", "", "unknown")
    assert (profile.penalties_serious, profile.is_dishonest_debtor, profile.qualifications) == (None, None, None)
    assert profile.lists_checked == []


def test_every_indicator_is_a_column_of_the_profile() -> None:
    columns = {field.name: field for field in Profile._meta.concrete_fields}
    kinds = {
        **{Unit.FLAG: "BooleanField", Unit.TEXT: "CharField"},
        **{Unit.CODES: "JSONField", Unit.DATE: "DateField"},
    }
    for indicator in INDICATORS:
        expected = kinds.get(indicator.unit, "DecimalField" if indicator.decimals else "BigIntegerField")
        assert columns[indicator.slug].get_internal_type() == expected, indicator.slug


def test_the_same_again_returns_the_same_job_and_adds_no_history(
    firm: Subject, now: datetime, business_date: date
) -> None:
    deliver(firm, WHOLE, at=now)
    first = refresh(business_date, as_known=now, now=now)
    assert refresh(business_date, as_known=now, now=now).pk == first.pk
    later = now + timedelta(hours=1)
    again = refresh(business_date, as_known=later, now=later, whole=True)
    assert again.result == {"subjects": 2, "computed": 2, "changed": 0, "ranges": 1}
    assert ProfileHistory.objects.count() == 2
    assert profile_of(firm).as_known_at == later


def test_history_grows_with_new_records_and_keeps_the_old_portrait(
    firm: Subject, now: datetime, business_date: date
) -> None:
    deliver(firm, WHOLE, at=now)
    refresh(business_date, as_known=now, now=now)
    later = now + timedelta(days=1)
    deliver(firm, DEBTOR, at=later, items={"dishonest_debtor"})
    refresh(business_date + timedelta(days=1), as_known=later, now=later)
    first, second = ProfileHistory.objects.filter(subject_id=firm.pk).order_by("pk")
    assert first.payload["figures"]["is_dishonest_debtor"] is False
    assert second.payload["figures"]["is_dishonest_debtor"] is True
    assert first.input_digest != second.input_digest
    assert first.score == second.score
    assert profile_of(firm).is_dishonest_debtor


def test_history_digest_is_that_of_its_payload(firm: Subject, now: datetime, business_date: date) -> None:
    deliver(firm, WHOLE, at=now)
    refresh(business_date, as_known=now, now=now)
    for row in ProfileHistory.objects.order_by("pk"):
        assert sha256_of(canonical_json(row.payload)) == row.payload_digest


@pytest.mark.parametrize(
    "statement", ["UPDATE profiles_profilehistory SET score = 1", "DELETE FROM profiles_profilehistory"]
)
def test_history_cannot_be_rewritten(statement: str, firm: Subject, now: datetime, business_date: date) -> None:
    refresh(business_date, as_known=now, now=now)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_portrait_of_an_earlier_day_does_not_replace_a_later_one(
    firm: Subject, now: datetime, business_date: date
) -> None:
    deliver(firm, WHOLE, at=now)
    refresh(business_date, as_known=now, now=now)
    refresh(date(2026, 6, 1), as_known=now, now=now)
    assert profile_of(firm).as_of_on == business_date
    assert ProfileHistory.objects.filter(subject_id=firm.pk, as_of_on=date(2026, 6, 1)).exists()


def test_what_came_later_is_not_known_before(firm: Subject, now: datetime, business_date: date) -> None:
    deliver(firm, WHOLE, at=now - timedelta(days=2))
    deliver(firm, DEBTOR, at=now, items={"dishonest_debtor"})
    refresh(business_date, as_known=now - timedelta(days=1), now=now)
    assert profile_of(firm).is_dishonest_debtor is False
    refresh(business_date, as_known=now, now=now)
    assert profile_of(firm).is_dishonest_debtor is True


def test_a_correction_counts_from_when_it_was_known(firm: Subject, now: datetime, business_date: date) -> None:
    before = now - timedelta(days=2)
    deliver(firm, "社保 202609 人数=10 应缴=100 实缴=0；社保 202610 人数=10 应缴=100 实缴=100", at=before)
    PaymentRecord.objects.filter(period_on=date(2026, 9, 1)).update(superseded_at=now)
    deliver(firm, "社保 202609 人数=10 应缴=100 实缴=100", at=now, items={"social_insurance"})
    refresh(business_date, as_known=before, now=now)
    assert profile_of(firm).social_months == 1
    refresh(business_date, as_known=now, now=now)
    assert profile_of(firm).social_months == 2


def test_one_early_row_does_not_make_everybody_stop_paying(cast: Cast, now: datetime) -> None:
    subjects = list(Subject.objects.order_by("pk"))
    for subject in subjects:
        deliver(subject, "社保 202601..202609 人数=10 应缴=1 实缴=1", at=now + timedelta(seconds=subject.pk))
    early = now + timedelta(days=1)
    deliver(subjects[0], "社保 202610 人数=10 应缴=1 实缴=1", at=early, items={"social_insurance"})
    refresh(date(2026, 11, 20), as_known=early, now=early)
    assert set(Profile.objects.values_list("social_months", flat=True)) == {9}


def test_a_run_over_some_leaves_the_others_alone(cast: Cast, now: datetime, business_date: date) -> None:
    owner_id = cast.owner.actor.subject_id
    assert owner_id is not None
    job = refresh(business_date, as_known=now, now=now, subject_ids=[owner_id])
    assert job.result == {"subjects": 1, "computed": 1, "changed": 1, "ranges": 1}
    assert list(Profile.objects.values_list("subject_id", flat=True)) == [owner_id]


def test_small_ranges_give_the_same_profiles(
    cast: Cast, now: datetime, business_date: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, subject in enumerate(Subject.objects.order_by("pk")):
        deliver(subject, WHOLE if number else DEBTOR, at=now + timedelta(seconds=number))
    later = now + timedelta(minutes=1)
    refresh(business_date, as_known=later, now=now)
    digests = dict(Profile.objects.values_list("subject_id", "payload_digest"))
    monkeypatch.setattr("apps.profiles.services.refresh.SUBJECTS_A_RANGE", 1)
    job = refresh(business_date, as_known=later + timedelta(minutes=1), now=later, whole=True)
    assert job.result == {"subjects": 2, "computed": 2, "changed": 0, "ranges": 2}
    assert dict(Profile.objects.values_list("subject_id", "payload_digest")) == digests


def test_a_run_leaves_its_audit_event_and_one_access_record(cast: Cast, now: datetime, business_date: date) -> None:
    refresh(business_date, as_known=now, now=now)
    assert AuditEvent.objects.filter(verb="profiles.refresh").count() == 1
    [access] = AccessRecord.objects.all()
    assert (access.subject_id, access.subjects_count) == (None, 2)
    assert str(business_date) in access.run_label


@pytest.mark.parametrize("who", ["owner", "bank_officer", "authority", "department", "regulator", "auditor"])
def test_only_the_platform_starts_a_run(who: str, cast: Cast, now: datetime, business_date: date) -> None:
    actor = cast[who].actor
    with pytest.raises(NotPermitted):
        services.refresh_profiles(actor=actor, business_date=business_date, as_known=now, now=now)
    with pytest.raises(NotPermitted):
        services.recompute_profile(
            actor=actor, subject=Subject.objects.earliest("pk"), as_of=business_date, as_known=now, now=now
        )


def test_recomputing_finds_the_stored_digests_again(firm: Subject, now: datetime, business_date: date) -> None:
    deliver(firm, f"{WHOLE}；{SERIOUS}", at=now)
    refresh(business_date, as_known=now, now=now)
    stored = profile_of(firm)
    later = now + timedelta(days=30)
    deliver(firm, DEBTOR, at=later, items={"dishonest_debtor"})
    again = services.recompute_profile(
        actor=SYSTEM, subject=firm, as_of=stored.as_of_on, as_known=stored.as_known_at, now=later
    )
    assert again.profile.payload_digest == stored.payload_digest
    assert again.profile.input_digest == stored.input_digest
    assert again.source_rows["social_months"] == 24
    moved = {
        field.attname
        for field in Profile._meta.concrete_fields
        if getattr(again.profile, field.attname) != getattr(stored, field.attname)
    }
    assert moved == {"computed_at"}
    assert AuditEvent.objects.filter(verb="profiles.recompute", subject_id=firm.pk).count() == 1


def card_row(**changes: Any) -> dict[str, Any]:
    row = {
        "version": "FCS-9",
        "state": "published",
        "effective_from": "2030-01-01",
        "source_document": "测试",
        "certainty": "ours",
        "data": card_data() | {"version": "FCS-9"},
    }
    return row | changes


def test_load_scorecard_loads_once(db: None, now: datetime) -> None:
    first = services.load_scorecard(actor=SYSTEM, row=card_row(), now=now)
    assert services.load_scorecard(actor=SYSTEM, row=card_row(), now=now).pk == first.pk
    assert Scorecard.objects.filter(version="FCS-9").count() == 1
    assert AuditEvent.objects.filter(verb="profiles.load_scorecard", target_label="FCS-9").count() == 1


def test_load_scorecard_refuses_to_change_a_version(db: None, now: datetime) -> None:
    services.load_scorecard(actor=SYSTEM, row=card_row(), now=now)
    with pytest.raises(StateConflict):
        services.load_scorecard(actor=SYSTEM, row=card_row(data=card_data() | {"label": "别的"}), now=now)


def test_load_scorecard_refuses_an_incoherent_card(db: None, now: datetime) -> None:
    data = card_data()
    data["dimensions"][0]["max_points"] = 151
    with pytest.raises(ScorecardError):
        services.load_scorecard(actor=SYSTEM, row=card_row(data=data), now=now)
