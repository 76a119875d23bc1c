import json
import unicodedata
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.actor import SYSTEM
from apps.records import selectors
from apps.records.reasons import LABELS
from apps.records.selectors import ListedDelivery, ListedRow

_COUNTS = {
    "read": "读取",
    "not_data": "非数据",
    "accepted": "入库",
    "normalised": "规范",
    "warned": "提示",
    "rejected": "退回",
    "held": "待处理",
    "duplicate": "重复",
    "corrected": "更正",
}
_SHOWN_NUMBERS = 20


class Command(BaseCommand):
    """Shell of selectors.listed_deliveries."""

    help = "列出全部报送：各项笔数、按原因的笔数、退回和待处理的行号。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["table", "json"], default="table")
        parser.add_argument("--item", default="", help="只列一个信息项（代码，如 social_insurance）")

    def handle(self, *, format: str, item: str, **options: Any) -> None:
        if item and item not in selectors.item_codes():
            raise CommandError(f"没有信息项 {item}。")
        listed = selectors.listed_deliveries(SYSTEM, item)
        if format == "json":
            self._print_json(listed)
            return
        for row in listed:
            self._print_lines(row)

    def _print_json(self, listed: Any) -> None:
        """One array, a delivery a line, so that a long list is neither held in memory nor hard to read."""
        self.stdout.write("[", ending="")
        for number, row in enumerate(listed):
            self.stdout.write("," if number else "")
            self.stdout.write(json.dumps(_object(row), ensure_ascii=False), ending="")
        self.stdout.write("\n]")

    def _print_lines(self, row: ListedDelivery) -> None:
        delivery = row.delivery
        counts = " ".join(f"{label}{getattr(delivery, name)}" for name, label in _COUNTS.items())
        head = f"{delivery.pk:>5}  {_padded(delivery.get_state_display(), 8)}  {_padded(delivery.item.code, 21)}"
        self.stdout.write(f"{head}  {delivery.file_name}（{delivery.source}）\n       {counts}")
        if delivery.repeats:
            self.stdout.write(f"       与第{delivery.repeats.pk}号报送完全相同")
        if delivery.refusal:
            self.stdout.write(f"       {delivery.refusal}")
        for title, rows in (("退回", row.rejected_rows), ("待处理", row.held_rows)):
            for (sheet, reason), count in Counter((one.sheet, one.reason) for one in rows).items():
                numbers = [str(one.row_number) for one in rows if (one.sheet, one.reason) == (sheet, reason)]
                shown = "、".join(numbers[:_SHOWN_NUMBERS]) + ("……" if count > _SHOWN_NUMBERS else "")
                where = f"工作表“{sheet}”" if sheet else ""
                self.stdout.write(f"       {title} {LABELS[reason]}{count}行：{where}第{shown}行")


def _object(row: ListedDelivery) -> dict[str, Any]:
    delivery = row.delivery
    return {
        "id": delivery.pk,
        "file_name": delivery.file_name,
        "item": delivery.item.code,
        "item_name": delivery.item.name,
        "source": str(delivery.source),
        "received_at": delivery.received_at.isoformat(),
        "state": delivery.state,
        "repeats": delivery.repeats.pk if delivery.repeats else None,
        "refusal": delivery.refusal,
        **{name: getattr(delivery, name) for name in _COUNTS},
        "reasons": {kind: counts for kind, counts in sorted(delivery.tallies.items()) if counts},
        "rejected_rows": [_row(one) for one in row.rejected_rows],
        "held_rows": [_row(one) for one in row.held_rows],
    }


def _row(one: ListedRow) -> dict[str, Any]:
    sheet = {"sheet": one.sheet} if one.sheet else {}
    return {**sheet, "row": one.row_number, "reason": one.reason}


def _padded(text: str, width: int) -> str:
    """Chinese signs are two columns wide."""
    taken = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
    return text + " " * (width - taken)
