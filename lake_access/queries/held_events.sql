-- What: which new events the lake holds already from a batch outside of the round, and whose they are: the earlier batch's.
-- Grain: an event, by its chunk and its place there.
-- Slots, from code alone: `scan` the events' data files that may hold any; `places` the new events (chunk, place, stream,
--   event_id, batch_id).
-- Reads: replayed_batches.
CREATE OR REPLACE TEMP TABLE held_events AS
SELECT
    n.chunk, n.place, n.stream, n.event_id, n.batch_id, e.batch_id AS holder,
    -- A batch's id begins with the moment it landed.
    n.batch_id < e.batch_id AS is_ours
FROM {scan} AS e
JOIN ({places}) AS n ON n.stream = e.stream AND n.event_id = e.event_id
ANTI JOIN replayed_batches AS r ON r.stream = e.stream AND r.batch_id = e.batch_id
