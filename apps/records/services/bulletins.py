"""Publishing the monthly bulletin: from then on its figures stay as they are."""

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from apps.accounts.services import notify
from apps.core import audit
from apps.core.actor import Actor, Role
from apps.core.clock import business_date
from apps.core.digests import canonical_json, sha256_of
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.records.models import Bulletin, Source
from apps.records.quality import month_of
from apps.records.selectors.bulletins import build_bulletin, ranking


def publish_bulletin(*, actor: Actor, source: Source, month_on: date, now: datetime) -> Bulletin:
    """Freeze the bulletin of a source and month and tell the department.

    Raises NotPermitted, InvalidInput for a month to come, NotVisible without figures, StateConflict when it is out.
    """
    if not actor.has(Role.OPERATOR):
        raise NotPermitted("只有平台管理员可以发布通报。")
    today = business_date(now)
    if month_on > month_of(today):
        raise InvalidInput("不能发布以后月份的通报。")
    content = build_bulletin(actor, source.pk, month_on, today)
    with transaction.atomic():
        Source.objects.select_for_update(of=("self",), no_key=True).get(pk=source.pk)
        if Bulletin.objects.filter(source=source, month_on=month_on).exists():
            raise StateConflict("这一期通报已经发布。")
        bulletin = Bulletin.objects.create(
            source=source,
            month_on=month_on,
            content=content,
            content_digest=sha256_of(canonical_json(content)),
            published_at=now,
            published_by_name=actor.name,
        )
        audit.record(
            actor=actor,
            verb="records.publish_bulletin",
            target=bulletin,
            now=now,
            after={"digest": bulletin.content_digest},
        )
        notify(
            organization_id=source.organization_id,
            title=content["title"],
            body="".join(content["advice"][:3]),
            url=reverse("records:bulletin_detail", args=[source.pk, month_on.year, month_on.month]),
            dedupe_key=f"records.bulletin:{source.pk}:{month_on}",
            now=now,
        )
    return bulletin


def publish_month(*, actor: Actor, month_on: date, now: datetime) -> int:
    """Publish every bulletin of a month that is not out yet; returns how many. Raises as `publish_bulletin`."""
    waiting = [row.source for row in ranking(month_on, business_date(now)) if not row.published]
    for source in waiting:
        publish_bulletin(actor=actor, source=source, month_on=month_on, now=now)
    return len(waiting)
