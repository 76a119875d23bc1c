"""The constraints of the tables bite, whatever a service would do."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from apps.whitelist.models import Listing, Programme, Push, ScreeningRun
from tests.whitelist.factories import Lists


def refuses(queryset, constraint: str, **values) -> None:
    """An UPDATE behind the services' back runs into the named constraint."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        queryset.update(**values)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"valid_months": 0}, "programme_validity"),
        ({"valid_months": 25}, "programme_validity"),
        ({"state": "closed"}, "programme_coherent"),
        ({"opened_at": None}, "programme_coherent"),
    ],
)
def test_programme_is_coherent_in_every_state(lists: Lists, values, constraint):
    refuses(Programme.objects.all(), constraint, **values)


def test_programme_has_one_run_under_way(lists: Lists):
    run = lists.run()
    copy = ScreeningRun.objects.get(pk=run.pk)
    copy.pk = None
    with pytest.raises(IntegrityError, match="screeningrun_one_under_way"), transaction.atomic():
        copy.save()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"outcome_digest": ""}, "screeningrun_screened_whole"),
        ({"inputs": None}, "screeningrun_screened_whole"),
        ({"state": "approved"}, "screeningrun_approved_by_somebody"),
        ({"state": "published"}, "screeningrun_approved_by_somebody|screeningrun_published_dated"),
    ],
)
def test_screening_run_is_coherent_in_every_state(lists: Lists, values, constraint):
    lists.run()
    refuses(ScreeningRun.objects.all(), constraint, **values)


def test_screening_run_is_approved_by_a_second_person(lists: Lists, cast, now):
    run = lists.run()
    refuses(
        ScreeningRun.objects.filter(pk=run.pk),
        "screeningrun_four_eyes",
        approved_by_id=run.requested_by_id,
        approved_at=now,
    )


def test_listing_is_active_once_for_a_programme_and_firm(lists: Lists):
    listing = lists.listing()
    listing.pk = None
    with pytest.raises(IntegrityError, match="listing_one_active"), transaction.atomic():
        listing.save()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "exited"}, "listing_exit_coherent"),
        ({"exit_reason": "blocked"}, "listing_exit_coherent"),
        ({"valid_to_on": date(2026, 11, 15)}, "listing_period_ordered"),
    ],
)
def test_listing_is_coherent_in_every_state(lists: Lists, values, constraint):
    lists.listing()
    refuses(Listing.objects.all(), constraint, **values)


def test_push_is_made_once_for_a_listing_and_bank(lists: Lists):
    push = lists.push()
    push.pk = None
    with pytest.raises(IntegrityError, match="push_once"), transaction.atomic():
        push.save()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "contacted"}, "push_contacted_dated"),
        ({"state": "accepted"}, "push_contacted_dated|push_accepted_has_term"),
        ({"state": "credited"}, "push_"),
        ({"state": "lent"}, "push_"),
        ({"state": "declined"}, "push_declined_has_reason"),
        ({"lent_yuan": 1}, "push_lent_whole"),
    ],
)
def test_push_is_coherent_in_every_state(lists: Lists, values, constraint):
    lists.push()
    refuses(Push.objects.all(), constraint, **values)


def test_a_credited_amount_is_a_number(lists: Lists):
    lists.answer(lists.push(), "contact", "accept", "credit", credit_yuan=1000, credit_months=12, credit_rate_pct=3)
    with (
        pytest.raises(IntegrityError, match="push_credited_whole"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE whitelist_push SET credit_yuan = 'NaN'")
