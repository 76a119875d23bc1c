"""Run a night, or one step of it, by hand; what is done already is skipped, what failed is run again."""

import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.jobs import run_now, sweep
from apps.core.models import Job, JobState
from apps.operations import services
from apps.operations.night import STEP_BY_SLUG, STEPS, Step

WAIT_SECONDS = 0.5
MARKS = {JobState.DONE: "✓", JobState.FAILED: "✗"}


class Command(BaseCommand):
    """Exit 0 when every step is done, 1 when one failed."""

    help = "执行夜间处理：nightly [--date 2026-11-15] [--step profiles]"

    def add_arguments(self, parser: CommandParser) -> None:
        """Which night, which step."""
        parser.add_argument("--date", type=date.fromisoformat, help="业务日期，缺省为今天")
        parser.add_argument("--step", choices=list(STEP_BY_SLUG), help="只执行这一步")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps in order and print one line for each."""
        now = clock.now()
        business_date = options["date"] or clock.business_date(now)
        steps = [STEP_BY_SLUG[options["step"]]] if options["step"] else STEPS
        self.stdout.write(f"夜间处理 {business_date}")
        failed = [step.label for step in steps if not self._run(step, business_date)]
        if failed:
            raise CommandError(f"未完成 (failed)：{'、'.join(failed)}")

    def _run(self, step: Step, business_date: date) -> bool:
        started = time.monotonic()
        job = services.enqueue_step(actor=SYSTEM, slug=step.slug, business_date=business_date, now=clock.now())
        if job.state == JobState.DONE:
            self.stdout.write(f"✓ {step.label}：此前已完成 {_counts(job)}")
            return True
        job = self._finish(job)
        told = _counts(job) if job.state == JobState.DONE else job.error
        self.stdout.write(f"{MARKS[JobState(job.state)]} {step.label}：{told} {time.monotonic() - started:.1f} 秒")
        return job.state == JobState.DONE

    def _finish(self, job: Job) -> Job:
        """Do it here, or wait for the worker that was quicker; what breaks off is tried again like by a worker."""
        while not (job := run_now(job)).is_over:
            time.sleep(WAIT_SECONDS)
            sweep()
        return job


def _counts(job: Job) -> str:
    return "，".join(f"{name} {count}" for name, count in (job.result or {}).items())
