-- What: the leads that a version has not scored offline, with their features as of their first scoring moments.
-- Grain: a lead.
-- Reads: training_moments, curated.scores, features.lead_features.
-- Slot, from the declarations' checked names: `features` the columns of features.
-- Parameters: $version.
SELECT m.lead_id::VARCHAR AS lead_id, m.as_of, {features}
FROM training_moments m
JOIN features.lead_features f ON f.lead_id = m.lead_id AND f.as_of = m.as_of
ANTI JOIN (SELECT lead_id, scored_at FROM curated.scores WHERE mode = 'offline' AND model_version = $version) s
    ON s.lead_id = m.lead_id AND s.scored_at = m.as_of
ORDER BY m.as_of, m.lead_id
