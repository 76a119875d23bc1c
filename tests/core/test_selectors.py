"""Reads of jobs and of the trail."""

import pytest

from apps.core import jobs, selectors
from apps.core.errors import NotPermitted, NotVisible


def test_job_visible_to_hides_foreign_jobs(cast, now):
    job = jobs.enqueue(actor=cast.department.actor, kind="trial.read", key="1", payload={}, now=now)
    assert selectors.job_visible_to(cast.department.actor, job.pk) == job
    assert selectors.job_visible_to(cast.operator.actor, job.pk) == job
    for actor, pk in ((cast.owner.actor, job.pk), (cast.department.actor, 0)):
        with pytest.raises(NotVisible):
            selectors.job_visible_to(actor, pk)


def test_trail_for_the_auditor_is_newest_first(cast, now):
    for key in "12":
        jobs.enqueue(actor=cast.department.actor, kind="trial.read", key=key, payload={}, now=now)
    ids = list(selectors.trail_for(cast.auditor.actor).values_list("id", flat=True))
    assert ids == sorted(ids, reverse=True)
    with pytest.raises(NotPermitted):
        selectors.trail_for(cast.operator.actor)
