-- What: the leads that any of some events' data files speaks of, before or after the change.
-- Grain: a lead.
-- Slots, from code alone: `added`, `removed` the data files that came and went.
CREATE OR REPLACE TEMP TABLE changed_leads AS
SELECT lead_id FROM {added} UNION SELECT lead_id FROM {removed}
