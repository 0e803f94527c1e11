-- What: events with the moment from which they are known: what landed later than it happened is known from its landing,
--   unless its batch landed as a known past.
-- Grain: an event.
-- Slots, from code alone: `scan` curated.events; `only` nothing, or a semi-join with the leads that are asked for.
CREATE OR REPLACE TEMP VIEW known_events AS
SELECT *, CASE WHEN history THEN occurred_at ELSE greatest(occurred_at, ingested_at) END AS known_at
FROM {scan} {only}
