-- What: adds the leads with features as of a moment after the first one from which other outcomes are known than before:
--   their conversion rate of the location is another.
-- Grain: a lead.
-- Slots, from code alone: `features` features.lead_features; `added`, `removed` the data files of features.known_outcomes that
--   came and went; `columns` the latter's columns.
INSERT INTO changed_leads
WITH added AS (
    SELECT {columns} FROM {added}
), removed AS (
    SELECT {columns} FROM {removed}
), differing AS (
    (FROM added EXCEPT FROM removed) UNION ALL (FROM removed EXCEPT FROM added)
)
SELECT DISTINCT lead_id FROM {features} ANTI JOIN changed_leads USING (lead_id)
WHERE as_of > (SELECT min(known_at) FROM differing)
