"""Scorecards that come with a release."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import NotPermitted, StateConflict
from apps.profiles import policies, scorecard
from apps.profiles.models import Scorecard

audit.register("profiles", {"load_scorecard": "载入评分卡 {target}"})


@transaction.atomic
def load_scorecard(*, actor: Actor, row: Mapping[str, Any], now: datetime) -> Scorecard:
    """Add a version of `fixtures/reference/profiles.scorecard.json`; the same version again changes nothing.

    Raises ScorecardError for data that contradict themselves, StateConflict where the version is there with other
    data: stored scores name it, so a change is a new version.
    """
    if not policies.can_load_scorecards(actor):
        raise NotPermitted("只有平台管理员可以载入评分卡。")
    card = scorecard.parse(row["data"])
    there = Scorecard.objects.filter(version=row["version"]).first()
    if there is not None:
        if there.digest != card.digest:
            raise StateConflict(f"评分卡 {there} 已存在且内容不同，修改须使用新的版本号。")
        return there
    loaded = Scorecard.objects.create(
        version=row["version"],
        state=row["state"],
        effective_from=date.fromisoformat(row["effective_from"]),
        source_document=row["source_document"],
        certainty=row["certainty"],
        data=row["data"],
        digest=card.digest,
        published_at=now if row["state"] == "published" else None,
    )
    audit.record(actor=actor, verb="profiles.load_scorecard", target=loaded, now=now, after={"digest": loaded.digest})
    return loaded
