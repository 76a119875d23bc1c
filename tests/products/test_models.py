"""The constraints bite, whoever writes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.products.models import ProductVersion
from tests.products.factories import TODAY, draft, published

pytestmark = pytest.mark.django_db


def copy_of(version, **values):
    version.pk, version._state.adding = None, True
    for name, value in {"version": 2, **values}.items():
        setattr(version, name, value)
    return version


def test_periods_of_one_product_may_touch_but_not_overlap(cast, now):
    first = published(cast, now)
    ProductVersion.objects.filter(pk=first.pk).update(effective_to=TODAY + timedelta(days=10))
    with pytest.raises(IntegrityError, match="productversion_periods_disjoint"), transaction.atomic():
        copy_of(ProductVersion.objects.get(pk=first.pk), effective_from=TODAY + timedelta(days=9)).save()
    copy_of(
        ProductVersion.objects.get(pk=first.pk), effective_from=TODAY + timedelta(days=10), effective_to=None
    ).save()
    published(cast, now, name="另一产品")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"amount_min_yuan": 4_000_000}, "productversion_amounts_ordered"),
        ({"amount_max_yuan": 0}, "productversion_amounts_ordered"),
        ({"term_min_months": 13}, "productversion_terms_ordered"),
        ({"bps_max": 10}, "productversion_bps_ordered"),
        ({"state": "published"}, "productversion_published_has_period"),
        ({"effective_from": TODAY}, "productversion_published_has_period"),
    ],
)
def test_incoherent_versions_are_refused(cast, now, values, constraint):
    version = draft(cast, now)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ProductVersion.objects.filter(pk=version.pk).update(**values)


def test_publisher_is_neither_drafter_nor_submitter(cast, now):
    version = published(cast, now)
    with pytest.raises(IntegrityError, match="productversion_second_person"), transaction.atomic():
        ProductVersion.objects.filter(pk=version.pk).update(published_by_id=version.drafted_by_id)
