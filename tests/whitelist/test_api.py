"""`/api/v1/listings/` and `/api/v1/pushes/`."""

import json

import pytest

from apps.whitelist.models import Feedback, Push

LISTINGS = "/api/v1/listings/"
PUSHES = "/api/v1/pushes/"


@pytest.fixture
def push(lists):
    """宏远制造 recommended to the bank."""
    return lists.push()


def feedback(client, push, body, key="k1"):
    return client.post(
        f"{PUSHES}{push.pk}/feedback/",
        json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )


@pytest.mark.parametrize(
    ("who", "count"),
    [
        ("owner", 1),
        ("stranger", 0),
        ("bank_approver", 1),
        ("other_bank_officer", 0),
        ("authority", 1),
        ("regulator", 1),
    ],
)
def test_each_party_sees_its_own(client_for, push, who, count):
    client = client_for(who)
    for address, one in ((LISTINGS, push.listing_id), (PUSHES, push.pk)):
        results = client.get(address).json()["results"]
        assert [row["id"] for row in results] == [one] * count
        detail = client.get(f"{address}{one}/")
        assert detail.status_code == (200 if count else 404)
        if not count:
            missing = client.get(f"{address}987654321/")
            assert detail.json() | {"instance": ""} == missing.json() | {"instance": ""}


def test_a_listing_shows_no_fact(client_for, push):
    body = client_for("bank_officer").get(f"{LISTINGS}{push.listing_id}/").json()
    assert set(body) == {
        *("id", "programme_id", "programme_name", "subject_code", "subject_name", "state"),
        *("entered_on", "valid_to_on", "exited_on", "exit_reason", "exit_note"),
    }
    assert (body["subject_code"], body["state"]) == ("91610305YYH3A7Q20D", "active")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=active", 1),
        ("state=exited", 0),
        ("subject_code=91610305YYH3A7Q20D", 1),
        ("entered_from_on=2026-11-16", 0),
        ("entered_to_on=2026-11-15", 1),
    ],
)
def test_filters_narrow_listings(client_for, push, query, count):
    assert len(client_for("authority").get(f"{LISTINGS}?{query}").json()["results"]) == count


def test_a_bank_answers_step_by_step(client_for, push):
    client = client_for("bank_officer")
    for number, body in enumerate(
        [
            {"verb": "contact", "note": "已电话联系"},
            {"verb": "accept"},
            {"verb": "credit", "credit_yuan": "500000", "credit_months": 12, "credit_rate_pct": "4.35"},
            {"verb": "lend", "lent_yuan": "300000.00", "lent_on": "2026-11-15"},
        ]
    ):
        response = feedback(client, push, body, key=f"k{number}")
        assert response.status_code == 200, response.content
    assert response.json()["state"] == "lent"
    assert response.json()["lent_yuan"] == "300000.00"
    assert Feedback.objects.filter(push=push).count() == 4


def test_an_answer_repeated_counts_once(client_for, push):
    client = client_for("bank_officer")
    first = feedback(client, push, {"verb": "contact"})
    again = feedback(client, push, {"verb": "contact"})
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (200, first.json(), "true")
    assert Feedback.objects.filter(push=push).count() == 1


def test_an_answer_out_of_turn_is_a_conflict(client_for, push):
    response = feedback(client_for("bank_officer"), push, {"verb": "credit", "credit_yuan": "1"})
    assert response.status_code in (409, 422)
    assert Push.objects.get().state == "pushed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"verb": "contact", "state": "lent"}, "state"),
        ({"verb": "contact", "note": "看起来\u202e正常"}, "note"),
        ({"verb": "contact", "lent_on": "2026-1-1"}, "lent_on"),
        ({"verb": "applaud"}, "verb"),
        ({}, "verb"),
    ],
)
def test_a_bad_field_is_refused_by_name(client_for, push, body, field):
    response = feedback(client_for("bank_officer"), push, body)
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]


@pytest.mark.parametrize(("who", "status"), [("other_bank_officer", 404), ("bank_approver", 403), ("owner", 403)])
def test_nobody_answers_for_the_bank(client_for, push, who, status):
    assert feedback(client_for(who), push, {"verb": "contact"}).status_code == status


def test_lists_take_a_constant_number_of_queries(client_for, push, django_assert_max_num_queries):
    client = client_for("bank_officer")
    for address in (LISTINGS, PUSHES):
        with django_assert_max_num_queries(7):
            client.get(address)
