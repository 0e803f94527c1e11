-- What: takes the events that batches outside of the round own out of the new ones.
-- Grain: an event.
-- Reads: held_events.
DELETE FROM new_events WHERE rowid IN (SELECT place FROM held_events WHERE NOT is_ours)
