-- What: takes the events that batches outside of the round own out of a chunk's new ones.
-- Grain: an event.
-- Slot, from code alone: `table` the chunk's new events.
-- Reads: held_events.
-- Parameter: $chunk: the chunk's number.
DELETE FROM {table} WHERE rowid IN (SELECT place FROM held_events WHERE NOT is_ours AND chunk = $chunk)
