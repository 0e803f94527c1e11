-- What: adds the events that batches outside of the round hold and one within it owns, since it landed earlier.
-- Grain: an event.
-- Reads: held_events.
INSERT INTO overtaken SELECT stream, event_id, holder FROM held_events WHERE is_ours
