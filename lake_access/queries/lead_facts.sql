-- What: what is known of one lead.
-- Grain: a lead; no row where there is none with this id.
-- Slots: none. Reads: curated.leads. Parameters: $lead_id.
SELECT * FROM curated.leads WHERE lead_id = $lead_id::UUID
