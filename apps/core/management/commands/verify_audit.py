"""`manage.py verify_audit`: walk the hash chain of every stream and name the first broken row."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import audit, clock


class Command(BaseCommand):
    """Exit 0 when every chain holds and nothing waits over a minute for its seal, 1 otherwise."""

    help = "核验审计链：逐流核对序号与摘要，指出第一处断点"

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a broken stream, then the totals."""
        found = audit.verify(machine_now=clock.machine_now())
        for stream, fault in sorted(found.broken.items()):
            self.stdout.write(f"✗ {stream}:{fault.message}")
        if found.overdue:
            self.stdout.write(f"✗ {found.overdue} 条记录超过 60 秒未封存 (unsealed)")
        if not found.is_whole:
            raise CommandError("审计链不完整 (audit chain broken)")
        self.stdout.write(f"✓ 审计链完整:{found.streams} 个流,{found.events} 条记录 (audit chain whole)")
