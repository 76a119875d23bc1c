"""Look at what must hold of the whole database; report, never mend."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.operations import invariants


class Command(BaseCommand):
    """Exit 0 when everything holds, 1 otherwise."""

    help = "核查数据约束：额度、报送笔数、审计链、授权与查询、孤行、消息与租约、文件"

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each invariant, the first breaks beneath."""
        broken = 0
        for result in invariants.check(clock.machine_now()):
            broken += not result.holds
            found = "" if result.holds else f"：{result.count} 处"
            self.stdout.write(f"{'✓' if result.holds else '✗'} {result.invariant.label}{found}")
            for named in result.named:
                self.stdout.write(f"    {named}")
        if broken:
            raise CommandError(f"{broken} 项约束不成立 (invariants broken)")
