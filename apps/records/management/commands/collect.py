import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections

from apps.core import clock
from apps.records.services.folder import Collector


class Command(BaseCommand):
    """Shell of services.folder: one collector per folder, a round every few seconds."""

    help = (
        "采集文件夹中的报送文件：collect DIR [--once]。文件放在 DIR/<报送单位代码或名称>/<信息项代码或名称>/ 下；清单"
        "（<文件名>.manifest.json）先放，数据文件后放。取走的文件移到 done 或 refused，并附回执 <文件名>.receipt.json。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="采集的文件夹")
        parser.add_argument("--once", action="store_true", help="取走现有的文件，等它们处理完后结束")
        parser.add_argument("--settle", type=float, default=5, metavar="秒", help="多久不变才算写完，缺省 5")
        parser.add_argument("--wait", type=float, default=600, metavar="秒", help="--once 最多等多久，缺省 600")

    def handle(self, *, folder: Path, once: bool, settle: float, wait: float, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"没有这个文件夹 (no such folder)：{folder}")
        with _alone(folder):
            collector = Collector(folder)
            until = time.monotonic() + settle + wait
            rounds = 0
            while True:
                self._round(collector, patient=not once)
                rounds += 1
                if once and rounds >= 2 and (not collector.waits or time.monotonic() >= until):
                    break
                time.sleep(settle)
        if collector.waits:
            self.stdout.write("仍有文件在处理中，再次运行时给出回执 (still in intake)。")

    def _round(self, collector: Collector, *, patient: bool) -> None:
        """A database that is away for a while is waited for: no file is lost meanwhile."""
        try:
            for line in collector.look(clock.now()):
                self.stdout.write(line)
        except (OperationalError, InterfaceError) as error:
            if not patient:
                raise
            self.stderr.write(f"数据库暂不可用，稍后重试 (database away)：{type(error).__name__}")
            close_old_connections()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The lock goes with the process, however it ends."""
    number = os.open(folder / ".collect.lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(f"另一个采集进程正在处理这个文件夹 (locked by another collector)：{folder}") from None
    else:
        yield
    finally:
        os.close(number)
