-- What: takes refused lines and copies out of a chunk, so that its new events are left, and remembers their keys.
-- Grain: an event.
-- Reads: typed, copies.
DELETE FROM typed WHERE reason IS NOT NULL OR rowid IN (SELECT place FROM copies);
INSERT INTO seen SELECT event_key FROM typed
