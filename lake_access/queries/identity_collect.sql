-- What: adds the chunk's identities to `identities`, and takes its pairs of an address and a key into `pairs`.
-- Grain: an identity; a pair.
-- Reads: typed.
INSERT INTO identities
WITH met AS (
    SELECT DISTINCT ON (email_id) email_id AS identity_id, 'email' AS kind, email AS identity FROM typed WHERE email_id IS NOT NULL
    UNION ALL
    SELECT DISTINCT ON (key_id) key_id, 'lead_key', lead_key FROM typed WHERE key_id IS NOT NULL
)
SELECT * FROM met ANTI JOIN identities USING (identity_id);
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT DISTINCT email_id, key_id FROM typed WHERE email_id IS NOT NULL AND key_id IS NOT NULL;
