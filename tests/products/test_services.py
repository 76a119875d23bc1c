"""Drafting, publication by a second person, import of the banks' catalogue: who may, when, and what it leaves."""

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from apps.core.errors import InvalidInput, NotPermitted, NotVisible, PreconditionFailed, StateConflict
from apps.core.models import AuditEvent
from apps.criteria.values import InvalidCriterion
from apps.products import services
from apps.products.models import Product, ProductVersion
from apps.products.selectors import bank_by_name, published_versions
from apps.products.terms import InvalidTerms
from apps.products.workflow import DRAFT, PUBLISHED, SUBMITTED, SUSPENDED, VERSION, WITHDRAWN
from tests.products.factories import TODAY, draft, published, submitted, terms
from tests.products.test_importing import FILE, ROW, workbook

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)
CRITERIA = [{"slug": "region_within", "value": ["610305"]}, {"slug": "age_months_min", "value": 24}]


def last_event():
    return AuditEvent.objects.order_by("-id").first()


def test_draft_product_keeps_terms_and_criteria_and_leaves_an_event(cast, now):
    version = draft(cast, now, criteria=CRITERIA)
    assert (version.version, version.state, version.criteria, version.terms) == (1, DRAFT, CRITERIA, terms())
    assert last_event().verb == "products.draft_version"
    assert AuditEvent.objects.filter(verb="products.draft_product", target_id=str(version.product_id)).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_max_yuan": Decimal("0.00")}, "amount_max_yuan"),
        ({"amount_min_yuan": Decimal("3000000.01")}, "amount_min_yuan"),
        ({"term_max_months": 0}, "term_max_months"),
        ({"term_min_months": 13}, "term_min_months"),
        ({"lpr_tenor": "3Y"}, "lpr_tenor"),
        ({"bps_min": 2001, "bps_max": None}, "bps_min"),
        ({"bps_max": 49}, "bps_max"),
        ({"promised_days": -1}, "promised_days"),
        ({"guarantee_types": ()}, "guarantee_types"),
        ({"repayment_types": ("whenever",)}, "repayment_types"),
        ({"first_loan": "perhaps"}, "first_loan"),
        ({"renewal": "perhaps"}, "renewal"),
    ],
)
def test_draft_product_refuses_terms_that_contradict_each_other(cast, now, changes, field):
    with pytest.raises(InvalidTerms) as refusal:
        draft(cast, now, **changes)
    assert list(refusal.value.fields) == [field]
    assert not Product.objects.exists()


def test_draft_product_refuses_unknown_criteria_and_a_name_taken(cast, now):
    with pytest.raises(InvalidCriterion):
        draft(cast, now, criteria=[{"slug": "shoe_size", "value": 44}])
    draft(cast, now)
    with pytest.raises(InvalidInput, match="贵行已有名为“税信贷”的产品"):
        draft(cast, now)


@pytest.mark.parametrize("who", ["owner", "bank_approver", "regulator", "authority", "department", "auditor"])
def test_draft_product_is_for_officers_of_the_bank(cast, now, who):
    with pytest.raises(NotPermitted):
        services.draft_product(
            actor=cast[who].actor,
            organization=cast.bank_officer.organization,
            name="甲",
            terms=terms(),
            criteria=[],
            business_date=TODAY,
            now=now,
        )


def test_another_banks_product_is_answered_like_a_missing_one(cast, now):
    version = draft(cast, now)
    stranger = cast.other_bank_officer.actor
    with pytest.raises(NotVisible):
        services.submit_version(actor=stranger, version=version, now=now)
    with pytest.raises(NotVisible):
        services.edit_draft(
            actor=stranger, version=version, revision=1, terms=terms(), criteria=[], business_date=TODAY, now=now
        )
    with pytest.raises(NotVisible):
        services.draft_version(
            actor=stranger, product=version.product, terms=terms(), criteria=[], business_date=TODAY, now=now
        )


def test_edit_draft_refuses_a_stale_copy_and_what_is_no_draft(cast, now):
    version = draft(cast, now)
    edit = {
        "actor": cast.bank_officer.actor,
        "version": version,
        "terms": terms(bps_min=60),
        "criteria": CRITERIA,
        "business_date": TODAY,
        "now": now,
    }
    services.edit_draft(revision=1, **edit)
    version.refresh_from_db()
    assert (version.bps_min, version.criteria, version.revision) == (60, CRITERIA, 2)
    assert last_event().before["terms"]["bps_min"] == 50
    with pytest.raises(PreconditionFailed):
        services.edit_draft(revision=1, **edit)
    services.submit_version(actor=cast.bank_officer.actor, version=version, now=now)
    with pytest.raises(StateConflict, match="只有草稿可以修改"):
        services.edit_draft(revision=2, **edit)


def _fire(verb, actor, version, now):
    arguments = {"actor": actor, "version": version, "now": now}
    if verb in {"return", "suspend", "withdraw"}:
        arguments["reason"] = "原因"
    if verb in {"publish", "withdraw"}:
        arguments["business_date"] = TODAY
    if verb == "publish":
        arguments["effective_from"] = TODAY
    name = "discard_draft" if verb == "discard" else f"{verb}_version"
    getattr(services, name)(**arguments)


def _in_state(state, cast, now):
    if state == DRAFT:
        return draft(cast, now)
    if state == SUBMITTED:
        return submitted(cast, now)
    version = published(cast, now)
    if state == SUSPENDED:
        _fire("suspend", cast.bank_approver.actor, version, now)
    if state == WITHDRAWN:
        _fire("withdraw", cast.bank_approver.actor, version, now)
    return version


@pytest.mark.parametrize("who", ["bank_officer", "bank_approver", "operator", "owner"])
@pytest.mark.parametrize("state", [state.value for state in VERSION.states])
def test_every_move_in_every_state_by_every_role(cast, now, state, who):
    version = _in_state(state, cast, now)
    actor = cast[who].actor
    for move in VERSION.transitions:
        before = transaction.savepoint()
        if move in VERSION.allowed(state, actor.roles):
            _fire(move.verb, actor, version, now)
            version.refresh_from_db()
            assert version.state == move.target
            event = last_event()
            assert event.verb == f"products.{'discard_draft' if move.verb == 'discard' else f'{move.verb}_version'}"
            assert (event.before["state"], event.after["state"]) == (state, move.target)
        else:
            with pytest.raises((NotPermitted, StateConflict, NotVisible)):
                _fire(move.verb, actor, version, now)
        transaction.savepoint_rollback(before)
        version.refresh_from_db()
        assert version.state == state


def test_publish_is_refused_to_whoever_drafted_or_submitted(cast, now):
    version = submitted(cast, now)
    ProductVersion.objects.filter(pk=version.pk).update(submitted_by_id=cast.bank_approver.user.pk)
    version.refresh_from_db()
    with pytest.raises(NotPermitted, match="须由他人复核"):
        _fire("publish", cast.bank_approver.actor, version, now)


def test_publish_ends_the_version_in_force_on_the_day_the_new_one_begins(cast, now):
    first = published(cast, now)
    second = _next_submitted(cast, now, first.product)
    services.publish_version(
        actor=cast.bank_approver.actor, version=second, effective_from=TOMORROW, business_date=TODAY, now=now
    )
    first.refresh_from_db()
    assert (first.effective_from, first.effective_to, second.effective_from) == (TODAY, TOMORROW, TOMORROW)
    assert list(published_versions(TODAY)) == [first]
    assert list(published_versions(TOMORROW)) == [second]


def _next_submitted(cast, now, product):
    version = services.draft_version(
        actor=cast.bank_officer.actor,
        product=product,
        terms=terms(bps_min=40),
        criteria=[],
        business_date=TODAY,
        now=now,
    )
    services.submit_version(actor=cast.bank_officer.actor, version=version, now=now)
    return version


def test_publish_refuses_the_past_and_a_day_that_is_taken(cast, now):
    first = published(cast, now, effective_from=TOMORROW)
    second = _next_submitted(cast, now, first.product)
    publish = {"actor": cast.bank_approver.actor, "version": second, "business_date": TODAY, "now": now}
    with pytest.raises(InvalidInput, match="生效日期不能早于今天"):
        services.publish_version(effective_from=date(2026, 11, 14), **publish)
    for day in (TODAY, TOMORROW):
        with pytest.raises(StateConflict, match="请选择更晚的生效日期"):
            services.publish_version(effective_from=day, **publish)


def test_a_version_withdrawn_before_it_began_leaves_its_days_free(cast, now):
    first = published(cast, now, effective_from=TOMORROW)
    services.withdraw_version(
        actor=cast.bank_approver.actor, version=first, reason="调整", business_date=TODAY, now=now
    )
    assert (first.state, first.effective_from, first.effective_to) == (WITHDRAWN, TOMORROW, TOMORROW)
    second = _next_submitted(cast, now, first.product)
    services.publish_version(
        actor=cast.bank_approver.actor, version=second, effective_from=TOMORROW, business_date=TODAY, now=now
    )
    assert second.state == PUBLISHED


def test_only_one_draft_of_a_product_is_open(cast, now):
    version = draft(cast, now)
    with pytest.raises(StateConflict, match="请先处理它"):
        _next_submitted(cast, now, version.product)


@pytest.mark.parametrize("reason", ["", "  ", "长" * 301])
def test_a_return_needs_its_reason(cast, now, reason):
    version = submitted(cast, now)
    with pytest.raises(InvalidInput) as refusal:
        services.return_version(actor=cast.bank_approver.actor, version=version, reason=reason, now=now)
    assert "reason" in refusal.value.fields


def test_a_second_click_finds_the_version_already_moved(cast, now):
    version = draft(cast, now)
    stale = ProductVersion.objects.select_related("product").get(pk=version.pk)
    services.submit_version(actor=cast.bank_officer.actor, version=version, now=now)
    with pytest.raises(StateConflict, match="刚刚被他人处理"):
        services.submit_version(actor=cast.bank_officer.actor, version=stale, now=now)


def _import(cast, now, content, who="operator"):
    return services.import_catalogue(
        actor=cast[who].actor, content=content, organizations=bank_by_name(), business_date=TODAY, now=now
    )


def test_import_catalogue_drafts_for_known_banks_and_rejects_the_rest_by_row(cast, now):
    report = _import(cast, now, FILE.read_bytes())
    assert (report.read, report.not_data, len(report.drafts), report.unchanged, len(report.rejected)) == (
        28,
        4,
        8,
        0,
        16,
    )
    assert report.rejected[0][0].message == "没有名为“周塬城市商业银行股份有限公司”的入驻金融机构。"
    assert {version.state for version in report.drafts} == {DRAFT}


def test_the_same_catalogue_again_changes_nothing(cast, now):
    _import(cast, now, FILE.read_bytes())
    again = _import(cast, now, FILE.read_bytes())
    assert (len(again.drafts), again.unchanged, len(again.rejected)) == (0, 8, 16)
    assert ProductVersion.objects.count() == 8


def test_a_changed_row_waits_for_the_open_draft_and_then_becomes_the_next_version(cast, now):
    row = ROW | {"银行名称": cast.bank_officer.organization.name}
    version = _import(cast, now, workbook([*row.values()])).drafts[0]
    changed = workbook([*(row | {"利率": "LPR+45BP"}).values()])
    assert _import(cast, now, changed).rejected[0][0].message == "该产品已有一个草稿或待审核的版本，请先处理它。"
    services.submit_version(actor=cast.bank_officer.actor, version=version, now=now)
    _fire("publish", cast.bank_approver.actor, version, now)
    assert [(draft.version, draft.bps_min) for draft in _import(cast, now, changed).drafts] == [(2, 45)]


def test_import_catalogue_is_for_the_administrator(cast, now):
    with pytest.raises(NotPermitted):
        _import(cast, now, io.BytesIO().getvalue(), who="bank_officer")


@pytest.mark.parametrize("maker", ["bank_officer", None])
def test_neither_a_maker_nor_a_system_publishes(cast, now, maker):
    version = submitted(cast, now)
    user_id = cast[maker].user.pk if maker else None
    actor = replace(cast.bank_approver.actor, user_id=user_id)
    with pytest.raises(NotPermitted, match="须由他人复核"):
        services.publish_version(actor=actor, version=version, effective_from=TODAY, business_date=TODAY, now=now)
