"""Every operation of the API, asked by a system of every role as its description says and against it, answers with
what the description names. The long form is `manage.py drill api`.
"""

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from apps.accounts.services import create_api_client
from apps.operations.drills.api import Caller, fuzz, token_of
from apps.records.models import CatalogueItem
from apps.subjects.models import Subject
from tests.security.conftest import Site

ROLES = (
    "owner",
    "accountant",
    "bank_officer",
    "bank_approver",
    "authority",
    "department",
    "regulator",
    "operator",
    "auditor",
)


@pytest.fixture
def application() -> Iterator[object]:
    """The site as a server calls it, on the connection of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_no_request_gets_a_fault_or_an_answer_that_is_not_described(site: Site, application, now) -> None:
    callers = [Caller("访客"), Caller("假令牌", "made-up")]
    for name in ROLES:
        person = site.cast[name]
        client, secret = create_api_client(
            actor=site.cast.operator.actor,
            organization=person.organization,
            name=name,
            role=next(iter(person.actor.roles)),
            now=now,
        )
        callers.append(Caller(name, token_of(application, client.application.client_id, secret)))
    things = site.things["api"]
    nouns = {"deliveries": "delivery", "applications": "application"} | {
        f"{noun}s": noun for noun in ("product", "need", "listing", "push")
    }
    nouns |= {"pushes": "push"}
    codes = list(Subject.objects.order_by("pk").values_list("code", flat=True))
    known = {
        "code": codes,
        "subject_code": codes,
        "item": list(CatalogueItem.objects.order_by("code").values_list("code", flat=True)),
        **{
            f"{noun}.id": [things[f"api:{one}-detail"]["pk"]]
            for noun, one in nouns.items()
            if f"api:{one}-detail" in things
        },
    }
    known |= {name.replace(".id", ".pk"): values for name, values in known.items() if name.endswith(".id")}
    result = fuzz(application, callers, known=known, examples=12, seed_number=1)
    assert result.lines == [], "\n".join(result.lines)
    assert result.requests > 200
    assert {200, 401, 403, 404, 422} <= set(result.statuses)
