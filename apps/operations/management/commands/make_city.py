"""Invent a city with a known truth: `manage.py make_city --subjects 2000 --seed 7 --out /tmp/city`."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.errors import DomainError
from apps.operations.city.building import DELIVERIES, OUTCOMES_FILE, TRUTH, Plan, build
from apps.operations.city.loans import DAYS, FIRST_DAY
from apps.operations.city.taking_in import take_in


class Command(BaseCommand):
    """Exit 0 when everything was written and, with --take-in, every file came to what was planted; else 1."""

    help = (
        "生成一座合成城市：各部门的脏报送、银行的贷款结果、以及全部真相（truth.json）。"
        "报送按采集文件夹的样子放；--take-in 直接在本机空库中入库并逐份核对。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How large, which one, of which day, where to."""
        parser.add_argument("--subjects", type=int, required=True, metavar="N", help="主体数")
        parser.add_argument("--seed", type=int, default=1, help="随机数种子，缺省 1；同一种子内容相同")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="空文件夹")
        parser.add_argument("--date", type=date.fromisoformat, help="城市的日期，缺省使贷款结果到今天（业务日期）为止")
        parser.add_argument("--take-in", action="store_true", help="随后在城市的那一天入库、核对、计算画像（只限空库）")

    def handle(self, *, subjects: int, seed: int, out: Path, **options: Any) -> None:
        """Build it, and take it in if asked to."""
        now = clock.now()
        as_of = options["date"] or clock.business_date(now) - timedelta(days=FIRST_DAY + DAYS)
        try:
            truth = build(out, Plan(subjects, seed, as_of), tell=lambda done: self._progress(done, subjects))
            found = truth["outcomes"]
            rows = sum(file["read"] for file in truth["deliveries"])
            self.stdout.write(f"{out / DELIVERIES}：{len(truth['deliveries'])} 份报送，{rows} 行")
            self.stdout.write(
                f"{out / OUTCOMES_FILE}：贷款 {found['loans']} 笔，违约 {found['bads']} 笔，"
                f"真实概率的 AUC {found['auc']}"
            )
            self.stdout.write(f"真相：{out / TRUTH}")
            faults = self._taken_in(out, as_of) if options["take_in"] else []
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        except (OSError, json.JSONDecodeError) as fault:
            raise CommandError(f"不能读写城市的文件：{fault}") from fault
        if faults:
            raise CommandError("与种下的不一致：" + "；".join(faults))

    def _taken_in(self, out: Path, as_of: date) -> list[str]:
        """On the city's own day, so that its portraits stand before the outcomes of its loans."""
        shift = settings.CLOCK_OFFSET_DAYS
        settings.CLOCK_OFFSET_DAYS += (as_of - clock.business_date(clock.now())).days
        try:
            return take_in(out, now=clock.now(), tell=self.stdout.write)
        finally:
            settings.CLOCK_OFFSET_DAYS = shift

    def _progress(self, done: int, subjects: int) -> None:
        self.stderr.write(f"\r已生成 {done}/{subjects} 户", ending="\n" if done == subjects else "")
