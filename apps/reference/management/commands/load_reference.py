from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.reference import services
from apps.reference.fixture_files import fixture_paths, read_fixture


class Command(BaseCommand):
    """Shell of services.load_fixture."""

    help = "载入 fixtures/reference/ 中的基础数据；没有变化的文件跳过，平台上维护过的行保留。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "fixtures" / "reference")

    def handle(self, *, folder: Path, verbosity: int, **options: Any) -> None:
        now = clock.now()
        for path in fixture_paths(folder):
            loaded = services.load_fixture(actor=SYSTEM, fixture=read_fixture(path), now=now)
            if verbosity:
                kept = f"，保留平台维护的 {loaded.kept} 行" if loaded.kept else ""
                outcome = f"载入 {loaded.rows} 行{kept}" if loaded.is_changed else "无变化"
                self.stdout.write(f"{loaded.table:14} {outcome}")
