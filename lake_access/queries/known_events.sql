-- What: events with the moment from which they are known: what landed later than it happened is known from its landing,
--   unless its batch landed as a known past.
-- Grain: an event.
-- Slot, from code alone: `events` curated.events, or some of them.
CREATE OR REPLACE TEMP VIEW known_events AS
SELECT *, CASE WHEN history THEN occurred_at ELSE greatest(occurred_at, ingested_at) END AS known_at
FROM {events}
