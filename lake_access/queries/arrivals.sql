-- What: touches and sales actions with the first of their lead's moments by which they are known: what is news at that
--   moment. One that is known after the last moment does not appear.
-- Grain: an event.
-- Reads: known_events, moments.
-- Slot, from the declarations' checked names: `fields` further columns of the events.
-- Parameters: $touches, $sales: the streams of each kind.
CREATE OR REPLACE TEMP TABLE arrivals AS
WITH news AS (
    SELECT e.*, m.as_of
    FROM known_events e ASOF JOIN moments m ON e.lead_id = m.lead_id AND e.known_at <= m.as_of
    WHERE e.stream IN $touches OR e.stream IN $sales
)
SELECT
    lead_id, as_of, source, stream, event_type, occurred_at, engagement_points, intent_points, location, device_model, {fields}
    stream IN $touches AS is_touch,
    -- The order of a lead's events: by time, and where two have the same time by their ids.
    row_number() OVER (PARTITION BY lead_id ORDER BY occurred_at, event_id, stream) AS position
FROM news
