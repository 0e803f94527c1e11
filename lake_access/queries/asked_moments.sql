-- What: the moments that a caller asks for, each once.
-- Grain: a lead and a moment.
-- Reads: asked (lead_id, as_of).
CREATE OR REPLACE TEMP TABLE moments AS
SELECT DISTINCT lead_id::UUID AS lead_id, as_of::TIMESTAMPTZ AS as_of FROM asked
