"""The cast with a product on offer and the codes that the services look up."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from apps.core.actor import SYSTEM
from apps.records.models import CatalogueItem
from apps.whitelist.services import load_decline_reasons
from tests.loans.factories import Loans, publish
from tests.support.cast import Cast

REASONS = Path(__file__).parents[2] / "fixtures" / "reference" / "whitelist.declinereason.json"


@pytest.fixture
def loans(cast: Cast, now: datetime) -> Loans:
    """See `factories.Loans`."""
    _catalogue()
    load_decline_reasons(actor=SYSTEM, rows=json.loads(REASONS.read_text(encoding="utf-8")), now=now)
    return Loans(cast, now, publish(cast.bank_officer, cast.bank_approver, now))


def _catalogue() -> None:
    """The two items that a consent of these tests names, where the catalogue is not loaded."""
    CatalogueItem.objects.bulk_create(
        [
            CatalogueItem(
                code=code,
                catalogue_no="01",
                name=name,
                owner="区有关部门",
                shape="payment",
                sharing_mode="collected",
                disclosure="authorised",
                update_frequency="每月",
                retention_months=60,
                natural_key=[],
                absence="unknown",
                fields=[],
                catalog_version="1",
            )
            for code, name in (("tax_payment", "申报缴纳信息"), ("tax_grade", "纳税缴费信用级别"))
        ],
        ignore_conflicts=True,
    )
