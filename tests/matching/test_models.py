"""The constraints bite, whoever writes."""

import pytest
from django.db import IntegrityError, transaction

from apps.matching import services
from apps.matching.models import Dispatch, FinancingNeed, Match
from tests.matching.factories import need, profile
from tests.products.factories import published

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"amount_yuan": 0}, "financingneed_amount_positive"),
        ({"term_months": 0}, "financingneed_term_positive"),
        ({"max_rate_pct": 0}, "financingneed_rate_is_percent"),
        ({"max_rate_pct": "100.01"}, "financingneed_rate_is_percent"),
        ({"state": "closed"}, "financingneed_closed_has_date"),
    ],
)
def test_incoherent_needs_are_refused(cast, now, values, constraint):
    posted = need(cast, now)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        FinancingNeed.objects.filter(pk=posted.pk).update(**values)


def test_a_rank_and_a_product_occur_once_in_a_run(cast, now):
    profile(cast.owner.organization.subject, now)
    version, other = published(cast, now), published(cast, now, name="乙")
    run = services.run_match(actor=cast.owner.actor, need=need(cast, now), now=now)
    values = {"run": run, "verdict": "met", "unmet_count": 0, "low_rate_pct": 3, "verdicts": []}
    for product, rank, constraint in ((version, 9, "match_product_once"), (other, 1, "match_")):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Match.objects.create(product_version=product, rank=rank, **values)


def test_an_answer_has_its_date(cast, now):
    profile(cast.owner.organization.subject, now)
    version = published(cast, now)
    posted = need(cast, now)
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    dispatch = services.send_need(actor=cast.owner.actor, need=posted, product_version=version, now=now)
    with pytest.raises(IntegrityError, match="dispatch_answer_has_date"), transaction.atomic():
        Dispatch.objects.filter(pk=dispatch.pk).update(state="accepted")
