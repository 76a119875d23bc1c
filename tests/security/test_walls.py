"""Nobody reaches what is another's: every address that names a thing, asked by everybody it does not concern."""

import pytest

from tests.security.addresses import addresses
from tests.security.conftest import MARKS, Site

STRANGERS = ["stranger", "other_bank_officer", "other_authority", "other_department", "other_regulator"]
# Open to more than the owner, and why.
OPEN = {
    "loans:application_create": "the form to apply for a published product",
    "reports:verify": "the public check of a report's number",
    "statistics:sheet": "totals of the reader's own region",
    "statistics:export": "totals of the reader's own region",
    "demo:log_in": "the demonstration's own log-in",
}
# What a bank sees of a firm before anything is between them: its identity (公示信息), and that it allowed all banks.
OF_ALL_BANKS = {
    "api:subject-list",
    "api:subject-detail",
    "consents:consent_list",
    "consents:consent_detail",
    "profiles:record_overview",  # which items came when, and how many rows of 公开公示; no row
    "profiles:verification",  # which items a source can be asked, and what the own bank asked; no answer
}
# 422: the API asks for the purpose of a look before it looks.
SHUT = {401, 403, 404, 405, 415, 422}


def seen_by(name: str, address: str) -> bool:
    """Whether it is meant to be seen."""
    return name == "other_bank_officer" and address in OF_ALL_BANKS


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_gets_no_further_than_the_door(site: Site, method, caplog):
    caplog.set_level("CRITICAL", logger="django.request")
    let_in = []
    for name in STRANGERS:
        client = site.client(name)
        for address in addresses(site.things):
            if not address.names_a_thing or address.name in OPEN or seen_by(name, address.name):
                continue
            response = client.generic(method, address.path, headers={"Idempotency-Key": "walls"})
            shown = [mark for mark in MARKS if mark in response.content.decode(errors="replace")]
            if response.status_code not in SHUT or shown:
                let_in.append(f"{name} {method} {address.path} ({address.name}): {response.status_code} {shown}")
    assert not let_in, "\n".join(let_in)


def test_no_open_page_and_no_list_shows_what_is_anothers(site: Site, caplog):
    caplog.set_level("CRITICAL", logger="django.request")
    shown = []
    for name in ["", *STRANGERS]:
        client = site.client(name)
        for address in addresses(site.things):
            if (address.names_a_thing and address.name not in OPEN) or seen_by(name, address.name):
                continue
            page = client.get(address.path).content.decode(errors="replace")
            shown += [f"{address.path} as {name}: {mark}" for mark in MARKS if mark in page]
    assert not shown, "\n".join(shown)


def test_those_it_concerns_see_it(site: Site):
    """So that the tests above look for things that are there."""
    paths = {address.name: address.path for address in addresses(site.things)}
    for name, who, mark in (
        ("loans:application_list", "bank_officer", "宏远"),
        ("loans:application_detail", "bank_officer", "宏远"),
        ("profiles:profile_detail", "owner", "宏远"),
        ("matching:dispatch_detail", "bank_officer", "宏远"),
        ("whitelist:push_detail", "bank_officer", "宏远"),
        ("whitelist:listing_list", "authority", "宏远"),
        ("records:rejected_row_list", "department", "退回行的原文"),
        ("reports:detail", "owner", "宏远"),
        ("consents:consent_list", "authority", "宏远"),
        ("products:version_detail", "bank_officer", "税信贷草稿"),
        ("api:need-list", "bank_officer", "宏远"),
    ):
        response = site.client(who).get(paths[name])
        assert response.status_code == 200, (name, response.content.decode())
        assert mark in response.content.decode(), name
