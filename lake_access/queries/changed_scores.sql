-- What: the score events of some data files.
-- Grain: an event.
-- Slot, from code alone: `scan` the events' data files.
-- Parameters: $scores: the streams of scores.
CREATE OR REPLACE TEMP TABLE changed_scores AS
SELECT stream, event_id FROM {scan} WHERE stream IN $scores
