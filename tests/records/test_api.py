"""`/api/v1/deliveries/`."""

import hashlib
import tracemalloc
from base64 import b64encode
from io import RawIOBase
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Organization
from apps.accounts.services import create_api_client
from apps.core import files
from apps.core.jobs import run_now
from apps.core.models import IdempotencyKey, JobState, StoredFile
from apps.records.models import Delivery
from tests.records.support import CODES, payment, registration_file, social_insurance

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


def send(client: Client, content: bytes, content_type: str = "text/csv", key: str = "k1", **headers: str):
    """Send a bare file; `item="penalty"` becomes the header Delivery-Item."""
    given = {"Idempotency-Key": key, "Delivery-Item": "registration"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(LIST, content, content_type=content_type, headers=given)


@pytest.fixture
def system(cast, source, now) -> Client:
    """A system of the department, with a token fetched through the real endpoint."""
    client, secret = create_api_client(
        actor=cast.operator.actor,
        organization=cast.department.organization,
        name="前置机",
        role="department",
        now=now,
    )
    ask = {"grant_type": "client_credentials", "client_id": client.application.client_id, "client_secret": secret}
    token = Client().post("/oauth/token/", ask | {"scope": "read write"}).json()["access_token"]
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_a_system_sends_a_bare_file_with_its_manifest(system):
    content = registration_file("甲有限公司").encode()
    response = send(
        system,
        content,
        Delivery_Sequence="7",
        Delivery_Declared_Rows="1",
        Delivery_Period_From_On="2026-10-01",
        Delivery_Period_To_On="2026-10-31",
        Content_Digest=f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:",
        Content_Disposition=f"attachment; filename*=UTF-8''{quote('登记注册_更正.csv')}",
    )
    assert response.status_code == 202, response.content
    body = response.json()
    assert response["Location"] == f"{LIST}{body['id']}/"
    assert (body["file_name"], body["kind"], body["way_in"]) == ("登记注册_更正.csv", "correction", "api")
    assert (body["sequence"], body["declared_rows"], body["job"]["state"]) == (7, 1, "queued")
    delivery = Delivery.objects.get()
    with files.open_file(delivery.file) as stored:
        assert stored.read() == content
    assert run_now(delivery.job).state == JobState.DONE
    body = system.get(response["Location"]).json()
    assert (body["state"], body["accepted"], body["job"]["state"]) == ("applied", 1, "done")


def test_a_bare_file_without_a_name_is_called_after_its_item(system):
    assert send(system, b"{}", "application/x-ndjson").json()["file_name"] == "registration.jsonl"
    assert send(system, b"{ }", "application/json-lines", key="k2").json()["file_name"] == "registration.jsonl"


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"Delivery_Item": ""}, "item"),
        ({"Delivery_Item": "power"}, "item"),
        ({"Delivery_Sequence": "0"}, "sequence"),
        ({"Delivery_Sequence": "1_0"}, "sequence"),
        ({"Delivery_Kind": "other"}, "kind"),
        ({"Delivery_Digest": "abc"}, "digest"),
        ({"Delivery_Digest": f"sm3:{'0' * 64}"}, "digest"),
        ({"Delivery_Period_From_On": "2026-02-01", "Delivery_Period_To_On": "2026-01-31"}, "period_to_on"),
        ({"Content_Digest": f"sha-256=:{b64encode(bytes(32)).decode()}:"}, "digest"),
        ({"Content_Digest": "sha-256"}, "Content-Digest"),
        ({"Delivery_Sequense": "1"}, "delivery-sequense"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_by_name(system, headers, field):
    response = send(system, registration_file("甲有限公司").encode(), **headers)
    assert response.status_code == 422, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]
    assert not Delivery.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_a_second_digest_is_checked_too(system):
    content = registration_file("甲有限公司").encode()
    sha, wrong = b64encode(hashlib.sha256(content).digest()).decode(), b64encode(bytes(32)).decode()
    assert send(system, content, Content_Digest=f"sha-256=:{sha}:, sm3=:{wrong}:").status_code == 422
    sm3 = b64encode(hashlib.new("sm3", content).digest()).decode()
    assert send(system, content, Content_Digest=f"sha-256=:{sha}:, sm3=:{sm3}:").status_code == 202


def test_a_form_says_its_digest_in_a_field(department):
    text = registration_file("甲有限公司")
    assert hand_in(department, text, digest="0" * 64).json()["errors"].keys() == {"digest"}
    assert hand_in(department, text, digest=hashlib.sha256(text.encode()).hexdigest()).status_code == 202
    upload = SimpleUploadedFile("a.csv", text.encode())
    response = department.post(
        LIST,
        {"file": upload, "item": "registration"},
        headers={"Idempotency-Key": "k9", "Content-Digest": "sha-256=:AAAA:"},
    )
    assert list(response.json()["errors"]) == ["Content-Digest"]


def test_another_number_of_rows_sends_the_whole_file_back(system, registered):
    content = social_insurance(payment("202601"), payment("202602"), code=CODES[0]).encode()
    answer = send(system, content, Delivery_Item="social_insurance", Delivery_Declared_Rows="3").json()
    delivery = Delivery.objects.get(pk=answer["id"])
    run_now(delivery.job)
    body = system.get(f"{LIST}{delivery.pk}/").json()
    assert body["state"] == "refused"
    assert "清单申报3行，文件中有2行数据" in body["refusal"]
    assert (body["read"], body["accepted"]) == (0, 0)


def test_a_write_needs_a_key_that_can_be_kept(department):
    upload = {"file": SimpleUploadedFile("a.csv", b"a"), "item": "registration"}
    for key in (None, "", "x" * 256, "键".encode().decode("latin-1")):
        headers = {} if key is None else {"Idempotency-Key": key}
        response = department.post(LIST, upload, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "idempotency-key-missing")
    assert not Delivery.objects.exists()


def test_the_headers_belong_to_the_request_that_a_key_stands_for(system):
    content = registration_file("甲有限公司").encode()
    first, again = send(system, content), send(system, content)
    assert again.json() == first.json()
    assert (again["Idempotent-Replayed"], again["Location"]) == ("true", first["Location"])
    assert send(system, content, Delivery_Sequence="2").json()["code"] == "idempotency-key-reused"


def test_a_key_belongs_to_its_client(system, department):
    content = registration_file("甲有限公司").encode()
    assert send(system, content).json()["state"] == "received"
    assert send(department, content).json()["state"] == "repeated"


@pytest.mark.parametrize("content_type", ["application/json", "text/html", "application/octet-stream", "nonsense"])
def test_another_form_is_refused_and_the_known_ones_are_named(system, content_type):
    response = send(system, b"{}", content_type)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported-media")
    assert "application/x-ndjson" in response.json()["detail"]


def test_a_compressed_body_is_refused(system):
    assert send(system, b"x", Content_Encoding="gzip").status_code == 415


def test_a_token_needs_the_scope(cast, source, now):
    client, secret = create_api_client(
        actor=cast.operator.actor, organization=cast.department.organization, name="只读", role="department", now=now
    )
    ask = {"grant_type": "client_credentials", "client_id": client.application.client_id, "client_secret": secret}
    token = Client().post("/oauth/token/", ask | {"scope": "read"}).json()["access_token"]
    reader = Client(headers={"Authorization": f"Bearer {token}"})
    assert reader.get(LIST).status_code == 200
    assert send(reader, b"x").status_code == 403


class Lines(RawIOBase):
    """A large body that nobody holds: rows made as they are read."""

    def __init__(self, size_bytes: int, longest: int | None = None) -> None:
        self.left = size_bytes if longest is None else min(size_bytes, longest)
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; never all at once."""
        count = min(self.left, 1 << 16 if size < 0 else size)
        self.left -= count
        self.taken += count
        return (b"91610305YY0756CE27,row\n" * (count // 23 + 1))[:count]


def stream(client: Client, body: Lines, length: str, **environ: str):
    """One request as a server makes it: the body is not read before somebody asks."""
    given = {"PATH_INFO": LIST, "REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/csv", "CONTENT_LENGTH": length}
    given |= {"HTTP_IDEMPOTENCY_KEY": "big", "HTTP_DELIVERY_ITEM": "registration", "wsgi.input": body}
    return client.request(**given | environ)


def test_a_large_upload_is_never_held_in_memory(system, settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    size_bytes = 64_000_000
    tracemalloc.start()
    try:
        response = stream(system, Lines(size_bytes), str(size_bytes))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert response.status_code == 202, response.content
    assert StoredFile.objects.get().size_bytes == size_bytes
    assert peak_bytes < 12_000_000


def test_an_upload_beyond_the_limit_is_refused_before_it_is_read(system):
    body = Lines(10_000_000_000)
    response = stream(system, body, "10000000000")
    assert (response.status_code, response.json()["code"]) == (413, "content-too-large")
    assert body.taken == 0


def test_an_upload_of_nobody_is_refused_before_it_is_read(system):
    body = Lines(1_000_000)
    assert stream(system, body, "1000000", HTTP_AUTHORIZATION="Bearer made-up").status_code == 401
    assert body.taken == 0


def test_an_upload_that_breaks_off_is_not_taken(system):
    response = stream(system, Lines(1_000_000, longest=999_999), "1000000")
    assert (response.status_code, response.json()["code"]) == (400, "not-parsable")
    assert "上传中断" in response.json()["detail"]
    assert not StoredFile.objects.exists()


def test_an_upload_without_a_length_is_refused(system):
    response = stream(system, Lines(10), "", HTTP_TRANSFER_ENCODING="chunked")
    assert (response.status_code, response.json()["code"]) == (411, "length-required")


def test_held_rows_are_paged_for_their_sender_alone(client_for, department, deliver, registered):
    rows = [payment("202603", paid="1"), payment("202603", paid="2"), payment("202604", paid="1")]
    delivery = deliver(social_insurance(*rows, code=CODES[0]))
    address = f"{LIST}{delivery.pk}/held-rows/"
    page = department.get(f"{address}?page_size=1").json()
    assert page["results"][0]["reason"] == "conflict"
    assert page["results"][0]["original_text"]
    assert len(department.get(page["next"]).json()["results"]) == 1
    assert client_for("operator").get(address).status_code == 403


def test_the_list_is_narrowed_by_what_the_manifest_says(department):
    for number, text in enumerate(("甲有限公司", "乙有限公司"), start=1):
        hand_in(department, registration_file(text), key=f"k{number}", sequence=str(number * 2), kind="late")
    (found,) = department.get(f"{LIST}?sequence=4&kind=late&way_in=api&received_from_on=2026-01-01").json()["results"]
    assert [seen["code"] for seen in found["observations"]] == ["late_kind", "gap"]
    assert department.get(f"{LIST}?received_to_on=2020-01-01").json()["results"] == []
    assert department.get(f"{LIST}?kind=other").status_code == 422
