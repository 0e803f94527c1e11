-- What: all events of the leads that changed.
-- Grain: an event.
-- Slot, from code alone: `scan` curated.events.
-- Reads: changed_leads.
CREATE OR REPLACE TEMP TABLE changed_events AS
SELECT * FROM {scan} SEMI JOIN changed_leads USING (lead_id)
