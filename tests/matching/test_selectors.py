"""Who sees which need."""

import pytest

from apps.consents.models import AccessRecord
from apps.core.errors import NotVisible
from apps.matching import selectors, services
from tests.consents.factories import give
from tests.matching.factories import need, profile
from tests.products.factories import published

pytestmark = pytest.mark.django_db


@pytest.fixture
def posted(cast, now):
    profile(cast.owner.organization.subject, now)
    return need(cast, now)


def dispatch_of(cast, now, posted):
    version = published(cast, now, criteria=[{"slug": "tax_grade_in", "value": ["A"]}])
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    return services.send_need(actor=cast.owner.actor, need=posted, product_version=version, now=now)


@pytest.mark.parametrize("who", ["owner", "accountant", "operator", "auditor", "authority", "regulator"])
def test_a_need_is_seen_by_its_firm_its_region_and_the_platform(cast, posted, who):
    assert selectors.need_visible_to(cast[who].actor, posted.pk) == posted


@pytest.mark.parametrize("who", ["stranger", "bank_officer", "bank_approver", "other_bank_officer", "department"])
def test_a_need_is_hidden_from_everybody_else(cast, posted, who):
    with pytest.raises(NotVisible):
        selectors.need_visible_to(cast[who].actor, posted.pk)


def test_a_bank_sees_what_was_sent_to_it_until_it_is_recalled(cast, now, posted):
    dispatch = dispatch_of(cast, now, posted)
    officer = cast.bank_officer.actor
    assert selectors.need_visible_to(officer, posted.pk) == posted
    assert selectors.dispatch_visible_to(officer, dispatch.pk) == dispatch
    with pytest.raises(NotVisible):
        selectors.dispatch_visible_to(cast.other_bank_officer.actor, dispatch.pk)
    services.recall_dispatch(actor=cast.owner.actor, dispatch=dispatch, now=now)
    for read in (
        lambda: selectors.need_visible_to(officer, posted.pk),
        lambda: selectors.dispatch_visible_to(officer, dispatch.pk),
    ):
        with pytest.raises(NotVisible):
            read()


def test_a_bank_reads_the_reasons_only_with_consent(cast, now, posted):
    dispatch = dispatch_of(cast, now, posted)
    officer = cast.bank_officer.actor
    told = selectors.disclosure_to_bank(officer, dispatch, now)
    assert (told.findings, bool(told.refusal)) == ([], True)
    assert not AccessRecord.objects.exists()
    give(cast.owner, now=now, grantee=cast.bank_officer)
    told = selectors.disclosure_to_bank(officer, dispatch, now)
    assert ([finding["label"] for finding in told.findings][4], told.refusal) == ("纳税缴费信用级别", "")
    assert AccessRecord.objects.get().organization_id == cast.bank_officer.organization.pk


def test_shelves_hold_every_product_once_in_rank_order(cast, now, posted):
    dispatch = dispatch_of(cast, now, posted)
    shelves = selectors.shelves_of(dispatch.match.run)
    assert [(shelf.verdict, len(shelf.matches)) for shelf in shelves] == [("met", 1), ("unknown", 0), ("not_met", 0)]
    assert shelves[0].matches[0].product_version.sent == [dispatch]


def test_work_items_name_needs_to_match_and_needs_received(cast, now, posted):
    assert [item.count for item in selectors.work_items(cast.owner.actor, now)] == [1]
    dispatch_of(cast, now, posted)
    assert selectors.work_items(cast.owner.actor, now) == []
    assert [item.title for item in selectors.work_items(cast.bank_officer.actor, now)] == ["收到融资需求"]
    assert selectors.work_items(cast.other_bank_officer.actor, now) == []
