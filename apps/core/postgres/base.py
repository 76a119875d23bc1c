"""Database backend: Django's PostgreSQL backend, plus the embedded server and the role that a session runs under.

Roles (design §4): `xq_owner` migrates, `xq_app` serves pages, `xq_batch` runs jobs. They are made by the first
migration; until then only an owner process may connect without one.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base

from apps.core.postgres import embedded

ROLES = {"app": "xq_app", "batch": "xq_batch", "owner": "xq_owner"}
MAINTENANCE_DATABASES = {"postgres", "template1"}


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that serves as exactly one of the three roles."""

    def get_connection_params(self) -> dict[str, Any]:
        """Point at the embedded server, starting it on the first connection, when settings name one."""
        data_directory = self.settings_dict.get("EMBEDDED")
        if data_directory:
            host = embedded.socket_directory(data_directory, self.settings_dict.get("EMBEDDED_OPTIONS", {}))
            self.settings_dict |= {"HOST": host, "USER": "postgres"}
            self._ensure_embedded_database(host)
        params: dict[str, Any] = super().get_connection_params()
        return params

    def _ensure_embedded_database(self, host: str) -> None:
        name = self.settings_dict["NAME"]
        if getattr(self, "_embedded_database", None) == name or name.startswith("test_") or not name:
            return
        import psycopg

        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        self._embedded_database = name

    def init_connection_state(self) -> None:
        """Take on the role before the first statement of the application."""
        super().init_connection_state()
        role = self.settings_dict.get("ROLE")
        if role is None or self.connection.info.dbname in MAINTENANCE_DATABASES:
            return
        name = ROLES[role]
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            if cursor.fetchone() is not None:
                cursor.execute(f"SET ROLE {name}")
            elif role != "owner":
                raise ImproperlyConfigured(
                    f"数据库角色 {name} 不存在，请先运行 manage.py migrate (database role missing, run migrate first)"
                )
        if not self.get_autocommit():
            self.connection.commit()
