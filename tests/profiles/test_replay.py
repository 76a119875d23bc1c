"""A stored portrait found again from its inputs, or the plain word why not."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core.actor import SYSTEM
from apps.core.errors import NotPermitted
from apps.core.jobs import enqueue, run_now
from apps.core.models import AuditEvent
from apps.profiles import services
from apps.profiles.comparing import Difference, differences
from apps.profiles.models import ProfileHistory
from apps.records.models import Delivery, PaymentRecord
from apps.subjects.models import Subject, SubjectCode
from tests.profiles.factories import deliver, refresh
from tests.profiles.test_portrait import DEBTOR, WHOLE
from tests.profiles.test_services import card_row
from tests.support.cast import Cast


@pytest.fixture
def firm(cast: Cast, now: datetime) -> Subject:
    subject = Subject.objects.get(pk=cast.owner.actor.subject_id)
    SubjectCode.objects.get_or_create(code=subject.code, defaults={"subject": subject, "seen_from_at": now})
    deliver(subject, WHOLE, at=now)
    return subject


@pytest.fixture
def as_worker() -> Iterator[None]:
    """What follows is done as the role of workers, which alone may retire anything."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE xq_batch")
        yield
        cursor.execute("SET ROLE xq_app")


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("replay", "profile", *arguments, stdout=out)
    return out.getvalue()


def test_differences_names_what_differs_and_nothing_else() -> None:
    before = {"figures": {"a": 1, "b": 2}, "points": {"x": 5}, "score": 700, "grade": "B"}
    after = {"figures": {"a": 1, "b": 3, "c": 4}, "points": {"x": 5}, "score": 710, "grade": "B"}
    assert differences(before, after) == [
        Difference("figures.b", 2, 3),
        Difference("figures.c", None, 4),
        Difference("score", 700, 710),
    ]
    assert differences(before, before) == []


def test_every_stored_portrait_is_found_again(firm: Subject, now: datetime, business_date: date) -> None:
    refresh(business_date, as_known=now, now=now)
    later = now + timedelta(days=1)
    deliver(firm, DEBTOR, at=later, items={"dishonest_debtor"})
    refresh(business_date + timedelta(days=1), as_known=later, now=later)
    assert "一致 (same)" in told("--subject", firm.code, "--at", now.isoformat())
    assert f"画像日期 {business_date}" in told("--subject", firm.code, "--at", now.isoformat())
    assert f"画像日期 {business_date + timedelta(days=1)}" in told("--subject", firm.code, "--at", later.isoformat())
    assert f"核对 {ProfileHistory.objects.count()} 份：same {ProfileHistory.objects.count()}" in told("--sample", "200")


def test_a_later_scorecard_does_not_touch_an_older_portrait(firm: Subject, now: datetime, business_date: date) -> None:
    refresh(business_date, as_known=now, now=now)
    services.load_scorecard(actor=SYSTEM, row=card_row(effective_from="2026-01-01"), now=now)
    assert "评分卡 FCS-1" in (said := told("--subject", firm.code))
    assert "一致 (same)" in said


def test_a_row_slipped_in_afterwards_is_named(firm: Subject, now: datetime, business_date: date) -> None:
    refresh(business_date, as_known=now, now=now)
    deliver(firm, "社保 202409..202410 人数=10 应缴=1 实缴=1", at=now - timedelta(hours=1), items={"social_insurance"})
    out = StringIO()
    with pytest.raises(CommandError, match="不一致"):
        call_command("replay", "profile", "--subject", firm.code, stdout=out)
    assert "figures.social_months：当时 24，重算 26" in out.getvalue()
    assert "input_digest" in out.getvalue()


def test_what_retention_has_deleted_is_said_plainly(
    firm: Subject, as_worker: None, now: datetime, business_date: date
) -> None:
    refresh(business_date, as_known=now, now=now)
    Delivery.objects.update(read=1000, accepted=1000)
    ends = date(2030, 6, 1)
    run_now(enqueue(actor=SYSTEM, kind="records.retire", key="r", payload={}, now=now, business_date=ends))
    assert PaymentRecord.objects.filter(subject_id=firm.pk).count() < 72
    said = told("--subject", firm.code)
    assert "inputs_deleted" in said
    assert "2030-06-01 删除 social_insurance" in said
    assert "different 0" in said


def test_before_the_first_portrait_there_is_nothing_to_replay(firm: Subject, now: datetime) -> None:
    with pytest.raises(CommandError, match="还没有信用画像"):
        told("--subject", firm.code)
    with pytest.raises(CommandError, match="没有统一社会信用代码"):
        told("--subject", "91610305MA00000000")


def test_a_replay_is_on_record_and_for_the_platform_only(
    firm: Subject, cast: Cast, now: datetime, business_date: date
) -> None:
    refresh(business_date, as_known=now, now=now)
    services.replay_profile(actor=SYSTEM, subject=firm, at=now, now=now)
    assert AuditEvent.objects.get(verb="profiles.replay").subject_id == firm.pk
    with pytest.raises(NotPermitted):
        services.replay_profile(actor=cast.bank_officer.actor, subject=firm, at=now, now=now)
