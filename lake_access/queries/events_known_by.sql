-- What: the events that were known by a moment, and no other.
-- Grain: an event.
-- Reads: curated.events; the variable `known_by`, which is set before.
CREATE OR REPLACE TEMP VIEW events_by_then AS
SELECT *
FROM curated.events
WHERE CASE WHEN history THEN occurred_at ELSE greatest(occurred_at, ingested_at) END <= getvariable('known_by')
