-- What: leads that no event speaks of; leads of events that are no row of curated.leads; leads of events that no identity is of;
--   and leads of identities that no event is of, as a refused line or a copy of an event may have brought them.
-- Grain: one row of four counts.
-- Slot, from code alone: `identities` curated.identities as the events know them.
WITH told AS MATERIALIZED (
    SELECT DISTINCT lead_id FROM curated.events
), known AS (
    SELECT DISTINCT lead_id FROM {identities}
)
SELECT
    (SELECT count(*) FROM curated.leads ANTI JOIN told USING (lead_id)),
    (SELECT count(*) FROM told ANTI JOIN curated.leads USING (lead_id)),
    (SELECT count(*) FROM told ANTI JOIN known USING (lead_id)),
    (SELECT count(*) FROM known ANTI JOIN told USING (lead_id))
