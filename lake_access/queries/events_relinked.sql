-- What: events whose lead now belongs to another, under their new lead.
-- Grain: an event.
-- Slot, from code alone: `scan` the events' data files that hold any.
-- Reads: links (identity_id, lead_id).
CREATE OR REPLACE TABLE relinked_events AS
SELECT e.* REPLACE (coalesce(l.lead_id, e.lead_id) AS lead_id)
FROM {scan} e LEFT JOIN links l ON l.identity_id = e.lead_id
