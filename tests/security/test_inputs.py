"""Whatever is typed into whatever field, the answer is a page with a sentence, never a fault."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.test import Client

from tests.architecture.test_permission_matrix import ROLES, matrix
from tests.security.addresses import Address, addresses
from tests.security.conftest import Site
from tests.security.forms import Form, forms_of

# `manage.py test --long` types everything everywhere; the ordinary run one nasty thing into each field and address.
LONG = os.environ.get("XINQIAO_TEST_LONG") == "1"
PEOPLE = ["owner", "bank_officer", "bank_approver", "authority", "second_authority", "department", "operator", ""]
NOBODY = "nobody"
NASTY_TEXT = ["a\x00b", "=1+1|'<script>\u202e{{7*7}}%s\r\n"]
NASTY = {
    "number": ["NaN", "1e999", "9" * 400, "0.001", "9999999999999999"],
    "date": ["0001-01-01", "9999-12-31", "99999-01-01"],
    "textarea": [*NASTY_TEXT, "长" * 9_000],
    "select": ["\x00"],
    "checkbox": ["\x00"],
    "radio": ["\x00"],
}
QUERIES = ["\x00", "9" * 5_000, "-1", "1e999", "9999-12-31"]
PARAMETERS = [
    *("page", "state", "kind", "q", "need", "purpose", "show", "subject", "number", "text", "on", "next"),
    *("amount_wan", "term_months", "max_rate_pct", "bank", "guarantee", "repayment", "first_loan", "sort"),
    *("cursor", "page_size", "code", "region_code", "amount_yuan", "bank_id", "in_force_on", "item"),
]
# A log-in that the rest would lose, and a description that takes seconds and reads no parameter.
PASSED_OVER = ("/demo/", "/account/", "/api/v1/schema/")


# Route → who opened it: names of routes stay when what was made is rolled back.
_opened_by: dict[str, str] = {}


class Opened(NamedTuple):
    """A page, a client that may see it, and what it answered."""

    client: Client
    address: Address
    response: Any


def open_to(site: Site) -> Iterator[Opened]:
    """Every page of ours, as the first of the people who may see it does."""
    clients = {name: site.client(name) for name in PEOPLE}
    for address in addresses(site.things):
        if not address.is_ours or address.path.startswith(PASSED_OVER):
            continue
        known = _opened_by.get(address.name)
        for name in may_open(address, PEOPLE) if known is None else [known] if known in clients else []:
            response = clients[name].get(address.path)
            if response.status_code == 200:
                _opened_by[address.name] = name
                yield Opened(clients[name], address, response)
                break
        else:
            _opened_by[address.name] = NOBODY


def may_open(address: Address, people: Iterable[str]) -> list[str]:
    """Those for whom permissions.csv has 可; a second person of a role is let in as the first is."""
    words = matrix().get((address.name, "GET"), {})
    refused = {name for role, name in ROLES.items() if words.get(role, "可") != "可"}
    return [name for name in people if (name.removeprefix("second_") or None) not in refused]


def lookers(address: Address, people: Sequence[str]) -> list[str]:
    """Who looks at a page: in the long run everybody, otherwise two of those who may open it."""
    return list(people) if LONG else may_open(address, people)[:2]


def some(values: list[str], turn: int) -> list[str]:
    """All values in the long run, otherwise the one whose turn it is."""
    return values if LONG else [values[turn % len(values)]]


def status_of(client: Client, form: Form, data: dict[str, list[str]]) -> int:
    """What a submission is answered with; whatever it wrote is undone."""
    with transaction.atomic():
        status = client.post(form.action, data).status_code
        transaction.set_rollback(True)
    return status


def forms_on(pages: Iterable[Opened]) -> list[tuple[Client, Form]]:
    """Every form of the pages that changes something, once."""
    found = {}
    for client, address, response in pages:
        if response["Content-Type"].startswith("text/html"):
            for form in forms_of(response.content.decode(), address.path):
                if form.method == "post":
                    key = form.action, tuple(one.name for one in form.fields)
                    found.setdefault(key, (client, form))
    return list(found.values())


def test_no_field_of_no_form_can_hold_anything_that_breaks_it(site: Site, caplog):
    caplog.set_level("CRITICAL")
    forms = forms_on(open_to(site))
    broken, taken = [], set()
    for client, form in forms:
        data = form.data()
        status = status_of(client, form, data)
        if status >= 500:
            broken.append(f"{form.action} as it stands: {status} {data}")
        elif status == 302:
            taken.add(form.action)
            with transaction.atomic():
                again = [client.post(form.action, data).status_code for _ in range(2)]
                transaction.set_rollback(True)
            if max(again) >= 500:
                broken.append(f"{form.action} twice: {again}")
        fields = [one for one in form.fields if one.name != "csrfmiddlewaretoken"]
        for turn, one in enumerate(fields):
            for value in some(NASTY.get(one.kind, NASTY_TEXT), turn):
                status = status_of(client, form, data | {one.name: [value]})
                if status >= 500:
                    broken.append(f"{form.action} {one.name}={value[:30]!r}: {status}")
    assert not broken, "\n".join(broken)
    assert len(forms) > 30, forms
    assert len(taken) > 12, taken  # so that values reach the services and the database


def test_no_parameter_of_no_address_breaks_it(site: Site, caplog):
    caplog.set_level("CRITICAL")
    broken = []
    for turn, (client, address, _) in enumerate(open_to(site)):
        for value in some(QUERIES, turn):
            status = client.get(address.path, dict.fromkeys(PARAMETERS, value)).status_code
            if status >= 500:
                broken.append(f"{address.path} {value[:20]!r}: {status}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", ["/profiles/%00/", "/api/v1/subjects/%00/", "/reports/verify/%00/", "/?q=%00"])
def test_no_address_may_hold_nul(site: Site, path):
    response = site.client("bank_officer").get(path)
    assert response.status_code == 400
    assert "无法处理的字符" in response.content.decode()


@pytest.mark.parametrize("charset", ["utf-7", "raw_unicode_escape", "gbk"])
def test_a_form_in_another_encoding_is_refused(site: Site, charset):
    body = '--b\r\nContent-Disposition: form-data; name="reason"\r\n\r\n\\ud800+2AA-\r\n--b--\r\n'
    content_type = f"multipart/form-data; boundary=b; charset={charset}"
    consent = site.things["consents"]["pk"]
    response = site.client("owner").post(f"/consents/{consent}/withdraw/", body.encode(), content_type=content_type)
    assert response.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        '{"purpose": "\\ud800"}',
        '{"\\udfff": 1}',
        '{"amount_yuan": "\\ud800\\u0041"}',
        '{"purpose": "\\u0000", "amount_yuan": "NaN"}',
        '{"amount_yuan": 1e400}',
        '["\\ud800"]',
        "[]",
        '"text"',
        "null",
        '{"amount_yuan": ["1"], "term_months": {"a": 1}, "has_collateral": []}',
    ],
)
def test_no_body_of_the_api_breaks_it(site: Site, body):
    headers = {"Idempotency-Key": "k"}
    response = site.client("owner").post("/api/v1/needs/", body, content_type="application/json", headers=headers)
    assert response.status_code in (400, 422), response.content
    assert json.loads(response.content)["detail"].endswith("。")
