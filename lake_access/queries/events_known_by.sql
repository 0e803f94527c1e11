-- What: the events that were known by a moment, and no other.
-- Grain: an event.
-- Reads: curated.events; the variable `known_by`, which is set before.
CREATE OR REPLACE TEMP VIEW events_by_then AS
SELECT *
FROM curated.events
-- Nothing is known before it happens: with this, months of events that came later are not even read.
WHERE occurred_at <= getvariable('known_by')
    AND CASE WHEN history THEN occurred_at ELSE greatest(occurred_at, ingested_at) END <= getvariable('known_by')
