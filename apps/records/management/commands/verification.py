from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.errors import DomainError
from apps.records import selectors, services
from apps.records.models import CatalogueItem, VerificationAdapter


class Command(BaseCommand):
    """Shell of services.export_questions and services.receive_answers."""

    help = (
        "数据核验的文件批次：verification export 单位 信息项 文件 [--batch 批次] 导出待核验的请求（JSON Lines）；"
        "verification import 单位 信息项 文件 导入答复。单位写名称或代码，信息项写代码。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["export", "import"])
        parser.add_argument("source", metavar="单位")
        parser.add_argument("item", metavar="信息项")
        parser.add_argument("file", type=Path, metavar="文件")
        parser.add_argument("--batch", default="", metavar="批次", help="重新导出这一批中未答的请求")

    def handle(self, *, action: str, source: str, item: str, file: Path, batch: str, **options: Any) -> None:
        adapter = _adapter(source)
        found = selectors.items_asked_of(adapter).filter(code=item).first()
        if found is None:
            raise CommandError(f"该单位没有代码为“{item}”的核验信息项 (no such item)。")
        try:
            if action == "export":
                self._export(adapter, found, file, batch)
            else:
                self._import(adapter, found, file)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{file}：{error.strerror}") from error

    def _export(self, adapter: VerificationAdapter, item: CatalogueItem, file: Path, batch: str) -> None:
        # Made first and never over another file: questions that are marked as sent must lie somewhere.
        with file.open("xb") as stream:
            try:
                batch, content = services.export_questions(
                    actor=SYSTEM, adapter=adapter, item=item, now=clock.now(), batch=batch
                )
            except DomainError:
                file.unlink()
                raise
            stream.write(content)
        self.stdout.write(f"批次{batch}：已导出{len(content.splitlines())}条核验请求。")

    def _import(self, adapter: VerificationAdapter, item: CatalogueItem, file: Path) -> None:
        with file.open("rb") as stream:
            taken = services.receive_answers(
                actor=SYSTEM, adapter=adapter, item=item, file_name=file.name, stream=stream, now=clock.now()
            )
        for refused in taken.refused:
            self.stdout.write(str(refused))
        self.stdout.write(f"采用{taken.states.total()}条答复，未采用{len(taken.refused)}条。")


def _adapter(source: str) -> VerificationAdapter:
    states = selectors.adapters_visible_to(SYSTEM, clock.machine_now())
    found = [
        state.adapter
        for state in states
        if source in {state.adapter.source.organization.name, state.adapter.source.organization.code or ""}
    ]
    if len(found) != 1:
        raise CommandError(f"没有（或不止一个）名为“{source}”的核验通道 (no such source)。")
    return found[0]
