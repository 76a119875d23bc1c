"""What is over by the rules of retention: shown, or done as the night does it."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.jobs import enqueue, run_now
from apps.core.models import JobState
from apps.records import selectors, services
from apps.records.retention import KEPT


class Command(BaseCommand):
    """Shell of services.rehearse and services.retire_records."""

    help = "到期删除和停用：按保存规则处理到期的记录、退回的行、已处理的待处理行和报送文件"

    def add_arguments(self, parser: CommandParser) -> None:
        """`--dry-run` shows, `--date` says for which day."""
        parser.add_argument("--dry-run", action="store_true", help="只列出将要处理的，不作任何改动")
        parser.add_argument("--date", type=date.fromisoformat, help="业务日期，默认为今天")

    def handle(self, **options: Any) -> None:
        """One line a rule."""
        now = clock.now()
        day = options["date"] or clock.business_date(now)
        if not options["dry_run"]:
            job = run_now(
                enqueue(
                    actor=SYSTEM, kind="records.retire", key=now.isoformat(), payload={}, now=now, business_date=day
                )
            )
            if job.state != JobState.DONE:
                raise CommandError(job.error)
            done = "，".join(f"{dict(KEPT)[kept]}{rows}行" for kept, rows in (job.result or {}).items())
            self.stdout.write(f"{day}：{done or '没有到期的数据'}")
            return
        names = selectors.names_of_items()
        total = 0
        for rule, rows, first, last in services.rehearse(actor=SYSTEM, business_date=day, now=now):
            total += rows
            kept = dict(KEPT)[rule.kept]
            self.stdout.write(f"{names[rule.item_code]}  {kept}  {rows}行  {first}至{last}  {rule.sentence}")
        self.stdout.write(f"{day}：将处理{total}行" if total else f"{day}：没有到期的数据")
