from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.jobs import run_now
from apps.core.models import JobState
from apps.profiles import services
from apps.records.selectors import known_until


class Command(BaseCommand):
    """Shell of services.refresh_profiles; does the job in this process."""

    help = "计算全部主体的信用画像。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, help="画像日期，默认为今天（业务日期）")
        parser.add_argument("--as-known", type=datetime.fromisoformat, help="只用这一时刻以前收到的数据，默认为现在")

        parser.add_argument("--whole", action="store_true", help="全部重算，包括不可能有变化的主体")

    def handle(self, **options: Any) -> None:
        now = clock.now()
        as_known = options["as_known"] or known_until(now)
        if as_known.tzinfo is None:
            as_known = as_known.replace(tzinfo=clock.CHINA)
        job = services.refresh_profiles(
            actor=SYSTEM,
            business_date=options["date"] or clock.business_date(now),
            as_known=as_known,
            now=now,
            whole=options["whole"],
        )
        job = run_now(job)
        if job.state != JobState.DONE:
            raise CommandError(f"画像计算没有完成：{job.error}")
        result = job.result or {}
        self.stdout.write(
            f"共 {result['subjects']} 户，重新计算 {result['computed']} 户，其中 {result['changed']} 户有变化"
        )
