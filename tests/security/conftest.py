"""Everything of 宏远制造, of its bank and of its district stands ready to be looked at by those it does not concern."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from apps.accounts.models import Membership, Organization, User
from apps.consents import gate
from apps.core import clock
from apps.core.actor import SYSTEM, OrganizationKind, Role
from apps.core.files import store
from apps.core.models import Job
from apps.matching.models import Dispatch
from apps.matching.services import run_match, send_need
from apps.records.models import CatalogueItem, Delivery, HeldRow, RejectedRow, Source, VerificationAdapter
from apps.records.services import ask_source
from apps.reports.models import ReportFile, ReportRequest
from apps.subjects.models import Subject, SubjectCode
from apps.whitelist.services import load_decline_reasons
from tests.enterprises.factories import registration
from tests.enterprises.factories import subject as in_the_register
from tests.loans.factories import Loans, publish
from tests.matching.factories import need
from tests.products.factories import draft
from tests.support.cast import Cast
from tests.whitelist.factories import Lists, open_programme

REASONS = Path(__file__).parents[2] / "fixtures" / "reference" / "whitelist.declinereason.json"
ROW_TEXT = "退回行的原文"
# What belongs to whom, as it would show on a page.
MARKS = ("宏远", ROW_TEXT, "税信贷草稿")


@dataclass
class Site:
    """The cast, strangers, and what was made: app → parameter of an address → value."""

    cast: Cast
    strangers: dict[str, User]
    things: dict[str, dict[str, Any]]

    def client(self, name: str = "") -> Client:
        """A client that answers 500 instead of raising, logged in as one of the cast or a stranger ("" nobody)."""
        client = Client(raise_request_exception=False)
        if name:
            user = self.strangers[name] if name in self.strangers else self.cast[name].user
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Pages happen at the instant of the tests."""
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def site(cast: Cast, now: datetime) -> Site:
    """See `Site`."""
    load_decline_reasons(actor=SYSTEM, rows=json.loads(REASONS.read_text(encoding="utf-8")), now=now)
    for person in (cast.owner, cast.stranger):
        subject = Subject.objects.get(pk=person.actor.subject_id)
        SubjectCode.objects.create(subject=subject, code=subject.code, seen_from_at=now)
    lists = Lists(cast, now, open_programme(cast, now))
    push = lists.push()
    subject = push.listing.subject
    loans = Loans(cast, now, publish(cast.bank_officer, cast.bank_approver, now))
    dispatch = _dispatch(loans)
    drawdown = loans.reserve(loans.approve())
    delivery = _delivery(cast, now)
    consent = subject.consents.order_by("pk").first()
    in_the_register(now)
    things: dict[str, dict[str, Any]] = {
        "core": {"pk": Job.objects.get(kind="whitelist.push").pk},
        "reference": {"year": 2026, "code": "SX_ZX", "key": "report_valid_days"},
        "accounts": {
            "pk": cast.owner.organization.pk,
            "membership_pk": cast.owner.user.memberships.get().pk,
        },
        "records": {
            "pk": delivery.pk,
            "organization_id": cast.department.organization.pk,
            "source_id": delivery.source_id,
            "item_code": "social_insurance",
            "year": 2026,
            "number": 11,
            "code": "social_insurance",
            "field_name": "headcount",
            **_verification(delivery, cast, now),
        },
        "consents": {"pk": consent.pk},
        "enterprises": {"pk": registration(now).pk},
        "products": {"version_id": draft(cast, now, name="税信贷草稿").pk, "verb": "submit"},
        "profiles": {
            "code": subject.code,
            "item": "tax_payment",
            "profiles:verification_ask": {"item": "real_estate"},
        },
        "matching": {"need_id": dispatch.need_id, "dispatch_id": dispatch.pk},
        "whitelist": {
            "pk": lists.programme.pk,
            "verb": "close",
            "whitelist:run_detail": {"pk": push.listing.run_id},
            "whitelist:run_move": {"pk": push.listing.run_id, "verb": "discard"},
            "whitelist:listing_exit": {"pk": push.listing_id},
            "whitelist:push_detail": {"pk": push.pk},
            "whitelist:push_answer": {"pk": push.pk, "verb": "receive"},
        },
        "loans": {
            "pk": drawdown.line.application_id,
            "version_id": loans.version.pk,
            "verb": "withdraw",
            "loans:drawdown_step": {"pk": drawdown.pk, "verb": "post"},
        },
        "statistics": {"theme": "lending"},
        "reports": {
            "number": _report(cast, now).number,
            "reports:bulletin": {"source_id": delivery.source_id, "year": 2026, "number": 11},
        },
        "operations": {"pk": Job.objects.get(kind="whitelist.push").pk},
        "demo": {"key": "regulator"},
        "api": {
            "code": subject.code,
            "api:delivery-detail": {"pk": delivery.pk},
            "api:delivery-rejected-rows": {"pk": delivery.pk},
            "api:delivery-held-rows": {"pk": delivery.pk},
            "api:product-detail": {"pk": draft(cast, now, name="税信贷草稿二").pk},
            "api:need-detail": {"pk": dispatch.need_id},
            "api:listing-detail": {"pk": push.listing_id},
            "api:push-detail": {"pk": push.pk},
            "api:push-feedback": {"pk": push.pk},
            "api:application-detail": {"pk": drawdown.line.application_id},
        },
    }
    return Site(cast, _strangers(cast, now), things)


def _dispatch(loans: Loans) -> Dispatch:
    wanted = need(loans.cast, loans.now)
    run_match(actor=loans.cast.owner.actor, need=wanted, now=loans.now)
    return send_need(actor=loans.cast.owner.actor, need=wanted, product_version=loans.version, now=loans.now)


def _delivery(cast: Cast, now: datetime) -> Delivery:
    """A delivery of the department with one rejected and one held row."""
    source = Source.objects.create(organization=cast.department.organization)
    source.items.set(CatalogueItem.objects.filter(code__in=["social_insurance"]))
    delivery = Delivery.objects.create(
        item=source.items.get(),
        source=source,
        file=store(b"rows", name="社保.csv", content_type="text/csv", now=now),
        file_name="社保.csv",
        received_at=now,
        state="applied",
        applied_at=now,
        read=2,
        rejected=1,
        held=1,
    )
    row = {"delivery": delivery, "message": "说明", "original_text": ROW_TEXT}
    RejectedRow.objects.create(row_number=2, reason="code_outer", column="代码", **row)
    HeldRow.objects.create(row_number=3, reason="conflict", code="", values={}, **row)
    return delivery


def _verification(delivery: Delivery, cast: Cast, now: datetime) -> dict[str, Any]:
    """The firm asked a source about itself; the values of the routes."""
    delivery.source.items.add(CatalogueItem.objects.get(code="real_estate"))
    adapter = VerificationAdapter.objects.create(source=delivery.source, kind="file")
    subject_id = cast.owner.actor.subject_id
    assert subject_id is not None
    with transaction.atomic():
        permit = gate.open(actor=cast.owner.actor, subject_id=subject_id, purpose="own", items={"real_estate"}, now=now)
        asked = ask_source(
            actor=cast.owner.actor, subject_id=subject_id, item_code="real_estate", permit=permit, now=now
        )
    steps = ("detail", "pause", "resume", "try", "export", "import")
    return {f"records:verification_{step}": {"pk": adapter.pk} for step in steps} | {
        "records:verification_progress": {"pk": asked.pk}
    }


def _report(cast: Cast, now: datetime) -> ReportRequest:
    """A finished report that the firm asked for about itself; its printing is tested elsewhere."""
    report = ReportRequest.objects.create(
        number="XQ20261115100000K7M2PD",
        subject_id=cast.owner.actor.subject_id,
        organization=cast.owner.organization,
        requested_by_name=cast.owner.actor.name,
        requested_at=now,
        purpose="own",
        items=[],
        content={},
        content_digest="0" * 64,
        valid_until_on=now.date(),
        state="ready",
    )
    stored = store(b"%PDF-1.7", name="report.pdf", content_type="application/pdf", now=now)
    ReportFile.objects.create(request=report, stored=stored, page_count=1, template_version="1", issued_at=now)
    return report


def _strangers(cast: Cast, now: datetime) -> dict[str, User]:
    """An authority, a department and a regulator of the neighbouring district."""
    made = {}
    for name, kind, role in (
        ("other_authority", OrganizationKind.AUTHORITY, Role.AUTHORITY),
        ("other_department", OrganizationKind.DEPARTMENT, Role.DEPARTMENT),
        ("other_regulator", OrganizationKind.REGULATOR, Role.REGULATOR),
    ):
        organization = Organization.objects.create(
            kind=kind.value, name=f"邻区{kind.value}", region_code="610303", created_at=now
        )
        made[name] = User.objects.create_user(username=name, display_name=name)
        Membership.objects.create(user=made[name], organization=organization, role=role.value, created_at=now)
    return made
