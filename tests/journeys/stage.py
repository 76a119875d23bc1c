"""The stage of the demonstration, in one process."""

from apps.core.jobs import run_now
from apps.core.models import Job, JobState
from apps.demo.story.stage import Stage


class AtOnce(Stage):
    """A stage whose jobs are done here instead of being waited for."""

    def wait(self, job: Job) -> Job:
        """Do the job now."""
        job.refresh_from_db()
        if job.state == JobState.QUEUED:
            run_now(job)
        assert job.state == JobState.DONE, f"{job.kind}: {job.error}"
        return job
