"""`/api/v1/subjects/`."""

import pytest

from apps.subjects.models import Subject, SubjectCode

LIST = "/api/v1/subjects/"


@pytest.fixture
def directory(cast, now):
    """The two firms of the cast with their codes, and 120 more."""
    for number in range(120):
        Subject.objects.create(
            code=f"92610305{number:010d}",
            name=f"凤翔区第{number}小卖部",
            name_key=f"凤翔区第{number}小卖部",
            kind="sole_trader",
            status="cancelled" if number % 3 else "active",
            region_code="610305" if number % 2 else "610322",
            industry_code="F5211",
            first_seen_at=now,
            updated_at=now,
        )
    for subject in Subject.objects.order_by("pk"):
        SubjectCode.objects.create(subject=subject, code=subject.code, seen_from_at=now)


def test_a_detail_shows_the_public_register_only(client_for, directory):
    response = client_for("bank_officer").get(f"{LIST}91610305YYH3A7Q20D/")
    assert response.status_code == 200
    assert response.json() == {
        "code": "91610305YYH3A7Q20D",
        "name": "凤翔区宏远机械制造有限公司",
        "kind": "enterprise",
        "status": "active",
        "region_code": "610305",
        "industry_code": "C3311",
        "legal_form": "有限责任公司(自然人投资或控股)",
        "established_on": "2019-05-20",
        "inner_check_ok": True,
        "updated_at": "2026-11-15T10:00:00+08:00",
    }


def test_a_foreign_subject_is_answered_like_a_missing_one(client_for, directory):
    stranger = client_for("stranger")
    foreign = stranger.get(f"{LIST}91610305YYH3A7Q20D/")
    missing = stranger.get(f"{LIST}91610305YYZZZZZZ0Z/")
    assert foreign.status_code == missing.status_code == 404
    for response in (foreign, missing):
        assert response["Content-Type"] == "application/problem+json"
    assert foreign.json() | {"instance": ""} == missing.json() | {"instance": ""}


def test_a_firm_lists_itself_alone(client_for, directory):
    assert [row["code"] for row in client_for("owner").get(LIST).json()["results"]] == ["91610305YYH3A7Q20D"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=enterprise", 2),
        ("kind=sole_trader&status=active&page_size=200", 40),
        ("region_code=610322&page_size=200", 60),
        ("industry_code=C33", 2),
        ("q=91610305YYH3", 1),
        ("q=宏远机械", 1),
        ("q=没有这家", 0),
    ],
)
def test_filters_narrow_the_list(client_for, directory, query, count):
    for subject in Subject.objects.order_by("pk"):
        subject.names.create(name=subject.name, name_key=subject.name, seen_from_at=subject.first_seen_at)
    assert len(client_for("bank_officer").get(f"{LIST}?{query}").json()["results"]) == count


def test_pages_are_stable_while_rows_arrive(client_for, directory, now):
    client = client_for("bank_officer")
    seen: list[str] = []
    url = f"{LIST}?page_size=25"
    while url:
        page = client.get(url).json()
        seen += [row["code"] for row in page["results"]]
        url = page["next"]
        Subject.objects.create(
            code=f"93610305{len(seen):010d}",
            name=f"新来的合作社{len(seen)}",
            name_key="新来的合作社",
            kind="cooperative",
            status="active",
            region_code="610305",
            first_seen_at=now,
            updated_at=now,
        )
    assert len(seen) == len(set(seen)) == 122
    assert not any(code.startswith("93") for code in seen)


def test_a_page_can_be_turned_back(client_for, directory):
    client = client_for("bank_officer")
    first = client.get(f"{LIST}?page_size=10").json()
    second = client.get(first["next"]).json()
    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_the_list_takes_a_constant_number_of_queries(client_for, directory, django_assert_num_queries):
    client = client_for("bank_officer")
    client.get(LIST)
    with django_assert_num_queries(6):  # session, user, memberships, roles, branches, rows
        client.get(f"{LIST}?page_size=10")
    with django_assert_num_queries(6):
        client.get(f"{LIST}?page_size=200")
