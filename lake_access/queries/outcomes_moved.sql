-- What: the leads whose known outcomes are others than the table has; and those outcomes.
-- Grain: moved_leads, a lead; moved_outcomes, as features.known_outcomes.
-- Slots, from code alone: `scan` features.known_outcomes; `columns` its columns.
-- Reads: changed_leads, new_outcomes.
CREATE OR REPLACE TEMP TABLE moved_leads AS
WITH stored AS (
    SELECT {columns} FROM {scan} SEMI JOIN changed_leads USING (lead_id)
), told AS (
    SELECT {columns} FROM new_outcomes
)
SELECT lead_id FROM ((FROM stored EXCEPT FROM told) UNION ALL (FROM told EXCEPT FROM stored));
CREATE OR REPLACE TABLE moved_outcomes AS
SELECT * FROM new_outcomes SEMI JOIN moved_leads USING (lead_id)
