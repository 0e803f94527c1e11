-- What: every online score, to be made anew.
-- Grain: an event.
-- Slot, from code alone: `scan` curated.scores.
CREATE OR REPLACE TEMP TABLE changed_scores AS
SELECT event_id FROM {scan} WHERE mode = 'online'
