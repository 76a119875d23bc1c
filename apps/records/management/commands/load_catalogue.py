from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.records import services


class Command(BaseCommand):
    """Shell of services.load_catalogue."""

    help = "载入 fixtures/reference/records.catalogueitem.json 中的信息目录；没有变化的信息项保留不动。"

    def add_arguments(self, parser: CommandParser) -> None:
        default = settings.BASE_DIR / "fixtures" / "reference" / "records.catalogueitem.json"
        parser.add_argument("--file", type=Path, default=default)

    def handle(self, *, file: Path, verbosity: int, **options: Any) -> None:
        changed = services.load_catalogue(actor=SYSTEM, path=file, now=clock.now())
        if verbosity:
            self.stdout.write(f"信息目录：新增或更新 {changed} 项。")
