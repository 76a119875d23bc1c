import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core.actor import SYSTEM
from apps.records import selectors

_COUNTS = {
    "read": "读取",
    "not_data": "非数据",
    "accepted": "入库",
    "rejected": "退回",
    "held": "待处理",
    "duplicate": "重复",
}


class Command(BaseCommand):
    """Shell of selectors.deliveries_visible_to."""

    help = "列出报送及其各行的去向。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--limit", type=int, default=100, help="最多列出多少份，从最近的算起")

    def handle(self, *, format: str, limit: int, **options: Any) -> None:
        deliveries = selectors.deliveries_visible_to(SYSTEM)[:limit]
        if format == "json":
            rows = [
                {
                    "id": row.pk,
                    "source": str(row.source),
                    "item": row.item.code,
                    "file": row.file_name,
                    "received_at": row.received_at.isoformat(),
                    "state": row.state,
                    "refusal": row.refusal,
                    "counts": {name: getattr(row, name) for name in _COUNTS},
                    "reasons": row.tallies,
                }
                for row in deliveries
            ]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for row in deliveries:
            counts = " ".join(f"{label}{getattr(row, name)}" for name, label in _COUNTS.items())
            self.stdout.write(f"{row.pk:>5} {row.get_state_display()} {row.item} {row.file_name}  {counts}")
