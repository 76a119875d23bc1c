import json
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.profiles.indicators import INDICATORS
from apps.profiles.models import Profile
from apps.subjects.models import Subject, SubjectCode
from tests.profiles.factories import deliver, refresh
from tests.profiles.test_portrait import DEBTOR, WHOLE
from tests.support.cast import Cast


@pytest.fixture
def firm(cast: Cast, now: datetime) -> Subject:
    subject = Subject.objects.get(pk=cast.owner.actor.subject_id)
    SubjectCode.objects.get_or_create(code=subject.code, defaults={"subject": subject, "seen_from_at": now})
    deliver(subject, WHOLE, at=now)
    deliver(subject, DEBTOR, at=now + timedelta(days=1), items={"dishonest_debtor"})
    return subject


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def as_json(code: str, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(printed("profile", code, "--format", "json", *arguments))
    return document


def test_profile_prints_every_indicator_with_its_sources(firm: Subject, now: datetime) -> None:
    document = as_json(firm.code, "--as-of", "2026-11-15", "--as-known", (now + timedelta(days=2)).isoformat())
    assert [each["slug"] for each in document["indicators"]] == [indicator.slug for indicator in INDICATORS]
    sales = next(each for each in document["indicators"] if each["slug"] == "declared_sales_12m_yuan")
    assert (sales["value"], sales["unit"], sales["source_rows"]) == ("1440.00", "元", 24)
    assert sales["sources"][0]["item"] == "tax_payment"
    assert sales["sources"][0]["received_at"].startswith("2026-11-15T02:00:00")
    assert [block["code"] for block in document["blocks"]] == ["SX_ZX"]
    assert sum(float(each["max_points"]) for each in document["lines"]) == 1000
    assert document["disclaimer"] == "供金融机构参考，不构成征信/评级"


def test_profile_answers_what_was_known_then(firm: Subject, now: datetime, business_date: date) -> None:
    then = as_json(firm.code, "--as-of", "2026-11-15", "--as-known", now.isoformat())
    assert then["blocks"] == []
    refresh(business_date, as_known=now, now=now)
    stored = Profile.objects.get(subject_id=firm.pk)
    assert (then["input_digest"], then["payload_digest"]) == (stored.input_digest, stored.payload_digest)
    assert (then["score"], then["grade"]) == (stored.score, stored.grade)


def test_profile_answers_as_of_another_day(firm: Subject, now: datetime) -> None:
    document = as_json(firm.code, "--as-of", "2025-06-15", "--as-known", now.isoformat())
    months = next(each for each in document["indicators"] if each["slug"] == "social_months")
    assert months["value"] == 7


def test_profile_in_words(firm: Subject, now: datetime) -> None:
    text = printed("profile", firm.code, "--as-of", "2026-11-15", "--as-known", now.isoformat())
    assert "社保连续缴费月数：24个月  [24 条记录" in text
    assert "目录中还没有这一信息项" in text


def test_an_instant_without_zone_is_one_of_this_country(firm: Subject, now: datetime) -> None:
    given = as_json(firm.code, "--as-of", "2026-11-15", "--as-known", "2026-11-15T10:00:00")
    assert given["as_known"].startswith("2026-11-15T02:00:00")


def test_an_unknown_code_is_said_to_be_unknown(db: None) -> None:
    with pytest.raises(CommandError, match="没有统一社会信用代码"):
        call_command("profile", "91610305YY00000000")


def test_refresh_profiles_says_how_many(firm: Subject, now: datetime) -> None:
    text = printed("refresh_profiles", "--date", "2026-11-15", "--as-known", now.isoformat())
    assert "共 2 户，重新计算 2 户，其中 2 户有变化" in text
    assert Profile.objects.count() == 2


def test_refresh_profiles_fails_loudly(firm: Subject, now: datetime) -> None:
    with pytest.raises(CommandError, match="没有施行中的评分卡"):
        call_command("refresh_profiles", "--date", "2020-01-01")
