"""Django's `migrate`, run as the owner of the tables."""

from typing import Any

from django.core.management.commands import migrate

from apps.core.postgres.roles import take_ownership


class Command(migrate.Command):
    """Makes the database roles first, so that every table belongs to `xq_owner`."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Take ownership, then migrate."""
        take_ownership()
        super().handle(*args, **options)
