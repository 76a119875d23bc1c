"""`/api/v1/products/`."""

from decimal import Decimal

import pytest

from apps.core import clock
from tests.products.factories import draft, published

LIST = "/api/v1/products/"


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


def names(response):
    assert response.status_code == 200, response.content
    return {row["name"] for row in response.json()["results"]}


def test_a_draft_is_seen_by_its_bank_only(client_for, cast, now):
    published(cast, now, name="已发布")
    hidden = draft(cast, now, name="草稿")
    assert names(client_for("bank_approver").get(LIST)) == {"已发布", "草稿"}
    assert names(client_for("other_bank_officer").get(LIST)) == {"已发布"}
    assert names(client_for("owner").get(LIST)) == {"已发布"}
    foreign = client_for("owner").get(f"{LIST}{hidden.pk}/")
    missing = client_for("owner").get(f"{LIST}987654321/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() | {"instance": ""} == missing.json() | {"instance": ""}


def test_a_detail_names_terms_cost_and_demands(client_for, cast, now):
    version = published(cast, now, criteria=[{"slug": "tax_grade_in", "value": ["A", "B"]}])
    body = client_for("owner").get(f"{LIST}{version.pk}/").json()
    assert body["amount_max_yuan"] == "3000000.00"
    assert body["bank_name"] == "岐丰农村商业银行股份有限公司"
    assert (body["bps_min"], body["rate_low_pct"], body["rate_high_pct"]) == (50, "3.50", "4.50")
    assert body["demands"]
    assert "source_texts" not in body
    assert "drafted_by_name" not in body


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("amount_yuan=100000", {"小", "大"}),
        ("amount_yuan=99999.99", set()),
        ("amount_yuan=3000001", {"大"}),
        ("term_months=12", {"小", "大"}),
        ("term_months=13", {"大"}),
        ("guarantee_type=mortgage", {"大"}),
        ("repayment_type=revolving", {"小", "大"}),
        ("in_force_on=2026-11-14", set()),
        ("in_force_on=2026-11-15", {"小", "大"}),
        ("q=大", {"大"}),
        ("state=published", {"小", "大"}),
    ],
)
def test_filters_ask_what_a_borrower_asks(client_for, cast, now, query, found):
    published(cast, now, name="小")
    published(
        cast,
        now,
        name="大",
        amount_max_yuan=Decimal("9000000.00"),
        term_max_months=36,
        guarantee_types=("credit", "mortgage"),
    )
    assert names(client_for("owner").get(f"{LIST}?{query}")) == found


def test_the_list_takes_a_constant_number_of_queries(client_for, cast, now, django_assert_max_num_queries):
    for number in range(6):
        published(cast, now, name=f"产品{number}")
    client = client_for("owner")
    with django_assert_max_num_queries(8):
        assert len(client.get(LIST).json()["results"]) == 6
