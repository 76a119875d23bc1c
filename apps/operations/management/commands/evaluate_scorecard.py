"""Hold the scorecard against outcomes: `manage.py evaluate_scorecard --outcomes 结果.xlsx --json 评估.json`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.errors import DomainError
from apps.profiles import services
from apps.profiles.services import Evaluated
from apps.profiles.services.evaluating import REASONS
from apps.reports import printing


class Command(BaseCommand):
    """Shell of profiles.services.evaluate_outcomes; profiles know no PDF, so it stands above reports."""

    help = (
        "用贷款结果评估评分卡：evaluate_scorecard --outcomes FILE [--pdf FILE] [--json FILE]。结果文件为 CSV 或 XLSX，"
        "列：统一社会信用代码、是否违约（1/0/是/否）、日期；画像取结果日期之前的。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, the card, and where the answer goes."""
        parser.add_argument("--outcomes", type=Path, required=True, metavar="FILE", help="贷款结果文件")
        parser.add_argument("--scorecard", default="", metavar="版本", help="评分卡版本，缺省为画像所用的唯一版本")
        parser.add_argument("--pdf", type=Path, metavar="FILE", help="评估报告，缺省为结果文件旁的 <文件名>.评估.pdf")
        parser.add_argument("--json", type=Path, dest="json_file", metavar="FILE", help="把全部数字写入这个文件")

    def handle(self, *, outcomes: Path, scorecard: str, **options: Any) -> None:
        """Evaluate, print, write."""
        pdf = options["pdf"] or outcomes.with_name(f"{outcomes.stem}.评估.pdf")
        try:
            with outcomes.open("rb") as stream:
                told = services.evaluate_outcomes(
                    actor=SYSTEM,
                    stream=stream,
                    file_name=outcomes.name,
                    scorecard_version=scorecard,
                    now=clock.now(),
                )
            self._tell(told)
            if options["json_file"]:
                content = json.dumps(printing.evaluation_content(told), ensure_ascii=False, indent=1)
                options["json_file"].write_text(content + "\n", encoding="utf-8")
            pdf.write_bytes(printing.print_evaluation(told).content)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as fault:
            raise CommandError(f"不能读写文件 {fault.filename}：{fault.strerror}。") from fault
        self.stdout.write(f"评估报告已写入 {pdf}")

    def _tell(self, told: Evaluated) -> None:
        sample, overall = told.sample, told.evaluation.overall
        left_out = [f"{REASONS[reason]} {count}" for reason, count in sample.unused.items() if count]
        self.stdout.write(
            f"评分卡 {sample.scorecard_version}：样本 {overall.cases} 个，"
            f"违约 {overall.bads} 个（{overall.bad_rate_pct}%）"
        )
        self.stdout.write(f"AUC {overall.auc}（95% 区间 {overall.auc_low}–{overall.auc_high}），KS {overall.ks_pct}%")
        for each in told.evaluation.stabilities:
            self.stdout.write(f"PSI {each.label}：{'—' if each.psi is None else each.psi}")
        self.stdout.write(f"读取 {sample.read} 行，未纳入 {len(told.unused)} 行：{'，'.join(left_out) or '无'}")
