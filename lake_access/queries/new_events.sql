-- What: the new events of some chunks, each under the lead that its identity belongs to by now.
-- Grain: an event.
-- Reads: links (identity_id, lead_id), the identities that belong to another one's lead.
-- Slots, from code alone: `chunks` the chunks' tables, one below the other; from the declarations' checked names: `columns` of
--   curated.events but for lead_id.
CREATE OR REPLACE VIEW new_events AS
SELECT {columns}, coalesce(l.lead_id, e.email_id, e.key_id) AS lead_id
FROM ({chunks}) e LEFT JOIN links l ON l.identity_id = coalesce(e.email_id, e.key_id)
