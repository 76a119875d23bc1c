"""`/api/v1/deliveries/`."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Organization
from apps.core.jobs import run_now
from apps.core.models import JobState
from apps.records.models import Delivery
from tests.records.support import registration_file

LIST = "/api/v1/deliveries/"


def hand_in(client: Client, content: str, key: str = "k1", **fields: str):
    """Send a file as a form."""
    file = SimpleUploadedFile("登记注册.csv", content.encode(), content_type="text/csv")
    data = {"file": file, "item": "registration"} | fields
    return client.post(LIST, data, headers={"Idempotency-Key": key})


@pytest.fixture
def department(client_for, source) -> Client:
    """The department of the cast."""
    return client_for("department")


def test_a_file_is_taken_in_and_its_counts_add_up(department):
    response = hand_in(department, registration_file("甲有限公司", "乙有限公司"))
    assert response.status_code == 202, response.content
    delivery = Delivery.objects.get(pk=response.json()["id"])
    assert (delivery.file_name, response.json()["state"]) == ("登记注册.csv", "received")
    assert run_now(delivery.job).state == JobState.DONE
    body = department.get(f"{LIST}{delivery.pk}/").json()
    assert body["state"] == "applied"
    assert body["accepted"] == 2
    assert body["read"] == sum(body[name] for name in ("not_data", "accepted", "rejected", "held", "duplicate"))


def test_the_same_request_again_gets_the_first_answer(department):
    text = registration_file("甲有限公司")
    first, again = hand_in(department, text), hand_in(department, text)  # each with a boundary of its own
    assert (again.status_code, again.json()) == (202, first.json())
    assert again["Idempotent-Replayed"] == "true"
    other = hand_in(department, registration_file("乙有限公司"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert Delivery.objects.count() == 1


def test_the_same_file_under_a_new_key_is_called_a_repetition(department):
    text = registration_file("甲有限公司")
    first, again = hand_in(department, text), hand_in(department, text, key="k2")
    assert (again.status_code, again.json()["state"]) == (202, "repeated")
    assert again.json()["repeats_id"] == first.json()["id"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"item": "power"}, "item"),
        ({"item": ""}, "item"),
        ({"source_id": "987654321"}, "source_id"),
        ({"source_id": "１"}, "source_id"),
        ({"state": "applied"}, "state"),
    ],
)
def test_a_bad_field_is_refused_by_name(department, fields, field):
    response = hand_in(department, registration_file("甲有限公司"), **fields)
    assert response.status_code == 422, response.content
    assert list(response.json()["errors"]) == [field]
    assert Delivery.objects.count() == 0


def test_an_empty_file_is_refused(department):
    response = hand_in(department, "")
    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["file"]


@pytest.mark.parametrize("who", ["owner", "bank_officer", "authority", "regulator", "auditor"])
def test_others_do_not_deliver(client_for, source, who):
    assert hand_in(client_for(who), registration_file("甲有限公司")).status_code == 403


def test_rejected_rows_go_back_to_their_sender_alone(client_for, department, deliver):
    delivery = deliver(registration_file("甲有限公司").replace("9161", "9I61", 1), "registration")
    (row,) = department.get(f"{LIST}{delivery.pk}/rejected-rows/").json()["results"]
    assert row["message"]
    assert row["original_text"]
    assert client_for("operator").get(f"{LIST}{delivery.pk}/rejected-rows/").status_code == 403


def test_another_department_finds_nothing(client_for, cast, department, deliver, now):
    delivery = deliver(registration_file("甲有限公司"), "registration")
    elsewhere = Organization.objects.create(
        kind="department", name="凤翔区税务局", region_code="610305", created_at=now
    )
    cast.department.user.memberships.update(organization=elsewhere)
    client = client_for("department")
    assert client.get(LIST).json()["results"] == []
    foreign, missing = client.get(f"{LIST}{delivery.pk}/"), client.get(f"{LIST}987654321/")
    assert foreign.status_code == missing.status_code == 404
    assert client.get(f"{LIST}{delivery.pk}/rejected-rows/").status_code == 404


def test_the_list_takes_a_constant_number_of_queries(department, deliver, django_assert_max_num_queries):
    for name in ("甲", "乙", "丙"):
        deliver(registration_file(f"{name}有限公司"), "registration")
    with django_assert_max_num_queries(7):
        assert len(department.get(f"{LIST}?state=applied&item=registration").json()["results"]) == 3
