-- What: how many new events turned out to be copies of what batches outside of the round own.
-- Grain: a batch of the round.
-- Reads: held_events.
SELECT stream, batch_id, count(*) FROM held_events WHERE NOT is_ours GROUP BY ALL
