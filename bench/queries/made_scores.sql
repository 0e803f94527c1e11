-- What: the scores that models gave the leads of `made_leads`: the first one online, and of every fifth lead another one
--   ten days later, by the next version.
-- Grain: a score.
-- Slots: none. Reads: made_leads. Parameters: none.
CREATE OR REPLACE TABLE made_scores AS
SELECT
    lead_id, model_version, model_score AS score, first_scored_at AS scored_at, 'online' AS mode, 'scores' AS stream,
    lead_id::VARCHAR AS event_id, first_scored_at AS ingested_at, false AS history
FROM made_leads
UNION ALL
SELECT
    lead_id, least(model_version::INTEGER + 1, 4)::VARCHAR, least(100, model_score + 5), first_scored_at + to_days(10),
    'online', 'scores', lead_id::VARCHAR || '+', first_scored_at + to_days(10), false
FROM made_leads
WHERE hash(lead_id) % 5 = 0
