-- What: adds the keys of the chunk's new events.
-- Grain: an event.
-- Reads: typed, copies.
INSERT INTO seen SELECT event_key FROM typed WHERE reason IS NULL AND rowid NOT IN (SELECT place FROM copies)
