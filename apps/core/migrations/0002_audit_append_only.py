from django.db import migrations

# A row may be sealed once and is otherwise never changed, by anybody; only xq_batch may set the seal.
GUARD = """
CREATE FUNCTION xq_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.sequence IS NULL AND NEW.sequence IS NOT NULL
       AND to_jsonb(OLD) - '{sequence,previous_digest,digest}'::text[]
         = to_jsonb(NEW) - '{sequence,previous_digest,digest}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit events are append-only (% refused)', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON core_auditevent
    FOR EACH ROW EXECUTE FUNCTION xq_audit_guard();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON core_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION xq_audit_guard();
REVOKE UPDATE, DELETE, TRUNCATE ON core_auditevent FROM xq_app, xq_batch;
GRANT UPDATE (sequence, previous_digest, digest) ON core_auditevent TO xq_batch;
"""
UNGUARD = """
DROP TRIGGER audit_append_only ON core_auditevent;
DROP TRIGGER audit_no_truncate ON core_auditevent;
DROP FUNCTION xq_audit_guard();
GRANT UPDATE, DELETE ON core_auditevent TO xq_app, xq_batch;
"""


class Migration(migrations.Migration):

    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
