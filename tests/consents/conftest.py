"""The catalogue items that the gate's tests speak of; pages here happen at `now`, like everything else."""

from datetime import datetime

import pytest

from apps.core import clock
from apps.records.models import CatalogueItem

_ITEMS = {
    "registration": ("登记注册信息", "public"),
    "penalty": ("行政处罚信息", "public"),
    "tax_payment": ("申报缴纳信息", "authorised"),
    "social_insurance": ("社会保险缴费信息", "authorised"),
}


@pytest.fixture(autouse=True)
def _catalogue(request: pytest.FixtureRequest) -> None:
    if "cast" not in request.fixturenames:
        return
    request.getfixturevalue("db")
    CatalogueItem.objects.bulk_create(
        [
            CatalogueItem(
                code=code,
                catalogue_no="01",
                name=name,
                owner="区有关部门",
                shape="payment",
                sharing_mode="collected",
                disclosure=disclosure,
                update_frequency="每月",
                retention_months=60,
                natural_key=[],
                absence="unknown",
                fields=[],
                catalog_version="1",
            )
            for code, (name, disclosure) in _ITEMS.items()
        ],
        ignore_conflicts=True,
    )


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
