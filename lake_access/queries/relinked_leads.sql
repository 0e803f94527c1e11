-- What: the ids of leads that belong to another one by now.
-- Grain: a lead.
-- Reads: relinked.
CREATE OR REPLACE TEMP TABLE relinked_leads AS SELECT DISTINCT identity_id AS lead_id FROM relinked
