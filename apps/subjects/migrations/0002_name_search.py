"""Name search: full text over character bigrams (design §4: the embedded server has no pg_trgm)."""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION subjects_bigrams(name_key text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_tsvector(array_agg(DISTINCT gram))
    FROM (
        SELECT substr(name_key, place, width) AS gram
        FROM generate_series(1, greatest(length(name_key), 1)) AS place, (VALUES (1), (2)) AS widths (width)
    ) AS grams
    WHERE gram <> ''
$$;

CREATE FUNCTION subjects_bigram_query(wanted text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT string_agg('''' || replace(replace(gram, '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
    FROM (
        SELECT DISTINCT substr(wanted, place, 2) AS gram
        FROM generate_series(1, greatest(length(wanted) - 1, 1)) AS place
    ) AS grams
$$;

ALTER TABLE subjects_subjectname
    ADD COLUMN search tsvector GENERATED ALWAYS AS (subjects_bigrams(name_key)) STORED;
CREATE INDEX subjectname_search ON subjects_subjectname USING gin (search);
"""
BACKWARD = """
ALTER TABLE subjects_subjectname DROP COLUMN search;
DROP FUNCTION subjects_bigram_query(text);
DROP FUNCTION subjects_bigrams(text);
"""


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
