"""`/api/v1/profiles/`: nobody lists or reads a portrait without consent and reason, and every reading is on record."""

import pytest

from apps.consents.models import AccessRecord
from apps.consents.rules import Purpose
from apps.consents.services import withdraw_consent
from apps.core import clock
from apps.core.models import AuditEvent
from apps.subjects.models import SubjectCode
from tests.consents.factories import give, reason
from tests.matching.factories import profile

LIST = "/api/v1/profiles/"
CODE = "91610305YYH3A7Q20D"
WHY = "purpose=pre_loan_review"


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def portraits(cast, now):
    """Portraits of both firms of the cast."""
    for name in ("owner", "stranger"):
        subject = cast[name].organization.subject
        SubjectCode.objects.create(subject=subject, code=subject.code, seen_from_at=now)
        profile(subject, now, score=812, grade="AA")


def codes(response):
    assert response.status_code == 200, response.content
    return [row["code"] for row in response.json()["results"]]


def test_a_firm_lists_and_reads_itself_without_a_record(client_for, portraits):
    client = client_for("accountant")
    assert codes(client.get(LIST)) == [CODE]
    body = client.get(f"{LIST}{CODE}/").json()
    assert (body["score"], body["annual_revenue_yuan"], body["tax_paid_12m_yuan"]) == (812, "12000000.00", None)
    assert AccessRecord.objects.count() == 0


def test_a_foreign_firm_is_answered_like_a_missing_one(client_for, portraits):
    foreign = client_for("stranger").get(f"{LIST}{CODE}/")
    missing = client_for("stranger").get(f"{LIST}91610305YYZZZZZZ0Z/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() | {"instance": ""} == missing.json() | {"instance": ""}


def test_a_bank_lists_those_with_consent_and_reason_only(client_for, cast, portraits, now):
    client = client_for("bank_officer")
    assert codes(client.get(f"{LIST}?{WHY}")) == []
    give(cast.owner, now=now)
    give(cast.stranger, now=now)
    assert codes(client.get(f"{LIST}?{WHY}")) == []
    reason(cast.bank_officer, cast.owner, now=now)
    assert codes(client.get(f"{LIST}?{WHY}")) == [CODE]
    assert codes(client_for("other_bank_officer").get(f"{LIST}?{WHY}")) == []


def test_the_list_and_the_gate_agree(client_for, cast, portraits, now):
    client = client_for("bank_officer")
    consent = give(cast.owner, now=now, purposes=[Purpose.MATCHING])
    reason(cast.bank_officer, cast.owner, now=now)
    for purpose in Purpose:
        listed = codes(client.get(f"{LIST}?purpose={purpose}"))
        opened = client.get(f"{LIST}{CODE}/?purpose={purpose}").status_code
        assert (listed == [CODE]) == (opened == 200) == (purpose == Purpose.MATCHING), purpose
    withdraw_consent(actor=cast.owner.actor, consent_id=consent.pk, now=now)
    assert codes(client.get(f"{LIST}?purpose=matching")) == []
    assert client.get(f"{LIST}{CODE}/?purpose=matching").status_code == 403


def test_the_list_shows_identities_without_a_figure(client_for, cast, portraits, now):
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now)
    (row,) = client_for("bank_officer").get(f"{LIST}?{WHY}").json()["results"]
    assert set(row) == {"code", "name", "kind", "region_code", "as_of_on"}
    assert AccessRecord.objects.count() == 0


def test_each_reading_of_a_bank_is_on_record(client_for, cast, portraits, now):
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now)
    client = client_for("bank_officer")
    first = client.get(f"{LIST}{CODE}/?{WHY}")
    assert first.json()["score"] == 812
    again = client.get(f"{LIST}{CODE}/?{WHY}", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    records = AccessRecord.objects.order_by("pk")
    assert [(r.subject_id, r.purpose) for r in records] == [(cast.owner.actor.subject_id, "pre_loan_review")] * 2


def test_without_consent_the_sentence_names_what_is_missing(client_for, portraits):
    response = client_for("bank_officer").get(f"{LIST}{CODE}/?{WHY}")
    body = response.json()
    assert (response.status_code, body["code"]) == (403, "access-refused")
    assert "没有授权" in body["detail"]
    assert AccessRecord.objects.count() == 0
    assert AuditEvent.objects.filter(verb="core.refuse").count() == 1


@pytest.mark.parametrize("query", ["", "?purpose=", "?purpose=curiosity"])
def test_a_bank_says_why_it_looks(client_for, portraits, query):
    for address in (LIST, f"{LIST}{CODE}/"):
        response = client_for("bank_officer").get(f"{address}{query}")
        assert response.status_code == 422
        assert list(response.json()["errors"]) == ["purpose"]


def test_a_subject_without_portrait_is_not_found(client_for, cast, now):
    subject = cast.owner.organization.subject
    SubjectCode.objects.create(subject=subject, code=subject.code, seen_from_at=now)
    response = client_for("owner").get(f"{LIST}{CODE}/")
    assert (response.status_code, response.json()["detail"]) == (404, "该主体还没有信用画像。")


def test_the_list_takes_a_constant_number_of_queries(client_for, cast, portraits, now, django_assert_max_num_queries):
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now)
    client = client_for("bank_officer")
    with django_assert_max_num_queries(9):
        client.get(f"{LIST}?{WHY}")
