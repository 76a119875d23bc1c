"""Names and words that come from outside are shown as text, wherever they turn up."""

import pytest
from django.db.models import CharField, Model, TextField

from apps.accounts.models import Organization, User
from apps.loans.models import Application
from apps.matching.models import Dispatch
from apps.products.models import Product, ProductVersion
from apps.records.models import Delivery, HeldRow, RejectedRow
from apps.subjects.models import Subject
from apps.whitelist.models import Programme
from tests.security.addresses import addresses
from tests.security.conftest import Site
from tests.security.test_inputs import lookers

EVIL = "<img src=x onerror=alert(1)>'\"{{7*7}}"
# What somebody outside writes: model → fields; everything that is shown as it came.
WORDS: dict[type[Model], tuple[str, ...]] = {
    Subject: ("name", "legal_representative"),
    User: ("display_name",),
    Product: ("name",),
    ProductVersion: ("note", "promised_text"),
    Application: ("purpose_note", "return_note"),
    Dispatch: ("answer_reason", "sent_by_name"),
    Delivery: ("file_name", "received_from"),
    RejectedRow: ("column", "message", "original_text"),
    HeldRow: ("message", "original_text"),
    Programme: ("name",),
}


def test_nothing_written_outside_becomes_markup(site: Site, caplog):
    caplog.set_level("CRITICAL")
    for model, names in WORDS.items():
        for name in names:
            field = model._meta.get_field(name)
            assert isinstance(field, CharField | TextField)
            for row in model._default_manager.order_by("pk"):
                text = EVIL if model is not Product else f"{EVIL}{row.pk}"
                model._default_manager.filter(pk=row.pk).update(**{name: text[: field.max_length]})
    for row in Organization.objects.order_by("pk"):
        Organization.objects.filter(pk=row.pk).update(name=f"{EVIL}{row.pk}")
    raw, shown = [], 0
    people = ("owner", "bank_officer", "bank_approver", "authority", "department", "operator", "auditor")
    clients = {name: site.client(name) for name in people}
    for address in addresses(site.things):
        for name in lookers(address, people):
            response = clients[name].get(address.path)
            if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
                page = response.content.decode()
                shown += "&lt;img src=x" in page
                if "<img src=x" in page:
                    raw.append(f"{address.path} as {name}")
    assert not raw, "\n".join(raw)
    assert shown > 100


@pytest.mark.parametrize("path", ["/reports/?q=%3Cimg%20src%3Dx%3E", "/products/?q=%3Cimg%20src%3Dx%3E"])
def test_what_was_asked_for_comes_back_as_text(site: Site, path):
    page = site.client("owner").get(path).content.decode()
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
