from django.db import migrations

# Access records never change. Of a consent only the withdrawal (once) and the count of uses (upwards) may change:
# the rest is what somebody signed.
GUARD = """
CREATE FUNCTION xq_access_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'access records are append-only (% refused)', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER access_append_only BEFORE UPDATE OR DELETE ON consents_accessrecord
    FOR EACH ROW EXECUTE FUNCTION xq_access_guard();
CREATE TRIGGER access_no_truncate BEFORE TRUNCATE ON consents_accessrecord
    FOR EACH STATEMENT EXECUTE FUNCTION xq_access_guard();
REVOKE UPDATE, DELETE, TRUNCATE ON consents_accessrecord FROM xq_app, xq_batch;

CREATE FUNCTION xq_consent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_name,use_count}'::text[]
         = to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_name,use_count}'::text[]
       AND NEW.use_count >= OLD.use_count
       AND (OLD.withdrawn_at IS NULL OR (NEW.withdrawn_at = OLD.withdrawn_at
                                         AND NEW.withdrawn_by_name = OLD.withdrawn_by_name)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a signed consent does not change (% refused)', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER consent_signed BEFORE UPDATE OR DELETE ON consents_consent
    FOR EACH ROW EXECUTE FUNCTION xq_consent_guard();
CREATE TRIGGER consent_no_truncate BEFORE TRUNCATE ON consents_consent
    FOR EACH STATEMENT EXECUTE FUNCTION xq_consent_guard();
REVOKE DELETE, TRUNCATE ON consents_consent FROM xq_app, xq_batch;
"""
UNGUARD = """
DROP TRIGGER access_append_only ON consents_accessrecord;
DROP TRIGGER access_no_truncate ON consents_accessrecord;
DROP FUNCTION xq_access_guard();
GRANT UPDATE, DELETE ON consents_accessrecord TO xq_app, xq_batch;
DROP TRIGGER consent_signed ON consents_consent;
DROP TRIGGER consent_no_truncate ON consents_consent;
DROP FUNCTION xq_consent_guard();
GRANT DELETE ON consents_consent TO xq_app, xq_batch;
"""


class Migration(migrations.Migration):

    dependencies = [("consents", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
