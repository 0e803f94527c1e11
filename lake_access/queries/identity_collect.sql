-- What: adds the identities of the chunk's sound lines to `identities`, and takes its pairs of an address and a key into `pairs`.
-- Grain: an identity; a pair.
-- Reads: typed, addresses, crm_keys.
INSERT INTO identities
WITH met AS (
    SELECT DISTINCT email_id, key_id FROM typed WHERE reason IS NULL
), fresh AS (
    (SELECT email_id AS identity_id FROM met UNION SELECT key_id FROM met) EXCEPT SELECT identity_id FROM identities
)
SELECT DISTINCT ON (email_id) email_id, 'email', email FROM addresses JOIN fresh ON email_id = identity_id
UNION ALL
SELECT DISTINCT ON (key_id) key_id, 'lead_key', lead_key FROM crm_keys JOIN fresh ON key_id = identity_id;
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT DISTINCT email_id, key_id FROM typed WHERE reason IS NULL AND email_id IS NOT NULL AND key_id IS NOT NULL
