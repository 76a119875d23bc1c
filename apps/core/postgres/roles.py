"""The three database roles of design §4, made before the first migration of a database.

`xq_owner` owns and migrates the tables, `xq_app` serves pages and may not rewrite the audit trail, `xq_batch` runs
jobs and seals the trail.
"""

from django.db import connection, transaction

_CREATE = """
DO $$ BEGIN
    CREATE ROLE {role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
_GRANTS = """
GRANT xq_owner, xq_app, xq_batch TO SESSION_USER;
GRANT ALL ON SCHEMA public TO xq_owner;
GRANT USAGE ON SCHEMA public TO xq_app, xq_batch;
ALTER DEFAULT PRIVILEGES FOR ROLE xq_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO xq_app, xq_batch;
ALTER DEFAULT PRIVILEGES FOR ROLE xq_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO xq_app, xq_batch;
"""


def take_ownership() -> None:
    """Make the roles where they are missing, grant them, and go on as the owner.

    Needs a login that may create roles, or roles that an administrator made beforehand.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname IN ('xq_owner', 'xq_app', 'xq_batch')")
        if cursor.fetchone()[0] < 3:
            for role in ("xq_owner", "xq_app", "xq_batch"):
                cursor.execute(_CREATE.format(role=role))
        cursor.execute(
            "SELECT has_schema_privilege('xq_app', 'public', 'USAGE')"
            " AND has_schema_privilege('xq_owner', 'public', 'CREATE')"
            " AND EXISTS (SELECT 1 FROM pg_default_acl WHERE defaclrole = 'xq_owner'::regrole)"
        )
        if not cursor.fetchone()[0]:
            cursor.execute(_GRANTS)
        cursor.execute("SELECT format('GRANT TEMPORARY ON DATABASE %I TO xq_app, xq_batch', current_database())")
        cursor.execute(cursor.fetchone()[0])
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE xq_owner")
