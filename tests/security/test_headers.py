"""What every answer says to the browser, and what a browser may be made to do."""

import pytest
from django.test import Client

from apps.core.models import AuditEvent
from tests.security.addresses import addresses
from tests.security.conftest import Site
from tests.security.test_inputs import forms_on, lookers, open_to
from tests.support.cast import PASSWORD

INLINE = [" style=", "<style", " onclick=", " onsubmit=", " onchange=", " onload=", "javascript:"]


def test_every_page_is_guarded_and_holds_nothing_inline(site: Site):
    faults = []
    for client, address, response in open_to(site):
        policy = response.headers.get("Content-Security-Policy", "")
        if "'unsafe" in policy or "default-src 'self'" not in policy or "frame-ancestors 'none'" not in policy:
            faults.append(f"{address.path}: policy {policy!r}")
        for name, value in (
            ("X-Frame-Options", "DENY"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
        ):
            if response.headers.get(name) != value:
                faults.append(f"{address.path}: {name} is {response.headers.get(name)!r}")
        if (
            address.name != "api:docs"
            and "_auth_user_id" in client.session
            and "no-store" not in response.headers.get("Cache-Control", "")
        ):
            faults.append(f"{address.path}: may be cached")
        if response["Content-Type"].startswith("text/html"):
            page = response.content.decode()
            faults += [f"{address.path}: {mark}" for mark in INLINE if mark in page]
            if page.count("<script") != page.count("<script src=") + page.count('<script type="application/json"'):
                faults.append(f"{address.path}: script in the page")
    assert not faults, "\n".join(faults)


def test_nothing_changes_without_the_token_of_the_form(site: Site, caplog):
    caplog.set_level("CRITICAL")
    taken = []
    for client, form in forms_on(open_to(site)):
        strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
        strict.cookies = client.cookies
        data = {name: values for name, values in form.data().items() if name != "csrfmiddlewaretoken"}
        if strict.post(form.action, data).status_code != 403:
            taken.append(form.action)
    assert not taken, "\n".join(taken)


def test_nothing_changes_by_following_a_link(site: Site, caplog):
    """A GET of any address, by anybody, writes no audit event but that of a look or a refusal."""
    caplog.set_level("CRITICAL")
    people = ["owner", "bank_officer", "bank_approver", "authority", "department", "operator", "auditor", ""]
    clients = {name: site.client(name) for name in people}
    before = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first()
    for address in addresses(site.things):
        if address.is_ours:
            for name in lookers(address, people):
                clients[name].get(address.path)
    verbs = set(AuditEvent.objects.filter(pk__gt=before).values_list("verb", flat=True))
    assert verbs <= {"consents.read", "core.refuse", "reports.download"}


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example/", "javascript:alert(1)"]
)
def test_log_in_leads_nowhere_else(cast, target):
    response = Client().post(f"/account/login/?next={target}", {"login": "owner", "password": PASSWORD, "next": target})
    assert response.status_code == 302
    assert response["Location"] == "/"


@pytest.mark.parametrize("header", ["evil.example", "xinqiao.example.gov.cn.evil.example", "a b"])
def test_another_host_is_refused(db, header):
    assert Client(raise_request_exception=False).get("/", headers={"Host": header}).status_code == 400
