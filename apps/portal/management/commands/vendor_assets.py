"""Make the vendored files again."""

import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from apps.portal import vendor


class Command(BaseCommand):
    """Downloads by package name (npm, apt-get), then rewrites the files, their manifest and their README."""

    help = "重新生成随附的前端资源与字体（需要 npm 与 apt-get）"

    def handle(self, *args: Any, **options: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            entries = vendor.vendor_all(Path(folder), self.stdout.write)
        self.stdout.write(self.style.SUCCESS(f"共 {len(entries)} 个文件"))
