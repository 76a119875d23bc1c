from collections.abc import Callable
from datetime import datetime

import pytest

from apps.core.actor import SYSTEM
from apps.core.jobs import run_now
from apps.core.models import JobState
from apps.records import services
from apps.records.models import Delivery, Source
from tests.records.support import registration_file
from tests.support.cast import Cast

Deliver = Callable[..., Delivery]


@pytest.fixture
def source(cast: Cast, now: datetime) -> Source:
    """The department of the cast, delivering 登记注册, 社会保险 and 行政处罚."""
    items = ["registration", "social_insurance", "penalty"]
    return services.set_source(actor=SYSTEM, organization=cast.department.organization, item_codes=items, now=now)


@pytest.fixture
def deliver(source: Source, now: datetime) -> Deliver:
    """Hand in a text as a file and take it in at once."""

    def hand_in(content: str | bytes, item: str = "social_insurance", *, at: datetime = now) -> Delivery:
        content = content.encode() if isinstance(content, str) else content
        delivery = services.receive_delivery(
            actor=SYSTEM, source=source, item_code=item, file_name=f"{item}.csv", content=content, now=at
        )
        if delivery.job:
            job = run_now(delivery.job)
            assert job.state == JobState.DONE, job.error
        delivery.refresh_from_db()
        return delivery

    return hand_in


@pytest.fixture
def registered(deliver: Deliver) -> Delivery:
    """甲 and 乙 are subjects."""
    return deliver(registration_file("甲有限公司", "乙有限公司"), "registration")
