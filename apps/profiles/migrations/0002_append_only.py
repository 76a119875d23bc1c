from django.db import migrations

# The history says what was shown: a row is never changed, and leaves only by retention, which the owner does.
GUARD = """
CREATE FUNCTION xq_profile_history_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'profile history is append-only (% refused)', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER profile_history_append_only BEFORE UPDATE OR DELETE ON profiles_profilehistory
    FOR EACH ROW EXECUTE FUNCTION xq_profile_history_guard();
CREATE TRIGGER profile_history_no_truncate BEFORE TRUNCATE ON profiles_profilehistory
    FOR EACH STATEMENT EXECUTE FUNCTION xq_profile_history_guard();
REVOKE UPDATE, DELETE, TRUNCATE ON profiles_profilehistory FROM xq_app, xq_batch;
"""
UNGUARD = """
DROP TRIGGER profile_history_append_only ON profiles_profilehistory;
DROP TRIGGER profile_history_no_truncate ON profiles_profilehistory;
DROP FUNCTION xq_profile_history_guard();
GRANT UPDATE, DELETE ON profiles_profilehistory TO xq_app, xq_batch;
"""


class Migration(migrations.Migration):

    dependencies = [("profiles", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
