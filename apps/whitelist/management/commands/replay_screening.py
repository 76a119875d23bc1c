from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.whitelist import selectors

WORDS = {
    "same": "一致 (same)：规则、输入、结果的摘要都相同。",
    "different": "不一致 (different)：",
    "inputs_deleted": "无法重算 (inputs_deleted)：输入已按保存期限删除，摘要留作证明。",
}


class Command(BaseCommand):
    """Shell of selectors.replay."""

    help = "重新筛选一次白名单，与当时的摘要逐项比较；不写入任何数据。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, help="筛选编号")

    def handle(self, *, run: int, **options: Any) -> None:
        found = selectors.run_for_replay(run)
        if found is None:
            raise CommandError(f"没有编号为 {run} 的已完成筛选 (no such screened run)。")
        replay = selectors.replay(found)
        self.stdout.write(f"{found}: {WORDS[replay.answer]}")
        for name, digest in replay.stored.items():
            again = replay.found.get(name)
            mark = "" if again in (None, digest) else f"  ≠ {again}"
            self.stdout.write(f"  {name:9} {digest}{mark}")
        if replay.answer == "different":
            raise CommandError("重算结果与当时不一致。")
