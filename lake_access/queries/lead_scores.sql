-- What: the scores that model versions gave one lead, in time, with the features as of then where they are kept.
-- Grain: a score.
-- Slots: none. Reads: curated.scores, features.lead_features. Parameters: $lead_id.
SELECT scores.model_version, scores.score, scores.scored_at, scores.mode, features.* EXCLUDE (lead_id)
FROM curated.scores AS scores
LEFT JOIN (
    SELECT * FROM features.lead_features WHERE lead_id = $lead_id::UUID
) AS features ON features.as_of = scores.scored_at
WHERE scores.lead_id = $lead_id::UUID
ORDER BY scores.scored_at, scores.event_id
