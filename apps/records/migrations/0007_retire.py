"""The one door through which recorded facts go when their time is over, and the proof that stays (README, lifecycle)."""

from django.db import migrations

RETIRE = r'''
-- The one door through which recorded facts, returned rows and decided rows go when their time is over: set-based, at
-- most `the_most` rows a call, never without a proof. It takes no period that neither the catalogue nor a rule names.
CREATE FUNCTION records_retire(
    the_kept text, the_item text, the_action text, the_base text, the_months integer, the_kinds jsonb,
    the_business_date date, the_at timestamptz, the_actor text, the_most integer
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    relation text := CASE the_kept
        WHEN 'payment' THEN 'records_paymentrecord' WHEN 'event' THEN 'records_eventrecord'
        WHEN 'holding' THEN 'records_holdingrecord' WHEN 'rejected' THEN 'records_rejectedrow'
        WHEN 'held' THEN 'records_heldrow' END;
    is_fact boolean := the_kept IN ('payment', 'event', 'holding');
    recorded text := '(t.recorded_at AT TIME ZONE ''Asia/Shanghai'')::date';
    base text;
    due text;
    source text;
    change text;
    part regclass;
    proof bigint;
BEGIN
    IF NOT (CASE WHEN is_fact THEN
        EXISTS (SELECT FROM records_catalogueitem WHERE code = the_item AND retention_months = the_months)
        OR EXISTS (SELECT FROM records_retentionrule WHERE item_code = the_item AND months = the_months)
    ELSE
        EXISTS (SELECT FROM reference_policyfigure
                WHERE key = the_kept || '_row_retention_months' AND value = the_months)
    END) THEN
        RAISE EXCEPTION 'no rule keeps % of % for % months', the_kept, the_item, the_months
            USING ERRCODE = 'restrict_violation';
    END IF;
    base := CASE the_base
        WHEN 'period_end' THEN format('COALESCE(t.period_end_on, %s)', recorded)
        WHEN 'ended' THEN format('COALESCE(t.valid_to_on, t.occurred_on, %s)', recorded)
        WHEN 'publicity' THEN format(
            'COALESCE(t.valid_to_on, (t.occurred_on + make_interval(months => COALESCE((SELECT max(k.value::integer)'
            ' FROM jsonb_each_text(%L) k WHERE position(k.key IN t.class_text) > 0), 0)))::date, %s)',
            the_kinds, recorded)
        WHEN 'held_from' THEN format('COALESCE(t.from_on, %s)', recorded)
        WHEN 'superseded' THEN '(t.superseded_at AT TIME ZONE ''Asia/Shanghai'')::date'
        WHEN 'received' THEN '(d.received_at AT TIME ZONE ''Asia/Shanghai'')::date'
        WHEN 'decided' THEN '(t.resolved_at AT TIME ZONE ''Asia/Shanghai'')::date' END;
    due := format('(%s + make_interval(months => %s))::date <= %L', base, the_months, the_business_date);
    IF is_fact THEN
        due := format('t.item_code = %L AND %s', the_item, due)
            -- Lets the planner leave the partitions of later years alone.
            || CASE WHEN the_kept = 'payment' THEN format(' AND t.period_on <= %L', the_business_date) ELSE '' END
            || CASE WHEN the_action = 'close' THEN ' AND t.superseded_at IS NULL' ELSE '' END;
        EXECUTE format('SELECT t.tableoid FROM %I t WHERE %s LIMIT 1', relation, due) INTO part;
        source := format('SELECT t.ctid AS place, %s AS base FROM %s t WHERE %s LIMIT %s', base, part, due, the_most);
    ELSE
        EXECUTE format('SELECT %L::regclass', relation) INTO part;
        source := format(
            'SELECT t.ctid AS place, %s AS base FROM %s t JOIN records_delivery d ON d.id = t.delivery_id'
            ' JOIN records_catalogueitem i ON i.id = d.item_id WHERE i.code = %L AND %s LIMIT %s',
            base, part, the_item, due, the_most);
    END IF;
    IF part IS NULL THEN
        RETURN NULL;
    END IF;
    change := CASE WHEN the_action = 'close' AND is_fact
        THEN format('UPDATE %s t SET superseded_at = %L FROM old WHERE t.ctid = old.place', part, the_at)
        WHEN the_action = 'delete' THEN format('DELETE FROM %s t USING old WHERE t.ctid = old.place', part) END;
    EXECUTE format(
        $sql$
        WITH old AS MATERIALIZED (%s), gone AS (
            %s RETURNING t.id, to_jsonb(t)::text AS line, old.base, t.delivery_id, %s
        ), proof AS (
            INSERT INTO records_deletionproof (
                kept, item_code, action, counts_from, months, business_date, first_on, last_on, first_recorded_at,
                rows, digest, subject_ids, at, actor_name
            )
            SELECT $1, $2, $3, $4, $5, $6, min(base), max(base), min(recorded_at), count(*),
                   encode(sha256(convert_to(string_agg(line, E'\n' ORDER BY id), 'UTF8')), 'hex'),
                   COALESCE(array_agg(DISTINCT subject_id ORDER BY subject_id) FILTER (WHERE subject_id IS NOT NULL),
                            '{}'), $7, $8
            FROM gone HAVING count(*) > 0 RETURNING id
        ), counted AS (
            UPDATE records_delivery d SET %I = %I + each.n
            FROM (SELECT delivery_id, sum(weight) AS n FROM gone GROUP BY 1) each
            WHERE d.id = each.delivery_id AND $3 = 'delete' AND each.n > 0
        )
        SELECT id FROM proof
        $sql$,
        source, change,
        CASE WHEN is_fact THEN 't.subject_id, t.recorded_at, 1 AS weight'
             ELSE 'NULL::bigint AS subject_id, NULL::timestamptz AS recorded_at, '
                  || CASE the_kept WHEN 'held' THEN '(t.state = ''dismissed'')::integer' ELSE '1' END || ' AS weight' END,
        CASE WHEN is_fact THEN 'accepted_removed' ELSE 'rejected_removed' END,
        CASE WHEN is_fact THEN 'accepted_removed' ELSE 'rejected_removed' END
    ) INTO proof
    USING the_kept, the_item, the_action, the_base, the_months, the_business_date, the_at, the_actor;
    IF the_kept = 'held' THEN
        UPDATE records_codefault f SET held_row_id = NULL
        WHERE held_row_id IS NOT NULL AND NOT EXISTS (SELECT FROM records_heldrow h WHERE h.id = f.held_row_id);
    END IF;
    RETURN proof;
END $$;
REVOKE ALL ON FUNCTION records_retire FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_retire TO xq_batch;

-- Nobody deletes a fact but that door, which runs as the owner.
CREATE FUNCTION records_fact_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'xq_owner' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a recorded fact is deleted by records_retire only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER fact_kept BEFORE DELETE ON records_paymentrecord FOR EACH ROW EXECUTE FUNCTION records_fact_kept();
CREATE TRIGGER fact_kept BEFORE DELETE ON records_eventrecord FOR EACH ROW EXECUTE FUNCTION records_fact_kept();
CREATE TRIGGER fact_kept BEFORE DELETE ON records_holdingrecord FOR EACH ROW EXECUTE FUNCTION records_fact_kept();

-- A proof never changes; only workers write one.
CREATE FUNCTION records_proof_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'proofs of deletion are append-only (% refused)', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER proof_append_only BEFORE UPDATE OR DELETE ON records_deletionproof
    FOR EACH ROW EXECUTE FUNCTION records_proof_guard();
CREATE TRIGGER proof_no_truncate BEFORE TRUNCATE ON records_deletionproof
    FOR EACH STATEMENT EXECUTE FUNCTION records_proof_guard();
REVOKE INSERT ON records_deletionproof FROM xq_app;
REVOKE UPDATE, DELETE ON records_deletionproof FROM xq_app, xq_batch;
'''
NO_RETIRE = """
DROP TRIGGER proof_append_only ON records_deletionproof;
DROP TRIGGER proof_no_truncate ON records_deletionproof;
DROP FUNCTION records_proof_guard();
DROP TRIGGER fact_kept ON records_paymentrecord;
DROP TRIGGER fact_kept ON records_eventrecord;
DROP TRIGGER fact_kept ON records_holdingrecord;
DROP FUNCTION records_fact_kept();
DROP FUNCTION records_retire;
GRANT INSERT ON records_deletionproof TO xq_app;
GRANT UPDATE, DELETE ON records_deletionproof TO xq_app, xq_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0006_lifecycle")]

    operations = [migrations.RunSQL(RETIRE, NO_RETIRE)]
