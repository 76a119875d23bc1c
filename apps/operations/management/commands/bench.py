"""Measure the table of budgets (design §9) in one run, on a database of its own."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.core.models import Job
from apps.operations.bench.database import BenchFault, fresh, template, work_here
from apps.operations.bench.measure import SIZES, Row, Size
from apps.operations.bench.rows import ROWS
from apps.operations.bench.table import lines_of, summary

INSIDE = "XINQIAO_BENCH"


class Command(BaseCommand):
    """Exit 0 when everything asked for was measured, whatever the verdicts; 1 when a measurement failed."""

    help = "量测性能预算：bench [intake profiles screening matching one pdf workers pages] [--size full] [--json 文件]"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which rows, how large, where the figures go."""
        parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="只量这些行，缺省为全部")
        parser.add_argument("--size", choices=list(SIZES), default="small", help="规模，缺省 small（几分钟）")
        parser.add_argument(
            "--job", type=int, help=argparse.SUPPRESS
        )  # a worker that does one job and says what it spent
        parser.add_argument("--json", type=Path, dest="json_file", help="把全部数字写入这个文件")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go into a data folder of the bench's own, measure, and leave nothing behind."""
        if options["job"]:
            self._do_job(options["job"])
            return
        if os.environ.get(INSIDE) != "1":
            sys.exit(self._in_own_folder())
        size = SIZES[options["size"]]
        began = time.monotonic()
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        self.stdout.write(f"信桥性能量测，规模 {size.name}，{cores} 个处理器核，开始时负载 {load:.1f}")
        if load > cores / 2:
            self.stdout.write("机器上另有繁忙的程序，下列数字和比值不可靠 (the machine is busy)。")
        rows: list[Row] = []
        failed: list[str] = []
        with template():
            for slug in options["rows"] or ROWS:
                self._measure(slug, size, rows, failed)
        self.stdout.write(f"{summary(rows, size)}共用 {time.monotonic() - began:.0f} 秒。")
        if options["json_file"]:
            told = {
                "size": size.name,
                "cores": cores,
                "load_at_start": load,
                "rows": [row.as_json() for row in rows],
                "failed": failed,
            }
            options["json_file"].write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if failed:
            raise CommandError(f"没有量成 (failed)：{'；'.join(failed)}")

    def _do_job(self, job_id: int) -> None:
        """The clock starts when the process is ready, as with a worker that waits."""
        current_app.loader.import_default_modules()
        spent = work_here(Job.objects.get(pk=job_id))
        self.stdout.write(json.dumps(asdict(spent)))

    def _measure(self, slug: str, size: Size, rows: list[Row], failed: list[str]) -> None:
        try:
            with fresh():
                row = ROWS[slug](size)
        except (BenchFault, DomainError) as fault:
            failed.append(f"{slug} {fault}")
            self.stdout.write(f"✗ {slug} 没有量成：{fault}")
            return
        rows.append(row)
        for line in lines_of(row):
            self.stdout.write(line)
        self.stdout.flush()

    def _in_own_folder(self) -> int:
        """The same command once more, with files, embedded server and messages of its own; the folder goes after it."""
        folder = settings.HOME / "bench"
        env = os.environ | {INSIDE: "1", "XINQIAO_HOME": str(folder), "CELERY_BROKER_URL": "memory://localhost/"}
        try:
            return subprocess.run(
                [sys.executable, str(settings.BASE_DIR / "manage.py"), *sys.argv[1:]], env=env, check=False
            ).returncode
        finally:
            shutil.rmtree(folder, ignore_errors=True)
