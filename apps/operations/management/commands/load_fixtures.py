"""`manage.py load_fixtures`: the dated reference data of this release into the tables."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.operations.fixtures import load_all


class Command(BaseCommand):
    """Shell of operations.fixtures.load_all."""

    help = "载入 fixtures/reference/ 中的全部基础数据；没有变化的文件跳过，平台上维护过的行保留"

    def add_arguments(self, parser: CommandParser) -> None:
        """Another folder may be named."""
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "fixtures" / "reference")

    def handle(self, *, folder: Path, verbosity: int, **options: Any) -> None:
        """Print a line a file."""
        for line in load_all(actor=SYSTEM, folder=folder, now=clock.now()):
            if verbosity:
                self.stdout.write(line)
