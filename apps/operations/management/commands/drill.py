"""Run one drill: `manage.py drill malformed --files 100000 --seed 7`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.operations.drills import DRILLS


class Command(BaseCommand):
    """Exit 0 when nothing went wrong, 1 with a line for each thing that did."""

    help = "演练：drill malformed --files 100000 --seed 7"

    def add_arguments(self, parser: CommandParser) -> None:
        """The drill and what it needs to know."""
        drills = parser.add_subparsers(dest="name", required=True)
        for name, drill in DRILLS.items():
            own = drills.add_parser(name, help=(drill.__doc__ or "").splitlines()[0])
            own.add_argument("--seed", type=int, default=1, help="随机数种子，缺省 1；同一种子结果相同")
            drill.add_arguments(own)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        faults = DRILLS[options["name"]].run(options, self.stdout.write)
        for fault in faults[:50]:
            self.stdout.write(f"✗ {fault}")
        if faults:
            raise CommandError(f"演练 {options['name']} 发现 {len(faults)} 处异常")
