"""Who sees which product, and what it costs."""

from decimal import Decimal

import pytest

from apps.core.errors import NotVisible
from apps.criteria.facts import FACTS
from apps.criteria.language import facts_asked
from apps.criteria.selectors import snapshot
from apps.products import selectors
from apps.products.models import ProductVersion
from apps.products.selectors import Cost
from tests.products.factories import TODAY, draft, published, submitted

pytestmark = pytest.mark.django_db
LPR = {"1Y": Decimal("3.00"), "5Y": Decimal("3.50")}


def test_only_the_own_bank_and_the_administrator_see_what_is_not_published(cast, now):
    version = draft(cast, now)
    for who in ("bank_officer", "bank_approver", "operator"):
        assert selectors.version_visible_to(cast[who].actor, version.pk) == version
    for actor in (cast.other_bank_officer.actor, cast.owner.actor, cast.regulator.actor, None):
        with pytest.raises(NotVisible):
            selectors.version_visible_to(actor, version.pk)


def test_everybody_sees_what_is_published(cast, now):
    version = published(cast, now)
    for actor in (cast.other_bank_officer.actor, cast.owner.actor, None):
        assert selectors.version_visible_to(actor, version.pk) == version


def test_a_product_of_a_closed_bank_is_not_on_offer(cast, now):
    published(cast, now)
    cast.bank_officer.organization.is_active = False
    cast.bank_officer.organization.save(update_fields=["is_active"])
    assert not selectors.published_versions(TODAY).exists()


@pytest.mark.parametrize(
    ("tenor", "low", "high", "text"),
    [
        ("1Y", 50, 150, "3.50%至4.50%"),
        ("1Y", -10, 40, "2.90%至3.40%"),
        ("5Y", 20, 20, "3.70%"),
        ("1Y", 30, None, "3.30%起"),
    ],
)
def test_cost_is_lpr_of_the_tenor_plus_basis_points(tenor, low, high, text):
    cost = selectors.cost_of(ProductVersion(lpr_tenor=tenor, bps_min=low, bps_max=high), LPR)
    assert cost.text == text
    assert isinstance(cost, Cost)


def test_criteria_of_joins_terms_own_conditions_and_those_of_the_platform(cast, now):
    version = published(
        cast,
        now,
        criteria=[{"slug": "age_months_min", "value": 24}],
        guarantee_types=("credit", "mortgage"),
        first_loan="only",
        renewal="no",
    )
    nodes = selectors.criteria_of(version, LPR, snapshot(TODAY))
    assert [getattr(node, "slug", None) or node.kind for node in nodes] == [
        "amount_within",
        "term_within",
        "rate_acceptable",
        "any",
        "first_loan_only",
        "purpose_not_in",
        "age_months_min",
        "status_active",
        "no_block_application",
    ]
    assert "need_offers_mortgage" in facts_asked(nodes)
    assert {name for name in facts_asked(nodes) if "offers" not in name} <= set(FACTS)


def test_work_items_name_what_waits_for_officer_and_approver(cast, now):
    draft(cast, now, name="甲")
    submitted(cast, now, name="乙")
    assert [item.count for item in selectors.work_items(cast.bank_officer.actor, now)] == [1]
    assert [item.title for item in selectors.work_items(cast.bank_approver.actor, now)] == ["产品版本待审核"]
    assert selectors.work_items(cast.other_bank_officer.actor, now) == []
