"""What every address below /api/ does alike."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from apps.accounts.services import create_api_client
from apps.core.models import AuditEvent
from apps.subjects.models import SubjectCode

SUBJECTS = "/api/v1/subjects/"
LISTS = ["subjects", "deliveries", "products", "profiles", "needs", "listings", "pushes", "applications"]


def problem(response, status, code):
    """The answer is problem+json with these."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"about:blank#{code}"
    assert body["title"]
    assert body["detail"].endswith("。")
    return body


def test_the_description_validates_without_a_warning():
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    text = out.getvalue()
    assert all(f"/api/v1/{name}/:" in text for name in LISTS)
    assert "openapi: 3.1" in text


@pytest.mark.parametrize("name", LISTS)
def test_nobody_gets_in_without_log_in_or_token(db, name):
    body = problem(Client().get(f"/api/v1/{name}/"), 401, "not-authenticated")
    assert body["instance"] == f"/api/v1/{name}/"


def test_a_wrong_token_is_nobody(db):
    response = Client().get(SUBJECTS, headers={"Authorization": "Bearer made-up"})
    problem(response, 401, "not-authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/subjects/"])
def test_an_unknown_address_is_a_problem(db, path):
    problem(Client().get(path), 404, "not-visible")


def test_an_unknown_address_elsewhere_is_a_page(db):
    response = Client().get("/nothing/")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_a_fault_is_a_problem_that_tells_nothing(client_for, monkeypatch):
    monkeypatch.setattr("apps.subjects.selectors.subjects_visible_to", lambda actor: 1 / 0)
    client = client_for("operator")
    client.raise_request_exception = False
    body = problem(client.get(SUBJECTS), 500, "internal-error")
    assert "division" not in body["detail"]


@pytest.mark.parametrize("name", LISTS)
def test_an_unknown_query_parameter_is_refused_by_name(client_for, name):
    who = {"deliveries": "department"}.get(name, "bank_officer")
    body = problem(client_for(who).get(f"/api/v1/{name}/?purpose=matching&statuss=active"), 422, "invalid-input")
    assert body["errors"]["statuss"] == "没有这个查询参数。"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=ten", "page_size"),
        ("page_size=１０", "page_size"),
        ("cursor=nonsense", "cursor"),
        ("cursor=cD1hYmM=", "cursor"),  # p=abc
        ("status=alive", "status"),
        ("kind=enterprise&kind=other", "kind"),
        ("q=%00", "q"),
    ],
)
def test_a_bad_query_parameter_is_refused_by_name(client_for, query, field):
    assert list(problem(client_for("operator").get(f"{SUBJECTS}?{query}"), 422, "invalid-input")["errors"]) == [field]


@pytest.mark.parametrize("number", ["1_000", "１０", "1e3", "-1", "99999999999999999999", "NaN"])
def test_a_number_in_a_filter_has_one_spelling(client_for, number):
    for name, query in [("products", "term_months"), ("products", "amount_yuan"), ("applications", "bank_id")]:
        body = problem(client_for("bank_officer").get(f"/api/v1/{name}/", {query: number}), 422, "invalid-input")
        assert list(body["errors"]) == [query]


@pytest.mark.parametrize("day", ["2026/11/15", "20261115", "２０２６-11-15", "2026-02-30"])
def test_a_day_in_a_filter_has_one_spelling(client_for, day):
    problem(client_for("bank_officer").get("/api/v1/products/", {"in_force_on": day}), 422, "invalid-input")


def test_an_entity_tag_spares_the_body(client_for, cast):
    client = client_for("owner")
    subject = cast.owner.organization.subject
    SubjectCode.objects.create(subject=subject, code=subject.code, seen_from_at=subject.first_seen_at)
    url = f"{SUBJECTS}{subject.code}/"
    first = client.get(url)
    assert first["ETag"].startswith('"')
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    subject.name = "凤翔区改名机械制造有限公司"
    subject.save()
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 20_000,
        b'{"amount_yuan": 1e999}',
        b'{"amount_yuan": NaN}',
        b'{"amount_yuan": Infinity}',
        b'{"amount_yuan": 1, "amount_yuan": 2}',
        b'{"amount_yuan": ' + b"9" * 5_000 + b"}",
        b'{"purpose": "\xff"}',
        b"{",
        b" " * 3_000_000,
    ],
    ids=["nested", "infinite", "nan", "infinity", "repeated", "digits", "encoding", "broken", "large"],
)
def test_a_body_that_two_readers_could_take_differently_is_refused(client_for, body):
    response = client_for("owner").post("/api/v1/needs/", body, content_type="application/json")
    problem(response, 400, "not-parsable")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"'])
def test_a_body_that_is_no_object_is_refused(client_for, body):
    response = client_for("owner").post(
        "/api/v1/needs/", body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    problem(response, 422, "invalid-input")


def test_another_content_type_is_refused(client_for):
    response = client_for("owner").post("/api/v1/needs/", b"<need/>", content_type="application/xml")
    problem(response, 415, "unsupported-media")


def test_another_method_is_refused(client_for):
    response = client_for("owner").delete(SUBJECTS)
    problem(response, 405, "method-not-allowed")


def test_a_refusal_by_role_is_on_record(client_for, cast):
    problem(client_for("regulator").get("/api/v1/applications/"), 403, "not-permitted")
    event = AuditEvent.objects.get(verb="core.refuse")
    assert event.target_label == "GET /api/v1/applications/"
    assert event.actor_id == cast.regulator.user.pk


@pytest.fixture
def token(cast, now):
    """Register a system of an organisation and fetch its token through the real endpoint."""

    def fetch(name, scope="read write"):
        person = cast[name]
        client, secret = create_api_client(
            actor=cast.operator.actor,
            organization=person.organization,
            name="接口测试",
            role=next(iter(person.actor.roles)),
            now=now,
        )
        response = Client().post(
            "/oauth/token/",
            {
                "grant_type": "client_credentials",
                "client_id": client.application.client_id,
                "client_secret": secret,
                "scope": scope,
            },
        )
        assert response.status_code == 200, response.content
        return client, {"Authorization": f"Bearer {response.json()['access_token']}"}

    return fetch


def test_a_system_lists_with_its_own_token(token):
    _, headers = token("owner")
    results = Client().get(SUBJECTS, headers=headers).json()["results"]
    assert [row["code"] for row in results] == ["91610305YYH3A7Q20D"]


def test_a_closed_client_is_refused_at_once(token):
    client, headers = token("owner")
    type(client).objects.filter(pk=client.pk).update(is_active=False)
    problem(Client().get(SUBJECTS, headers=headers), 401, "not-authenticated")


def test_a_token_to_read_does_not_write(token):
    _, headers = token("owner", scope="read")
    response = Client().post("/api/v1/needs/", b"{}", content_type="application/json", headers=headers)
    problem(response, 403, "not-permitted")


def test_a_token_decides_over_the_session(token, client_for):
    _, headers = token("stranger")
    results = client_for("operator").get(SUBJECTS, headers=headers).json()["results"]
    assert [row["code"] for row in results] == ["91610305YYK5B8R31E"]


def test_the_page_of_the_description_has_nothing_inline(db):
    response = Client().get("/api/v1/docs/")
    assert response.status_code == 200
    html = response.content.decode()
    assert "<style" not in html
    assert "<script>" not in html
    script = Client().get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/schema/" in script.content
    assert Client().get("/api/v1/schema/").status_code == 200
