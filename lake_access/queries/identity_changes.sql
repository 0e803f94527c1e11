-- What: identities that are new, or whose lead is another now.
-- Grain: an identity.
-- Slot, from code alone: `scan` curated.identities.
-- Reads: identities, links, relinked.
CREATE OR REPLACE TABLE changed_identities AS
WITH stored AS MATERIALIZED (
    SELECT * FROM {scan}
), met AS (
    SELECT identity_id, kind, identity FROM identities ANTI JOIN stored USING (identity_id)
    UNION ALL
    SELECT s.identity_id, s.kind, s.identity
    FROM stored s JOIN links l USING (identity_id)
    WHERE s.lead_id <> l.lead_id
)
SELECT m.identity_id, m.kind, m.identity, coalesce(l.lead_id, m.identity_id) AS lead_id
FROM met m LEFT JOIN links l USING (identity_id)
