"""Firms with portraits, a programme and its runs, made through the services."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.core.jobs import run_now
from apps.profiles.models import Profile
from apps.subjects.models import Subject
from apps.whitelist import services
from apps.whitelist.models import Listing, Programme, Push, ScreeningRun
from apps.whitelist.services.pushes import Answer
from tests.consents.factories import give
from tests.support.cast import REGION, Cast, Person


def portray(subject: Subject, now: datetime, **changes: Any) -> Profile:
    """A portrait that meets the platform's entry rule unless changed."""
    columns = {
        "as_of_on": now.date(),
        "as_known_at": now,
        "computed_at": now,
        "code": subject.code,
        "name": subject.name,
        "kind": subject.kind,
        "region_code": subject.region_code,
        "size_class": "small",
        "status": "active",
        "age_months": 60,
        "tax_grade": "A",
        "has_block_whitelist": False,
        "has_block_application": False,
        "score": 800,
        "grade": "AA",
        "coverage_pct": Decimal("80.00"),
        "indicator_version": "1",
        "scorecard_version": "FCS-1",
        "input_digest": "0" * 64,
        "payload_digest": "0" * 64,
    }
    return Profile.objects.create(subject=subject, **(columns | changes))


@dataclass
class Lists:
    """The cast and an open programme; each method goes one step further."""

    cast: Cast
    now: datetime
    programme: Programme

    @property
    def today(self) -> date:
        """The day of `now`."""
        return self.now.date()

    def run(self) -> ScreeningRun:
        """Asked for by the first person and judged."""
        run = services.request_screening(
            actor=self.cast.authority.actor, programme=self.programme, business_date=self.today, now=self.now
        )
        job = run_now(run.job)
        assert job.state == "done", job.error
        run.refresh_from_db()
        return run

    def publish(self) -> ScreeningRun:
        """Approved by the second person and published."""
        run = services.approve_screening(actor=self.cast.second_authority.actor, run=self.run(), now=self.now)
        services.publish_screening(actor=self.cast.authority.actor, run=run, now=self.now)
        return run

    def listing(self) -> Listing:
        """宏远制造 on the list, having consented to all banks."""
        give(self.cast.owner, now=self.now)
        portray(Subject.objects.get(pk=self.cast.owner.actor.subject_id), self.now)
        self.publish()
        return Listing.objects.get(subject_id=self.cast.owner.actor.subject_id)

    def push_to(self, bank: Person) -> dict[str, int]:
        """Everything that the bank has not got yet."""
        job = services.request_push(
            actor=self.cast.authority.actor, programme=self.programme, bank=bank.organization, now=self.now
        )
        job = run_now(job)
        assert job.state == "done", job.error
        return dict(job.result)

    def push(self) -> Push:
        """宏远制造 recommended to the bank."""
        listing = self.listing()
        self.push_to(self.cast.bank_officer)
        return Push.objects.get(listing=listing)

    def answer(self, push: Push, *verbs: str, **parts: Any) -> Push:
        """The officer's answers one after the other, `parts` with the last."""
        for verb in verbs:
            given = Answer(**parts) if verb == verbs[-1] else None
            push = services.answer_push(
                actor=self.cast.bank_officer.actor, push=push, verb=verb, now=self.now, answer=given
            )
        return push


def open_programme(cast: Cast, now: datetime) -> Programme:
    """The district's list by the platform's rule."""
    programme = services.create_programme(
        actor=cast.authority.actor, name="凤翔区信易贷白名单", region_code=REGION, now=now
    )
    return services.open_programme(actor=cast.authority.actor, programme=programme, now=now)
