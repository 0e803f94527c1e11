-- What: what a lead's outcomes add to the counts of its location. A lead counts once as an outcome, from the moment at which
--   its first one was known, and once as a conversion, from the moment at which its first one was known; both at the
--   location that it had shown last by its first outcome.
-- Grain: a lead and a moment at which it adds to a count: one or two rows for each lead with an outcome.
-- Reads: known_events.
-- Parameters: $touches, $outcomes: the streams of each kind.
CREATE OR REPLACE TABLE new_outcomes AS
WITH firsts AS (
    SELECT lead_id, min(known_at) AS settled_at, min(known_at) FILTER (converted) AS converted_at
    FROM known_events
    WHERE stream IN $outcomes
    GROUP BY lead_id
), shown AS (
    SELECT e.lead_id, arg_max(e.location, {t: e.occurred_at, i: e.event_id, s: e.stream}) AS location
    FROM known_events e JOIN firsts f ON f.lead_id = e.lead_id AND e.known_at <= f.settled_at
    WHERE e.stream IN $touches AND e.location IS NOT NULL
    GROUP BY e.lead_id
), placed AS (
    SELECT * FROM firsts LEFT JOIN shown USING (lead_id)
)
SELECT lead_id, location, settled_at AS known_at, 1 AS outcomes, (converted_at IS NOT DISTINCT FROM settled_at)::INTEGER AS conversions
FROM placed
UNION ALL
SELECT lead_id, location, converted_at, 0, 1 FROM placed WHERE converted_at > settled_at
