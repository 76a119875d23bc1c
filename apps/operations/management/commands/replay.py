from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.errors import NotVisible
from apps.profiles import selectors, services
from apps.profiles.services import Replay
from apps.subjects.selectors import subject_by_code

WORDS = {
    "same": "一致 (same)",
    "different": "不一致 (different)",
    "inputs_deleted": "无法重算 (inputs_deleted)：输入已按保存期限删除",
}
SHOWN = 20


class Command(BaseCommand):
    """Shell of profiles.services.replay_profile and replay_stored."""

    help = "按当时的数据重算一份已保存的结果，与当时逐项比较；不一致时退出码为1。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["profile"], help="核对什么：profile 信用画像")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--subject", help="统一社会信用代码")
        which.add_argument("--sample", type=int, help="不指定主体，随机抽取这么多份历史画像")
        parser.add_argument("--at", type=datetime.fromisoformat, help="核对这一时刻有效的画像，默认为现在")
        parser.add_argument("--seed", type=int, default=1, help="抽取的随机种子")

    def handle(self, *, what: str, subject: str | None, sample: int | None, **options: Any) -> None:
        now = clock.now()
        if subject is not None:
            replays = [self._one(subject, options["at"] or now, now)]
        else:
            rows = selectors.sampled_history_for_batch(sample or 0, options["seed"])
            replays = [services.replay_stored(actor=SYSTEM, stored=row, now=now) for row in rows]
        for replay in replays:
            if subject is not None or replay.answer != "same":
                self._print(replay)
        count = {answer: sum(replay.answer == answer for replay in replays) for answer in WORDS}
        self.stdout.write(f"核对 {len(replays)} 份：" + "，".join(f"{answer} {n}" for answer, n in count.items()))
        if count["different"]:
            raise CommandError("重算结果与当时不一致。")

    def _one(self, code: str, at: datetime, now: datetime) -> Replay:
        found = subject_by_code(code)
        if found is None:
            raise CommandError(f"没有统一社会信用代码为 {code} 的主体。")
        if at.tzinfo is None:
            at = at.replace(tzinfo=clock.CHINA)
        try:
            return services.replay_profile(actor=SYSTEM, subject=found, at=at, now=now)
        except NotVisible as error:
            raise CommandError(str(error)) from error

    def _print(self, replay: Replay) -> None:
        stored = replay.stored
        self.stdout.write(
            f"主体 {stored.subject_id}  画像日期 {stored.as_of_on}  数据截至 {stored.as_known_at.isoformat()}  "
            f"评分卡 {stored.scorecard_version}  指标 {stored.indicator_version}：{WORDS[replay.answer]}"
        )
        for each in replay.differences[:SHOWN]:
            self.stdout.write(f"  {each.name}：当时 {each.before}，重算 {each.after}")
        if len(replay.differences) > SHOWN:
            self.stdout.write(f"  另有 {len(replay.differences) - SHOWN} 项不同")
        for proof in replay.proofs:
            self.stdout.write(
                f"  {proof.business_date} 删除 {proof.item_code} {proof.rows} 行（含其他主体），摘要 {proof.digest}"
            )
