-- What: the known outcomes of the leads of whom the table has others.
-- Grain: as features.known_outcomes.
-- Reads: new_outcomes, moved_leads.
CREATE OR REPLACE TEMP TABLE moved_outcomes AS
SELECT * FROM new_outcomes SEMI JOIN moved_leads USING (lead_id)
