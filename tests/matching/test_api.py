"""`/api/v1/needs/`: reading by party, posting once."""

import json

import pytest

from apps.accounts.models import Membership
from apps.consents.models import AccessRecord
from apps.core import clock
from apps.core.models import AuditEvent, IdempotencyKey
from apps.matching import services
from apps.matching.models import FinancingNeed
from tests.consents.factories import give
from tests.matching.factories import need, profile
from tests.products.factories import published

LIST = "/api/v1/needs/"
BODY = {
    "amount_yuan": "1000000.00",
    "term_months": 12,
    "purpose": "working_capital",
    "has_collateral": False,
    "max_rate_pct": "5",
}
CRITERIA = [{"slug": "region_within", "value": ["610305"]}, {"slug": "tax_grade_in", "value": ["A", "B"]}]


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def matched(cast, now):
    """A need of 宏远制造, matched and sent to the bank of the product."""
    version = published(cast, now, criteria=CRITERIA)
    profile(cast.owner.organization.subject, now)
    posted = need(cast, now)
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    give(cast.owner, now=now)
    services.send_need(actor=cast.owner.actor, need=posted, product_version=version, now=now)
    return posted


def post(client, body, key="k1"):
    headers = {"Idempotency-Key": key} if key else {}
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(LIST, text, content_type="application/json", headers=headers)


def test_a_firm_reads_every_reason(client_for, matched):
    body = client_for("owner").get(f"{LIST}{matched.pk}/").json()
    assert (body["amount_yuan"], body["max_rate_pct"], body["state"]) == ("1000000.00", "5.00", "open")
    assert body["run"]["met_count"] == 1
    (match,) = body["matches"]
    assert (match["verdict"], match["rank"], match["product_name"]) == ("met", 1, "税信贷")
    assert {finding["slug"] for finding in match["findings"]} >= {"region_within", "tax_grade_in"}
    assert all(finding["text"] for finding in match["findings"])
    assert body["received"] == []


def test_a_bank_reads_the_reasons_through_the_gate(client_for, matched):
    body = client_for("bank_officer").get(f"{LIST}{matched.pk}/").json()
    assert body["matches"] == []
    (received,) = body["received"]
    assert received["refusal"] == ""
    assert received["findings"]
    assert AccessRecord.objects.filter(purpose="matching").count() == 1


def test_a_bank_without_consent_sees_why_not(client_for, cast, now):
    version = published(cast, now, criteria=CRITERIA)
    profile(cast.owner.organization.subject, now)
    posted = need(cast, now)
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    services.send_need(actor=cast.owner.actor, need=posted, product_version=version, now=now)
    (received,) = client_for("bank_officer").get(f"{LIST}{posted.pk}/").json()["received"]
    assert received["findings"] == []
    assert "没有授权" in received["refusal"]


@pytest.mark.parametrize("who", ["stranger", "other_bank_officer"])
def test_a_foreign_need_is_answered_like_a_missing_one(client_for, matched, who):
    client = client_for(who)
    foreign, missing = client.get(f"{LIST}{matched.pk}/"), client.get(f"{LIST}987654321/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() | {"instance": ""} == missing.json() | {"instance": ""}
    assert client.get(LIST).json()["results"] == []


@pytest.mark.parametrize("who", ["authority", "regulator", "operator"])
def test_the_public_side_reads_counts_and_no_reason(client_for, matched, who):
    body = client_for(who).get(f"{LIST}{matched.pk}/").json()
    assert body["run"]["met_count"] == 1
    assert (body["matches"], body["received"]) == ([], [])


def test_post_creates_a_need_of_the_own_firm(client_for, cast):
    response = post(client_for("accountant"), BODY)
    assert response.status_code == 201, response.content
    created = FinancingNeed.objects.get(pk=response.json()["id"])
    assert created.subject_id == cast.owner.actor.subject_id
    assert AuditEvent.objects.filter(verb="matching.post_need").count() == 1


def test_the_same_post_again_gets_the_first_answer(client_for):
    client = client_for("owner")
    first = post(client, BODY)
    again = post(client, json.dumps(dict(reversed(BODY.items())), indent=2))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert FinancingNeed.objects.count() == 1


def test_a_key_does_not_serve_another_body(client_for):
    client = client_for("owner")
    post(client, BODY)
    response = post(client, BODY | {"term_months": 6})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency-key-reused")


def test_a_key_belongs_to_its_caller(client_for):
    first, other = post(client_for("owner"), BODY), post(client_for("stranger"), BODY)
    assert first.json()["id"] != other.json()["id"]
    assert IdempotencyKey.objects.count() == 2


def test_a_replay_is_authorised_anew(client_for, cast, now):
    client = client_for("owner")
    post(client, BODY)
    Membership.objects.filter(user=cast.owner.user).update(is_active=False, ended_at=now)
    assert post(client, BODY).status_code in (401, 403)


def test_a_failed_post_leaves_its_key_free(client_for):
    client = client_for("owner")
    assert post(client, BODY | {"amount_yuan": "0"}).status_code == 422
    assert IdempotencyKey.objects.count() == 0
    assert post(client, BODY).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_post_needs_a_key(client_for, key):
    assert post(client_for("owner"), BODY, key).status_code == 400
    assert FinancingNeed.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_yuan": "1_000"}, "amount_yuan"),
        ({"amount_yuan": "１０００"}, "amount_yuan"),
        ({"amount_yuan": "1000.001"}, "amount_yuan"),
        ({"amount_yuan": True}, "amount_yuan"),
        ({"amount_yuan": "-5"}, "amount_yuan"),
        ({"term_months": 2**70}, "term_months"),
        ({"term_months": "1２"}, "term_months"),
        ({"term_months": 0}, "term_months"),
        ({"max_rate_pct": "NaN"}, "max_rate_pct"),
        ({"max_rate_pct": "4.12345"}, "max_rate_pct"),
        ({"purpose": "roulette"}, "purpose"),
        ({"state": "closed"}, "state"),
        ({"subject_id": 1}, "subject_id"),
    ],
)
def test_a_bad_field_is_refused_by_name(client_for, changes, field):
    response = post(client_for("owner"), BODY | changes)
    assert response.status_code == 422, response.content
    assert list(response.json()["errors"]) == [field]
    assert FinancingNeed.objects.count() == 0


@pytest.mark.parametrize("who", ["bank_officer", "authority", "operator"])
def test_others_do_not_post(client_for, who):
    assert post(client_for(who), BODY).status_code == 403


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=open", 1),
        ("state=closed", 0),
        ("amount_min_yuan=1000000", 1),
        ("amount_min_yuan=1000000.01", 0),
        ("submitted_from_on=2026-11-15&submitted_to_on=2026-11-15", 1),
        ("submitted_to_on=2026-11-14", 0),
        ("subject_code=91610305YYH3A7Q20D", 1),
        ("region_code=610322", 0),
    ],
)
def test_filters_narrow_the_list(client_for, cast, now, query, count):
    need(cast, now)
    assert len(client_for("operator").get(f"{LIST}?{query}").json()["results"]) == count


def test_list_and_detail_take_a_constant_number_of_queries(client_for, cast, now, django_assert_max_num_queries):
    for number in range(5):
        published(cast, now, name=f"产品{number}", criteria=CRITERIA)
    posted = need(cast, now)
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    client = client_for("owner")
    with django_assert_max_num_queries(7):
        client.get(LIST)
    with django_assert_max_num_queries(10):
        assert len(client.get(f"{LIST}{posted.pk}/").json()["matches"]) == 5
