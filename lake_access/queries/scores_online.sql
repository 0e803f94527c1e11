-- What: the scores that the scoring system gave, as its events tell them.
-- Grain: a score event; an event_id is of its stream.
-- Slot, from code alone: `scan` the events' data files to read.
-- Parameters: $scores: the streams of scores.
CREATE OR REPLACE TABLE new_scores AS
SELECT
    lead_id, model_version, score::INTEGER AS score, occurred_at AS scored_at, 'online' AS mode, stream, event_id, ingested_at,
    history
FROM {scan}
WHERE stream IN $scores
