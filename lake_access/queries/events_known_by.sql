-- What: the events that were known by a moment, and no other.
-- Grain: an event.
-- Reads: curated.events.
-- Parameters: $known_by.
CREATE OR REPLACE TEMP TABLE events_by_then AS
SELECT *
FROM curated.events
WHERE CASE WHEN history THEN occurred_at ELSE greatest(occurred_at, ingested_at) END <= $known_by::TIMESTAMPTZ
