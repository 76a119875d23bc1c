"""What every step of the story needs: the sample people as actors, and a way to wait for the real worker."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.management.base import CommandError

from apps.accounts.models import Membership, Organization
from apps.accounts.selectors import actor_for, memberships_of
from apps.core import clock
from apps.core.actor import Actor
from apps.core.models import Job, JobState
from apps.demo.people import SAMPLE_BY_KEY
from apps.demo.supervisor import Supervisor

WAIT_SECONDS = 600
POLL_SECONDS = 0.05
BAR_WIDTH = 24


@dataclass
class Stage:
    """The running demonstration."""

    supervisor: Supervisor
    say: Callable[[str], None]
    departments: dict[str, Organization] = field(default_factory=dict)
    banks: dict[str, Organization] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The business instant."""
        return clock.now()

    @property
    def today(self) -> date:
        """The business date."""
        return clock.business_date(self.now)

    def actor(self, key: str) -> Actor:
        """A sample account as an Actor, built as the middleware builds it."""
        membership = Membership.objects.select_related("user").get(
            user__username=SAMPLE_BY_KEY[key].username, is_active=True
        )
        return self.actor_of(membership)

    def actor_of(self, membership: Membership) -> Actor:
        """A member of an organisation as an Actor."""
        live = memberships_of(membership.user).get(pk=membership.pk)
        return actor_for(membership.user, live, on=self.today)

    def wait(self, job: Job) -> Job:
        """Watch a job until the worker has ended it. Raises CommandError when it failed or nobody works on it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            job.refresh_from_db()
            self._draw(job)
            if job.state == JobState.DONE:
                return job
            if job.state == JobState.FAILED:
                raise CommandError(f"任务失败 (job failed)：{job.kind}：{job.error}")
            if dead := self.supervisor.dead():
                raise CommandError(
                    f"进程 {dead[0]} 意外结束 (process ended)，日志见 {self.supervisor.log_of(dead[0])}。"
                )
            if time.monotonic() > deadline:
                raise CommandError(f"任务 {job.kind} 超过 {WAIT_SECONDS} 秒没有完成 (job timed out)：{job.error}")
            time.sleep(POLL_SECONDS)

    def _draw(self, job: Job) -> None:
        if not sys.stderr.isatty():
            return
        filled = job.progress_pct * BAR_WIDTH // 100
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        end = "\n" if job.is_over else "\r"
        sys.stderr.write(f"  {bar} {job.progress_pct:3d}% {job.kind} {job.progress_note[:30]}{end}")
        sys.stderr.flush()
