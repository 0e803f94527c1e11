-- What: adds the keys that tell copies of one event, for the events of some data files.
-- Grain: an event.
-- Slot, from code alone: `scan` the data files.
INSERT INTO seen SELECT md5_number(stream || chr(31) || event_id) FROM {scan}
