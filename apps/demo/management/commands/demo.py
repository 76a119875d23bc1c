"""`manage.py demo`: install nothing by hand, load the district, run the main job, serve the site."""

import shutil
import sys
import time
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections

from apps.core import clock
from apps.core.errors import DomainError
from apps.demo import story
from apps.demo.report import Report, digests_below
from apps.demo.story.stage import Stage
from apps.demo.supervisor import PortTaken, Supervisor, require_free_port

BUSINESS_DATE = date(2026, 11, 15)
DEFAULT_PORT = 8000


class Command(BaseCommand):
    """The demonstration district, told through the real services and the real worker."""

    help = "装载演示区、跑通主流程并打开网站"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The switches of design §8."""
        parser.add_argument("--no-serve", action="store_true", help="只出报告，不打开网站")
        parser.add_argument("--fresh", action="store_true", help="清空演示数据，从头再来")
        parser.add_argument("--json", metavar="FILE", type=Path, help="同时把报告写成 JSON")
        parser.add_argument("--date", type=date.fromisoformat, default=None, help="业务日期，默认 2026-11-15")
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell the story, or print the stored one; then serve."""
        if not settings.DEMO:
            raise CommandError("生产环境不能运行演示 (the demo never runs in production)。")
        serve = not options["no_serve"]
        if serve:
            self._require_port(options["port"])
        if "EMBEDDED" not in connection.settings_dict:
            # It begins by dropping its database.
            raise CommandError("演示只用内嵌数据库 (embedded database only)，请先取消环境变量 DATABASE_URL。")
        home: Path = settings.HOME
        home.mkdir(parents=True, exist_ok=True)
        stored = home / "demo-report.json"
        report = None if options["fresh"] else self._stored(stored, options["date"])
        self._set_clock(home, date.fromisoformat(report.business_date) if report else options["date"] or BUSINESS_DATE)
        faults: list[str] = []
        with Supervisor(home) as supervisor:
            if report is None:
                report = self._tell(supervisor, home, stored, faults)
            elif serve:
                self._prepare_database()
                supervisor.start_workers()
            for line in report.lines():
                self.stdout.write(line)
            if options["json"]:
                report.save(options["json"])
            if serve:
                self._serve(supervisor, options["port"])
        connections.close_all()
        if faults and not serve:
            raise CommandError("".join(faults))

    def _require_port(self, port: int) -> None:
        try:
            require_free_port(port)
        except PortTaken as error:
            raise CommandError(
                f"端口 {port} 已被占用 (port taken)，请关闭占用它的程序，或用 --port 换一个，例如 --port {port + 1}。"
            ) from error

    def _stored(self, path: Path, wanted: date | None) -> Report | None:
        if not path.exists():
            return None
        report = Report.load(path)
        if wanted is not None and wanted.isoformat() != report.business_date:
            raise CommandError(f"演示区的业务日期是 {report.business_date}，要换日期请加 --fresh (date differs)。")
        if changed := report.changed_files(settings.BASE_DIR):
            raise CommandError(
                f"演示所用的文件已有变化 (files changed)：{'、'.join(changed[:3])}，请加 --fresh 重新装载。"
            )
        return report

    def _set_clock(self, home: Path, business_date: date) -> None:
        today = clock.business_date(clock.machine_now())
        settings.CLOCK_OFFSET_DAYS = (business_date - today).days
        (home / "clock-offset-days").write_text(str(settings.CLOCK_OFFSET_DAYS))

    def _prepare_database(self) -> None:
        self._as("owner")
        call_command("migrate", verbosity=0)
        call_command("load_fixtures", verbosity=0)
        self._as("app")

    def _tell(self, supervisor: Supervisor, home: Path, stored: Path, faults: list[str]) -> Report:
        """The whole story. What this machine lacks goes to `faults`; a report with faults is not kept."""
        began = time.monotonic()
        self._clear(home, stored)
        self._say("正在准备数据库 …")
        self._prepare_database()
        supervisor.start_workers()
        fixtures: Path = settings.BASE_DIR / "fixtures"
        report = Report(clock.business_date(clock.now()).isoformat(), files=digests_below(settings.BASE_DIR, fixtures))
        stage = Stage(supervisor, self._say, faults=faults)
        try:
            for step in story.tell(stage):
                report.steps.append(step)
                self._say(f"✓ {step.name} {step.seconds:.1f} 秒")
        except DomainError as error:
            raise CommandError(error.message) from error
        report.seconds = round(time.monotonic() - began, 1)
        if not faults:
            report.save(stored)
        return report

    def _clear(self, home: Path, stored: Path) -> None:
        stored.unlink(missing_ok=True)
        for folder in ("files", "broker/queue", "broker/control"):
            shutil.rmtree(home / folder, ignore_errors=True)
            (home / folder).mkdir(parents=True)
        self._as("owner")
        name = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = "postgres"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(name)} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)}")
        connection.close()
        connection.settings_dict["NAME"] = name

    def _as(self, role: str) -> None:
        connection.close()
        connection.settings_dict["ROLE"] = role

    def _serve(self, supervisor: Supervisor, port: int) -> None:
        supervisor.start_web(port)
        self.stdout.write(f"\n网站已打开：http://127.0.0.1:{port}/ （按 Ctrl-C 结束）")
        self.stdout.flush()
        try:
            while not (dead := supervisor.dead()):
                time.sleep(0.5)
        except KeyboardInterrupt:
            self.stdout.write("\n已结束。")
            return
        raise CommandError(f"进程 {dead[0]} 意外结束 (process ended)，日志见 {supervisor.log_of(dead[0])}。")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
