"""`/api/v1/applications/`."""

import pytest

LIST = "/api/v1/applications/"


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_a_draft_is_seen_by_its_firm_only(client_for, loans):
    draft = loans.draft()
    assert ids(client_for("owner").get(LIST)) == [draft.pk]
    assert ids(client_for("bank_officer").get(LIST)) == []
    assert client_for("bank_officer").get(f"{LIST}{draft.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("who", "count"), [("owner", 1), ("stranger", 0), ("bank_approver", 1), ("other_bank_officer", 0)]
)
def test_each_party_sees_its_own(client_for, loans, who, count):
    application = loans.submit()
    client = client_for(who)
    assert ids(client.get(LIST)) == [application.pk] * count
    detail = client.get(f"{LIST}{application.pk}/")
    assert detail.status_code == (200 if count else 404)
    if not count:
        missing = client.get(f"{LIST}987654321/")
        assert detail.json() | {"instance": ""} == missing.json() | {"instance": ""}


@pytest.mark.parametrize("who", ["authority", "department", "regulator", "operator", "auditor"])
def test_others_see_totals_elsewhere_and_none_here(client_for, loans, who):
    assert client_for(who).get(LIST).status_code == 403


def test_a_detail_follows_the_application(client_for, loans):
    line = loans.approve()
    body = client_for("bank_officer").get(f"{LIST}{line.application_id}/").json()
    assert (body["state"], body["amount_yuan"], body["approved_yuan"]) == ("approved", "500000.00", "500000.00")
    assert body["subject_code"] == "91610305YYH3A7Q20D"
    assert body["refusal_reason_code"] is None
    assert body["contact_by_on"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=submitted", 1),
        ("state=accepted", 0),
        ("subject_code=91610305YYH3A7Q20D", 1),
        ("bank_id=987654321", 0),
        ("contact_by_on=2026-12-31", 1),
        ("contact_by_on=2026-11-14", 0),
    ],
)
def test_filters_narrow_the_list(client_for, loans, query, count):
    loans.submit()
    assert len(ids(client_for("bank_officer").get(f"{LIST}?{query}"))) == count


def test_the_list_takes_a_constant_number_of_queries(client_for, loans, django_assert_max_num_queries):
    loans.submit()
    client = client_for("bank_officer")
    with django_assert_max_num_queries(7):
        client.get(LIST)
