-- What: which new events the lake holds already from a batch outside of the round, and whose they are: the earlier batch's.
-- Grain: an event, by its chunk and its place there.
-- Slots, from code alone: `near` the events' data files that may hold any, `far` those that may hold one with an id of its own;
--   `places` the new events (chunk, place, stream, event_id, batch_id, has_own_id).
-- Reads: replayed_batches.
CREATE OR REPLACE TEMP TABLE held_events AS
WITH fresh AS (
    {places}
), held AS (
    SELECT n.*, e.batch_id AS holder FROM {near} AS e JOIN fresh AS n USING (stream, event_id)
    UNION ALL
    -- On their own, as DuckDB passes over what lies outside of their streams and ids while it reads.
    SELECT n.*, e.batch_id FROM {far} AS e JOIN fresh AS n USING (stream, event_id) WHERE n.has_own_id
)
SELECT
    chunk, place, stream, event_id, batch_id, holder,
    -- A batch's id begins with the moment it landed.
    batch_id < holder AS is_ours
FROM held
ANTI JOIN (SELECT stream, batch_id AS holder FROM replayed_batches) USING (stream, holder)
