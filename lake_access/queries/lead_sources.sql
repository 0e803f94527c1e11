-- What: the first-touch sources that leads have.
-- Grain: a source.
SELECT DISTINCT coalesce(source, 'unknown') AS source FROM curated.leads ORDER BY 1
