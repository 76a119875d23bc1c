"""Create the first administrator of a platform; everybody else is created in the browser."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.errors import DomainError, InvalidInput
from apps.operations import services


class Command(BaseCommand):
    """Exit 0 when the account exists, 1 with one sentence when it was refused."""

    help = "新建首位平台管理员：create_operator 用户名 姓名"

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, for which organisation, and where the password comes from."""
        parser.add_argument("username", help="用户名")
        parser.add_argument("name", help="姓名")
        parser.add_argument("--organization", default="信桥平台运营单位", help="平台运营单位名称（尚无单位时新建）")
        parser.add_argument("--password-stdin", action="store_true", help="从标准输入读取口令（一行）")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the password and create the account."""
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else self._asked()
        try:
            membership = services.create_first_operator(
                actor=SYSTEM,
                username=options["username"],
                display_name=options["name"],
                password=password,
                organization_name=options["organization"],
                now=clock.now(),
            )
        except InvalidInput as refusal:
            raise CommandError(" ".join((refusal.fields or {}).values()) or refusal.message) from refusal
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"✓ 已新建平台管理员 {membership.user}（{membership.organization}）")

    def _asked(self) -> str:
        password = getpass.getpass("口令 (password): ")
        if getpass.getpass("再次输入口令 (again): ") != password:
            raise CommandError("两次输入的口令不一致 (passwords differ)")
        return password
